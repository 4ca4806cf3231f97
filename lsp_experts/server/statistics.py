"""Keeps what became of suggestions in the statistics of today, in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import groupby
from pathlib import Path

from lsp_experts.server.spaced import Spaced
from lsp_experts.server.statistics_file import Record, append, prune

WRITE_EVERY_S = 5.0
_MOST_WAITING = 1000  # a disk that hangs must not fill the memory


class Statistics:
    """Writes what is added to `folder` every five seconds at most, and at the end. Failures are logged once."""

    def __init__(self, folder: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._folder = folder
        self._waiting: list[tuple[str, Record]] = []
        self._pruned = False
        self._news = Spaced(self._write, WRITE_EVERY_S, "writing the statistics", sleep)

    def add(self, day: str, record: Record) -> None:
        """Keep a record of a day (YYYY-MM-DD)."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append((day, record))
            self._news.ask()

    async def close(self) -> None:
        """Write what is not written yet."""
        await self._news.close()
        if self._waiting:
            await self._write()

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        await asyncio.to_thread(self._write_all, waiting)

    def _write_all(self, waiting: list[tuple[str, Record]]) -> None:
        if not self._pruned:
            self._pruned = True
            prune(self._folder)
        for day, group in groupby(sorted(waiting, key=_day), key=_day):
            append(self._folder, day, [record for _, record in group])


def _day(dated: tuple[str, Record]) -> str:
    return dated[0]
