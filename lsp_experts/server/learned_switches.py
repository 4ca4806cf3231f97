"""The language switches of the client's workspace, kept from one session to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsp_experts.routing.switches import Switches
from lsp_experts.routing.switches_file import load, save
from lsp_experts.server.spaced import Spaced

SAVE_EVERY_S = 5.0


class LearnedSwitches(Switches):
    """Switches that are saved to `file` soon after one happened, every five seconds at most, and at the end."""

    def __init__(self, file: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__(load(file).counts)
        self._file = file
        self._news = Spaced(self._save, SAVE_EVERY_S, "saving the language switches", sleep)

    def observe(self, language: str) -> bool:
        """See Switches; what was learned is saved soon."""
        learned = super().observe(language)
        if learned:
            self._news.ask()
        return learned

    async def close(self) -> None:
        """Save what is not saved yet."""
        if await self._news.close():
            await self._save()

    async def _save(self) -> None:
        now = Switches(self.counts)  # a copy: the thread must not read what the loop changes
        await asyncio.to_thread(save, self._file, now)
