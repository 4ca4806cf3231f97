"""Which installed expert is asked in which files of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.registry.catalogue import Catalogue


def files_by_expert(
    folder: Path,
    files: Sequence[SourceFile],
    experts: Sequence[str],
    catalogue: Catalogue,
    first: Callable[[str], str | None],
) -> dict[str, list[SourceFile]]:
    """For each expert the files it is asked in: of `experts` those of their languages, else each file's by `first`.

    `first` gives the expert that answers in a language. UnknownExpert; UsageError where no file of `folder` has one.
    """
    if experts:
        languages = {name: catalogue.get(name).languages for name in experts}
        return {
            name: [file for file in files if "*" in known or file.language in known]
            for name, known in languages.items()
        }
    found: dict[str, list[SourceFile]] = {}
    for file in files:
        expert = first(file.language)
        if expert is not None:
            found.setdefault(expert, []).append(file)
    if not found:
        raise UsageError(
            f"{folder} has no code that an installed expert serves.",
            remedy="`lsp-experts experts --installed` lists them.",
        )
    return found
