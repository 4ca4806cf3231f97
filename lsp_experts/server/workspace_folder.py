"""The client's folder on this machine's disk: which of its files may be read, and their text.

A file may be read if no .gitignore names it, its name is not one of those that people keep secrets under, and its real
path is in the folder. Nothing is written. One thread at a time: what git ignores is cached.
"""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from lsp_experts.completion.exclusion import excluded, path_of
from lsp_experts.settings import Settings
from lsp_experts.syntax.gitignore import ignore_rules

MAX_FILE_BYTES = 256 * 1024  # a larger one is generated, or takes too long to parse


@dataclass(frozen=True)
class Stamp:
    """A file as it was when it was read."""

    mtime_ns: int
    size: int


class WorkspaceFolder:
    """Paths are relative to the folder, with `/`. It need not exist: then nothing may be read."""

    def __init__(self, folder: Path) -> None:
        self.path = Path(os.path.realpath(folder))
        self._ignored: dict[str, tuple[Stamp, GitIgnoreSpec]] = {}  # by folder

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
        """Why a file of this name is left alone, "" if it is not: secrets, and what git ignores."""
        real = Path(os.path.realpath(self.path / path))
        if not real.is_relative_to(self.path):
            return "it is outside the folder"
        names = {path, real.relative_to(self.path).as_posix()}  # a link may give a file a harmless name
        if any(excluded(self.uri(name), "", settings) for name in names):
            return "it may hold secrets"
        return "git ignores it" if any(self.is_ignored(name) for name in names) else ""

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

    # -- what git ignores ---------------------------------------------------------------------------------------------

    def is_ignored(self, path: str) -> bool:
        """Whether a .gitignore between the folder and the file names the path; the nearest one decides."""
        parts = path.split("/")
        ignored = False
        for count in range(len(parts)):
            spec = self._spec("/".join(parts[:count]))
            if spec is not None:
                rest = parts[count:]
                for end in range(1, len(rest) + 1):
                    said = spec.check_file("/".join(rest[:end]) + ("/" if end < len(rest) else "")).include
                    ignored = ignored if said is None else said
                    if ignored and end < len(rest):
                        return True  # git never looks into an ignored folder
        return ignored

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        at = posixpath.join(folder, ".gitignore")
        try:
            status = (self.path / at).stat()
        except (OSError, ValueError):
            return None
        stamp, known = Stamp(status.st_mtime_ns, status.st_size), self._ignored.get(folder)
        if known is None or known[0] != stamp:
            text = self.text(at) if stat.S_ISREG(status.st_mode) else None
            known = self._ignored[folder] = (stamp, ignore_rules(text or ""))
        return known[1]
