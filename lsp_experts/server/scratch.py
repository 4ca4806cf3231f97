"""Texts that are only to be read, as Markdown files of this user (0600) that are gone when the server ends."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from lsp_experts.registry.disk import replace_private

_MOST_FILES = 20
_LEFT_BEHIND_S = 24 * 3600.0  # of a server that was killed
_ODD = re.compile(r"[^a-z0-9]+")


class Scratch:
    """Files below `folder`, which is made when the first is needed."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder, self._now = folder, now
        self._files: deque[Path] = deque()
        self._numbers = count(1)

    def write(self, title: str, text: str, process_id: int) -> Path:
        """A new file; the oldest of many goes. OSError."""
        if not self._files:
            self._sweep()
        name = _ODD.sub("-", title.lower()).strip("-")[:40] or "text"
        path = self._folder / f"{name}-{process_id}-{next(self._numbers)}.md"
        replace_private(path, text)
        self._files.append(path)
        while len(self._files) > _MOST_FILES:
            _remove(self._files.popleft())
        return path

    def close(self) -> None:
        """Take all files away."""
        while self._files:
            _remove(self._files.popleft())

    def _sweep(self) -> None:
        with suppress(OSError):
            for path in self._folder.glob("*.md"):
                if self._now() - path.stat().st_mtime > _LEFT_BEHIND_S:
                    _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
