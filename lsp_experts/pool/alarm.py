"""One timer: a later time replaces an earlier one, and nothing happens after cancel()."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Alarm:
    """Calls `ring` once after a while; `sleep` waits that many seconds."""

    def __init__(self, ring: Callable[[], None], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._ring, self._sleep = ring, sleep
        self._task: asyncio.Task[None] | None = None

    def set(self, after_s: float) -> None:
        """Ring in `after_s` seconds instead of when it was set before."""
        self.cancel()
        self._task = asyncio.get_running_loop().create_task(self._wait(max(0.0, after_s)))

    def cancel(self) -> None:
        """Do not ring."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _wait(self, after_s: float) -> None:
        await self._sleep(after_s)
        self._task = None  # ringing may set it again
        self._ring()
