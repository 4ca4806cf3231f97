"""The client's folder on this machine's disk: which of its files may be read, and their text.

A file may be read if no ignore file names it, its name is not one of those that people keep secrets under, and its
real path is in the folder. Nothing is written. One thread at a time: what ignore files say is cached.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pathspec import GitIgnoreSpec

from lsp_experts.completion.exclusion import excluded, path_of
from lsp_experts.settings import Settings
from lsp_experts.syntax.gitignore import ignore_rules

_MOST_ENTRIES = 2000  # of one folder that are looked at for another name of a file
MAX_FILE_BYTES = 256 * 1024  # a larger one is generated, or takes too long to parse
# Git's, and those by which people keep files from tools like this one; all have its syntax.
IGNORE_FILES = (".gitignore", ".cursorignore", ".aiignore", ".aiexclude", ".codeiumignore", ".copilotignore")


def folder_of(uri: str) -> Path | None:
    """The folder or file of a `file:` URI on this machine's disk, None for other URIs."""
    if not uri.startswith("file:"):
        return None
    path = path_of(uri)
    return Path(path.lstrip("/") if os.name == "nt" else path)


@dataclass(frozen=True)
class Stamp:
    """A file as it was when it was read."""

    mtime_ns: int
    size: int


def hard_links(real: Path, top: Path) -> Iterator[Path]:
    """Other names of a file, in its folder and in those above it up to `top`. Those elsewhere are not looked for."""
    try:
        status = real.stat()
        if status.st_nlink < 2 or not stat.S_ISREG(status.st_mode):
            return
        for folder in real.parents:
            with os.scandir(folder) as entries:
                for entry in islice(entries, _MOST_ENTRIES):
                    if entry.inode() == status.st_ino and os.path.samestat(entry.stat(), status):
                        yield folder / entry.name
            if not folder.is_relative_to(top) or folder == top:
                return
    except OSError:
        return


class WorkspaceFolder:
    """Paths are relative to the folder, with `/`. It need not exist: then nothing may be read."""

    def __init__(self, folder: Path) -> None:
        self.path = Path(os.path.realpath(folder))
        self._ignored: dict[str, tuple[Stamp, GitIgnoreSpec]] = {}  # by ignore file

    def path_of(self, uri: str) -> str:
        """The path of a document in the folder, "" outside of it. By name: the disk is not asked."""
        path = posixpath.normpath(path_of(uri))
        if os.name == "nt":
            path = path.lstrip("/")
        root = self.path.as_posix().rstrip("/") + "/"
        return path[len(root) :] if path.startswith(root) else ""

    def uri(self, path: str) -> str:
        """The URI of a path."""
        return (self.path / path).as_uri()

    def stamp(self, path: str, settings: Settings) -> Stamp | None:
        """The state of a file that may be read, None for all others."""
        found = self.look(path, settings)
        return found if isinstance(found, Stamp) else None

    def look(self, path: str, settings: Settings) -> Stamp | str:
        """The state of a file that may be read, else why it may not, in a few words."""
        try:
            real = Path(os.path.realpath(self.path / path))
            status = real.stat()
        except (OSError, ValueError):
            return "it is gone"
        if not real.is_relative_to(self.path):
            return "it is outside the folder"
        if not stat.S_ISREG(status.st_mode):
            return "it is not a file"
        if status.st_size > MAX_FILE_BYTES:
            return "it is too large"
        return self.forbidden(path, settings) or Stamp(status.st_mtime_ns, status.st_size)

    def forbidden(self, path: str, settings: Settings) -> str:
        """Why a file of this name is left alone, "" if it is not: secrets, and what is ignored."""
        real = Path(os.path.realpath(self.path / path))
        if not real.is_relative_to(self.path):
            return "it is outside the folder"
        names = {path, real.relative_to(self.path).as_posix()}  # a link may give a file a harmless name
        links = (link.as_uri() for link in hard_links(real, self.path))
        if any(excluded(uri, "", settings) for uri in (*map(self.uri, names), *links)):
            return "it may hold secrets"
        return next((f"{by} names it" for name in names if (by := self.ignored_by(name))), "")

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where it cannot be read, is too large, or is no text."""
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            with os.fdopen(os.open(os.path.realpath(self.path / path), flags), "rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError):
            return None
        return None if len(data) > MAX_FILE_BYTES or b"\0" in data else data

    def text(self, path: str) -> str | None:
        """The text of a file, bytes that are none replaced; None as `read`."""
        data = self.read(path)
        return data.decode("utf-8", "replace") if data is not None else None

    # -- what is ignored ----------------------------------------------------------------------------------------------

    def ignored_by(self, path: str) -> str:
        """The name of an ignore file that names the path, "" if none does."""
        return next((name for name in IGNORE_FILES if self._is_ignored(path, name)), "")

    def _is_ignored(self, path: str, name: str) -> bool:
        """Whether a file called `name` between the folder and the path names it; the nearest one decides."""
        parts = path.split("/")
        ignored = False
        for count in range(len(parts)):
            spec = self._spec(posixpath.join(*parts[:count], name))
            if spec is not None:
                rest = parts[count:]
                for end in range(1, len(rest) + 1):
                    said = spec.check_file("/".join(rest[:end]) + ("/" if end < len(rest) else "")).include
                    ignored = ignored if said is None else said
                    if ignored and end < len(rest):
                        return True  # git never looks into an ignored folder
        return ignored

    def _spec(self, at: str) -> GitIgnoreSpec | None:
        try:
            status = (self.path / at).stat()
        except (OSError, ValueError):
            return None
        stamp, known = Stamp(status.st_mtime_ns, status.st_size), self._ignored.get(at)
        if known is None or known[0] != stamp:
            text = self.text(at) if stat.S_ISREG(status.st_mode) else None
            known = self._ignored[at] = (stamp, ignore_rules(text or ""))
        return known[1]
