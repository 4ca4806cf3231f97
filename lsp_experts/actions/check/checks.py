"""Checks of the client's folder: the configured command, run by hand, and one repair round of what it finds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from lsp_experts.actions.check.checking import Verdict, carried_out
from lsp_experts.actions.check.configured import Check, configured, how_to_set
from lsp_experts.actions.check.repair import repaired
from lsp_experts.actions.files import Files
from lsp_experts.actions.generator import Generator
from lsp_experts.actions.outcome import Edited
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.exclusion import path_of
from lsp_experts.errors import ActionRefused
from lsp_experts.paths import Paths

Progress = Callable[[str], None]
Views = Mapping[str, DocumentView]  # by path in the checked folder


class Checks:
    """One server's checks. What is run comes from `paths` alone (configured.py)."""

    def __init__(self, paths: Paths, files: Files, generator: Generator) -> None:
        self._paths, self._files, self._generator = paths, files, generator

    async def check(self) -> Check:
        """The command for the client's folder. ActionRefused that says how to set one."""
        uri = self._files.folder_uri
        if not uri.startswith("file:"):
            raise ActionRefused("There is nothing to check: the editor works in no folder.")
        folder = Path(path_of(uri))
        found = await asyncio.to_thread(configured, self._paths, folder)
        if found is None:
            raise ActionRefused(f"No command checks {folder}.", remedy=how_to_set(folder))
        return found

    async def views(self, check: Check, touched: Iterable[str] = ()) -> Views:
        """The open documents in the checked folder as they are now, and those of the files `touched` (URIs)."""
        views = {view.uri: view for view in self._files.open()}
        for uri in touched:
            if uri not in views:
                with suppress(ActionRefused):  # gone, or not for us
                    views[uri] = await self._files.read(uri)
        return await asyncio.to_thread(_by_path, views.values(), check.folder)

    async def run(self, check: Check, views: Views, progress: Progress) -> Verdict:
        """Run the command on a copy of the folder with these documents in it. ActionRefused."""
        progress(f"running {' '.join(check.command)}")
        return await carried_out(check, {path: view.text for path, view in views.items()})

    async def repair(self, verdict: Verdict, views: Views, progress: Progress) -> Edited:
        """What experts make of the errors, and whether it passes then. ActionRefused."""
        before = {path: view.text for path, view in views.items()}

        async def recheck(texts: Mapping[str, str]) -> Verdict:
            return await carried_out(verdict.check, {**before, **texts})

        return await repaired(verdict, views, self._files.language_of, self._generator, recheck, progress)


def _by_path(views: Iterable[DocumentView], folder: Path) -> dict[str, DocumentView]:
    found = {}
    for view in views:
        if not view.uri.startswith("file:") or "#" in view.uri:
            continue
        try:
            real = Path(os.path.realpath(path_of(view.uri)))
        except ValueError:  # a NUL: no file is called that
            continue
        if real.is_relative_to(folder) and real != folder:
            found[real.relative_to(folder).as_posix()] = view
    return found
