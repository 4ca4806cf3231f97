"""What the completer needs of remote experts: which hosts the user named, and a way to an expert's host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_experts.completion.templates import control_texts
from lsp_experts.errors import StoreError
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.named_hosts import named_hosts
from lsp_experts.settings import Settings

if TYPE_CHECKING:
    from lsp_experts.engine.protocol import CompleteReport
    from lsp_experts.engine.remote.engine import RemoteEngine


_PATIENCE_MS = 60_000  # a host may have to load the model first


class Named:
    """The hosts that the user named, read again when their file changed; none where it cannot be read."""

    def __init__(self, file: Path, tell: Callable[[str], None]) -> None:
        """`tell` gets a sentence for the user, once for each bad state of the file."""
        self._file, self._tell = file, tell
        self._stamp: tuple[int, ...] | None = ()
        self._hosts = frozenset[str]()

    def __call__(self) -> frozenset[str]:
        """The hosts as the file says now."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._hosts = named_hosts(self._file)
            except StoreError as error:
                self._hosts = frozenset()
                self._tell(str(error))
        return self._hosts

    def _look(self) -> tuple[int, ...] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def connected(entry: Entry, settings: Callable[[], Settings]) -> RemoteEngine:
    """The engine of a remote expert; nothing is sent before it is asked."""
    from lsp_experts.engine.remote.engine import RemoteEngine

    return RemoteEngine(entry, controls=control_texts(), time_limit_ms=lambda: settings().remote_time_limit_ms)


def first_line(entry: Entry) -> CompleteReport:
    """What a remote expert says behind `def add(a, b):`, for who wants to know whether it is there. EngineError."""
    from lsp_experts.completion.templates import TEMPLATES, segments
    from lsp_experts.engine.protocol import Complete, Stop

    async def ask() -> CompleteReport:
        engine = connected(entry, lambda: Settings(remote_time_limit_ms=_PATIENCE_MS))
        try:
            prompt = segments(TEMPLATES.get(entry.fim), "def add(a, b):\n", "\n", "    return ")
            return await engine.complete(Complete(entry.id, prompt, stop=Stop(max_tokens=16))).result()
        finally:
            await engine.close()

    return asyncio.run(ask())
