"""The last lines that the engine wrote to its stderr: what a message about its death shows."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from io import FileIO
from pathlib import Path
from typing import Protocol

from lsp_experts.registry.disk import make_private

TAIL_LINES = 20
TAIL_BYTES = 16 * 1024
LOG_BYTES = 5 * 1024 * 1024  # then the log starts again, one older file is kept


class _Readable(Protocol):
    async def read(self, n: int = -1) -> bytes: ...


class StderrTail:
    """Keeps the last TAIL_LINES lines, at most TAIL_BYTES of them; everything goes to `log` if one is given."""

    def __init__(self, log: Path | None = None) -> None:
        self._lines: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._open_line = b""
        self._log = _open_log(log) if log else None

    def text(self) -> str:
        """The tail as text, oldest line first."""
        lines = [*self._lines, *([self._open_line] if self._open_line.strip() else [])][-TAIL_LINES:]
        joined = b"\n".join(lines)[-TAIL_BYTES:]
        return joined.decode("utf-8", "replace").strip()

    def add(self, chunk: bytes) -> None:
        """Bytes came from the engine's stderr."""
        if self._log:
            try:
                self._log.write(chunk)
            except OSError:  # a full disk must not end the engine
                self.close()
        *whole, rest = (self._open_line + chunk).split(b"\n")
        self._lines.extend(line[-TAIL_BYTES:] for line in whole)
        self._open_line = rest[-TAIL_BYTES:]

    async def drain(self, stream: _Readable) -> None:
        """Read `stream` to its end, so that the engine never blocks on a full pipe."""
        while chunk := await stream.read(64 * 1024):
            self.add(chunk)

    def close(self) -> None:
        """Close the log; the tail stays readable."""
        log, self._log = self._log, None
        if log:
            with contextlib.suppress(OSError):
                log.close()


def _open_log(path: Path) -> FileIO | None:
    try:
        make_private(path.parent)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return None
    return FileIO(descriptor, "wb")
