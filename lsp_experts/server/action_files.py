"""The documents and files that actions may know of (actions/files.py). Disks are asked in a thread."""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.exclusion import excluded, off_limits, path_of
from lsp_experts.errors import ActionRefused
from lsp_experts.server.ports import OpenViews
from lsp_experts.server.workspace_folder import Stamp, WorkspaceFolder, folder_of
from lsp_experts.settings import Settings

MOST_NAMED = 8
_MOST_ENTRIES = 20_000  # of a folder that are looked at for a name
_NEVER_INTO = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv"})


class ActionFiles:
    """`language_of(uri, language id)` gives a language; `folder` is the client's, None without one on this disk."""

    def __init__(
        self,
        documents: OpenViews,
        folder_uri: str,
        folder: Path | None,
        language_of: Callable[[str, str], str],
        settings: Callable[[], Settings],
    ) -> None:
        self._documents, self._folder_uri = documents, folder_uri
        self._folder = WorkspaceFolder(folder) if folder is not None else None
        self._language_of, self._settings = language_of, settings
        self._turn = asyncio.Lock()  # the folder belongs to one thread at a time

    @property
    def folder_uri(self) -> str:
        """See Files."""
        return self._folder_uri

    def open(self) -> Sequence[DocumentView]:
        """See Files; documents that hold secrets are left out."""
        settings = self._settings()
        return tuple(view for view in self._documents.views() if not off_limits(view, settings))

    def language_of(self, uri: str) -> str:
        """See Files."""
        view = self._opened(uri)
        return self._language_of(uri, view.language if view is not None else "")

    async def read(self, uri: str) -> DocumentView:
        """See Files."""
        settings = self._settings()
        view = self._opened(uri)
        if view is not None:
            if why := off_limits(view, settings):
                raise _unreadable(uri, f"it is left alone ({why})")
            return view
        folder, path = self._inside(uri)
        async with self._turn:
            text = await asyncio.to_thread(_read, folder, path, settings)
        return DocumentView(uri, self._language_of(uri, ""), -1, text)

    async def writable(self, uri: str) -> bool:
        """See Files."""
        view = self._opened(uri)
        if not uri.startswith("file:"):
            return view is not None
        if view is not None and self._path(uri) is None:
            return await asyncio.to_thread(_may_be_written, folder_of(uri) or Path())
        folder, path = self._folder, self._path(uri)
        if folder is None or path is None:
            return False
        async with self._turn:
            return await asyncio.to_thread(_writable, folder, path, self._settings())

    async def exists(self, uri: str) -> bool:
        """See Files."""
        if self._opened(uri) is not None:
            return True
        folder, path = self._folder, self._path(uri)
        return folder is not None and path is not None and await asyncio.to_thread(os.path.lexists, folder.path / path)

    async def named(self, name: str) -> tuple[str, ...]:
        """See Files; open documents come first."""
        wanted = posixpath.normpath(name.strip().replace("\\", "/")).lstrip("/").casefold()
        if not wanted or wanted == "." or wanted.startswith(".."):
            return ()
        found = [view.uri for view in self.open() if _means(path_of(view.uri).casefold(), wanted)]
        if self._folder is not None:
            async with self._turn:
                paths = await asyncio.to_thread(_find, self._folder, wanted, self._settings())
            known = {path_of(uri) for uri in found}
            found += [uri for path in paths if path_of(uri := self._folder.uri(path)) not in known]
        return tuple(found[:MOST_NAMED])

    def _opened(self, uri: str) -> DocumentView | None:
        """The open document; clients spell the URI of one file in several ways."""
        views = self._documents.views()
        same = (view for view in views if view.uri == uri)
        path = path_of(uri) if uri.startswith("file:") else None
        alike = (view for view in views if view.uri.startswith("file:") and path_of(view.uri) == path)
        return next(same, None) or next(alike, None)

    def _path(self, uri: str) -> str | None:
        """The path in the folder; None outside of it, and for what no file can be called."""
        path = self._folder.path_of(uri) if self._folder is not None and uri.startswith("file:") else ""
        try:
            return path if path and b"\0" not in os.fsencode(path) else None
        except UnicodeEncodeError:
            return None

    def _inside(self, uri: str) -> tuple[WorkspaceFolder, str]:
        path = self._path(uri)
        if self._folder is None or path is None:
            raise _unreadable(uri, "it is outside the folder")
        return self._folder, path


def _unreadable(uri: str, why: str) -> ActionRefused:
    return ActionRefused(f"{posixpath.basename(path_of(uri)) or uri} was not read: {why}.")


# -- in a thread ------------------------------------------------------------------------------------------------------


def _read(folder: WorkspaceFolder, path: str, settings: Settings) -> str:
    uri = folder.uri(path)
    stamp = folder.look(path, settings)
    if not isinstance(stamp, Stamp):
        raise _unreadable(uri, stamp)
    data = folder.read(path)
    if data is None:
        raise _unreadable(uri, "it is no text, or may not be read")
    try:
        text = data.decode("utf-8-sig")  # editors do not count the mark
    except UnicodeDecodeError:
        raise _unreadable(uri, "it is no UTF-8 text") from None
    if why := excluded(uri, text, settings):
        raise _unreadable(uri, f"it is left alone ({why})")
    return text


def _writable(folder: WorkspaceFolder, path: str, settings: Settings) -> bool:
    at = folder.path / path
    if folder.forbidden(path, settings):
        return False
    if os.path.lexists(at):
        return isinstance(folder.look(path, settings), Stamp) and _may_be_written(at)
    return at.parent.is_dir() and _may_be_written(at.parent)


def _may_be_written(path: Path) -> bool:
    try:
        # The mode says it to root too, whom access() always lets through.
        return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)
    except (OSError, ValueError):  # a name that no file can have
        return False


def _find(folder: WorkspaceFolder, wanted: str, settings: Settings) -> list[str]:
    found: list[str] = []
    for path in _files(folder):
        if _means(path.casefold(), wanted) and folder.stamp(path, settings) is not None:
            found.append(path)
            if len(found) == MOST_NAMED:
                break
    return found


def _files(folder: WorkspaceFolder) -> Iterator[str]:
    """Files below the folder that are not ignored, those near the top first."""
    waiting, seen = [""], 0
    while waiting:
        at = waiting.pop(0)
        try:
            with os.scandir(folder.path / at) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in inside:
            seen += 1
            if seen > _MOST_ENTRIES:
                return
            path = posixpath.join(at, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NEVER_INTO and not folder.ignored_by(f"{path}/x"):
                    waiting.append(path)
            else:
                yield path


def _means(path: str, wanted: str) -> bool:
    return path == wanted or path.endswith(f"/{wanted}")
