"""Who takes part in an evaluation: installed experts, and files that are no experts (yet)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lsp_experts.completion.templates import control_texts
from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.protocol import LoadReport
from lsp_experts.errors import UsageError
from lsp_experts.lab.evaluation.records import Contestant
from lsp_experts.lab.open_engine import installed_model
from lsp_experts.pool.model import Model
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.disk import hash_file, open_regular
from lsp_experts.registry.entry import Kind
from lsp_experts.registry.store import Store

CONTEXT_TOKENS = 2048  # as a registry entry that says nothing


@dataclass(frozen=True)
class Entrant:
    """A model that is to be measured, and how the engine opens it.

    `sha256`: of its own file; an adapter's is that of the adapter. `fim`: as in a registry entry.
    `made_of`: the name of the base it was made of, "" if it is one.
    """

    name: str
    kind: Kind
    model: Model
    fim: str
    sha256: str
    made_of: str = ""

    @property
    def file_bytes(self) -> int:
        """What it takes on the disk, an adapter with its base."""
        return self.model.file_bytes + self.model.adapter_bytes

    def contestant(self, report: LoadReport) -> Contestant:
        """What an evaluation says of it, once it was loaded."""
        return Contestant(
            name=self.name,
            sha256=self.sha256,
            kind=self.kind,
            file_bytes=self.file_bytes,
            resident_bytes=report.resident_bytes,
            n_vocab=report.n_vocab,
            made_of=self.made_of,
        )


def installed_entrant(catalogue: Catalogue, store: Store, expert: str) -> Entrant:
    """An installed expert. UnknownExpert, NotInstalled, ModelRejected."""
    entry = catalogue.get(expert)
    return Entrant(
        name=expert,
        kind=entry.kind,
        model=installed_model(catalogue, store, expert),
        fim=entry.fim,
        sha256=store.check(expert).sha256,
        made_of=entry.base or "",
    )


def file_entrant(
    name: str,
    path: Path,
    *,
    base: Path | None = None,
    kind: Kind = "model",
    sha256: str = "",
    made_of: str = "",
    fim: str = "auto",
    n_ctx: int = CONTEXT_TOKENS,
) -> Entrant:
    """A file that no store knows: a model, or with `base` an adapter over that model. Hashed if `sha256` is "".

    UsageError if a file cannot be read.
    """
    model_bytes = _size(path if base is None else base)
    return Entrant(
        name=name,
        kind=kind,
        model=Model(
            path=path if base is None else base,
            file_bytes=model_bytes,
            n_ctx=n_ctx,
            control_texts=control_texts(),
            n_threads=physical_cores(),
            adapter=None if base is None else path,
            adapter_bytes=0 if base is None else _size(path),
        ),
        fim=fim,
        sha256=sha256 or _hash(path),
        made_of=made_of,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from None


def _hash(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return hash_file(file)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be read ({error.strerror or error}).", remedy="Give the path of a GGUF file.")
