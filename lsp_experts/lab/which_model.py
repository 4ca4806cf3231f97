"""An expert id or a GGUF path on a command line, as a file."""

from __future__ import annotations

from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store


def which_model(name: str, paths: Paths) -> tuple[Path, str]:
    """(file, FIM template name or "auto") of an installed expert, or of a path that ends in .gguf.

    UsageError for a path that is no file and for an adapter; UnknownExpert, NotInstalled or ModelRejected for an id.
    """
    if name.endswith(".gguf"):
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"{path} is not a file.", remedy="Give an expert id or the path of a GGUF.")
        return path, "auto"
    entry = load_catalogue(paths).get(name)
    if entry.kind == "adapter":
        raise UsageError(f"{name} is an adapter over {entry.base}, not a model.", remedy="Give a model.")
    return Store(paths.store).check(name).path, entry.fim
