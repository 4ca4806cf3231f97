"""What files of the workspace's folder say that nobody has open: read in a thread, bounded, never outside the folder.

A file is read only if a document imports it and workspace_folder.py allows it. Nobody waits for a disk on the event
loop.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.completion.exclusion import excluded
from lsp_experts.completion.symbols import symbols
from lsp_experts.completion.workspace import WorkspaceFile
from lsp_experts.server.project_files import frameworks
from lsp_experts.server.workspace_folder import Stamp, WorkspaceFolder
from lsp_experts.settings import Settings
from lsp_experts.syntax.definitions import Definition
from lsp_experts.syntax.imports import Place, go_module_of, imports
from lsp_experts.syntax.tree import SyntaxTree

MAX_FILES = 24  # that one document's imports lead to
MAX_FOLDER_FILES = 24  # of a package that is a folder
DEPTH = 2  # imports of imports: names are often handed on by a package's first file
_MAX_CACHED = 256
_MAX_DOCUMENTS = 64
_MAX_FOLDER_ENTRIES = 2000


@dataclass(frozen=True)
class _Read:
    """What a file says."""

    stamp: Stamp
    language: str
    definitions: tuple[Definition, ...] = ()
    imports: tuple[tuple[str, ...], ...] = ()


class WorkspaceFiles:
    """The files of one folder (completion/workspace.py). `language_of` gives the language of a file's URI."""

    def __init__(self, folder: Path, language_of: Callable[[str], str]) -> None:
        """`folder` need not exist: then nothing is known. No file is looked at before `learn`."""
        self.frameworks: frozenset[str] = frozenset()  # as the first `learn` saw them
        self._surveyed = False
        self._folder = WorkspaceFolder(folder)  # only the thread that learns asks it for more than names
        self._language_of = language_of
        self._known: OrderedDict[str, tuple[WorkspaceFile, ...]] = OrderedDict()  # by document
        self._read: OrderedDict[str, _Read] = OrderedDict()  # by path; only the thread that learns touches it
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self._folder.path.name

    def path_of(self, uri: str) -> str:
        """The path of a document in the folder, "" outside of it. By name: the disk is not asked."""
        return self._folder.path_of(uri)

    def imported(self, uri: str) -> tuple[WorkspaceFile, ...]:
        """What the document imports, as `learn` saw it last: dependencies before those that need them."""
        return self._known.get(uri, ())

    async def learn(self, uri: str, language: str, text: str, languages: Collection[str], settings: Settings) -> bool:
        """Read what the document imports, and what that imports, in `languages`; whether something is new by it."""
        path = self.path_of(uri)
        if not path:
            return False
        async with self._turn:  # the caches belong to one thread at a time
            if not self._surveyed:
                self._surveyed = True
                self.frameworks = await asyncio.to_thread(frameworks, self._folder, settings)
            found = await asyncio.to_thread(self._find, path, language, text, frozenset(languages), settings)
        new = found != self._known.get(uri, ())
        self._known[uri] = found
        self._known.move_to_end(uri)
        while len(self._known) > _MAX_DOCUMENTS:
            self._known.popitem(last=False)
        return new

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _find(
        self, path: str, language: str, text: str, languages: frozenset[str], settings: Settings
    ) -> tuple[WorkspaceFile, ...]:
        place = Place(path, self._go_module(settings) if language == "go" else "")
        found: dict[str, WorkspaceFile] = {}
        seen = {path}

        def follow(candidates: tuple[tuple[str, ...], ...], depth: int) -> None:
            for at in self._existing(candidates, language, settings):
                if at in seen or len(seen) > MAX_FILES:
                    continue
                seen.add(at)
                read = self._take(at, place.go_module, settings)
                if read is None or read.language not in languages:
                    continue
                if depth > 1:
                    follow(read.imports, depth - 1)
                uri = self._folder.uri(at)
                found[at] = WorkspaceFile(at, uri, read.language, read.definitions)

        follow(imports(SyntaxTree(language, text), place), DEPTH)
        return tuple(found.values())

    def _existing(self, candidates: tuple[tuple[str, ...], ...], language: str, settings: Settings) -> Iterator[str]:
        """The first path of each import that is a file which may be read, or the files of a folder."""
        for paths in candidates:
            for path in paths:
                files = self._package(path, language) if path.endswith("/") else [path]
                allowed = [each for each in files if self._folder.stamp(each, settings) is not None]
                if allowed:
                    yield from allowed
                    break

    def _package(self, folder: str, language: str) -> list[str]:
        found: list[str] = []
        try:
            with os.scandir(self._folder.path / folder) as entries:
                for count, entry in enumerate(entries):
                    if count >= _MAX_FOLDER_ENTRIES:
                        break
                    name = posixpath.normpath(folder + entry.name)
                    if self._language_of(self._folder.uri(name)) == language and "test" not in entry.name:
                        found.append(name)
        except (OSError, ValueError):
            return []
        return sorted(found)[:MAX_FOLDER_FILES]

    def _take(self, path: str, go_module: str, settings: Settings) -> _Read | None:
        """What the file says, from the cache where it did not change; None where it is gone or is not for us."""
        stamp, known = self._folder.stamp(path, settings), self._read.get(path)
        if stamp is None:
            self._read.pop(path, None)
            return None
        if known is None or known.stamp != stamp:
            text = self._folder.text(path)
            uri = self._folder.uri(path)
            if text is None or excluded(uri, text, settings):
                return None
            tree = SyntaxTree(self._language_of(uri), text)
            known = _Read(stamp, tree.language, symbols(tree), imports(tree, Place(path, go_module)))
        self._read[path] = known
        self._read.move_to_end(path)
        while len(self._read) > _MAX_CACHED:
            self._read.popitem(last=False)
        return known

    def _go_module(self, settings: Settings) -> str:
        text = self._folder.text("go.mod") if self._folder.stamp("go.mod", settings) is not None else None
        return go_module_of(text or "")
