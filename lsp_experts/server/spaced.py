"""News that come in bursts, told at intervals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from lsp_experts.server.protocol import describe

_LOG = logging.getLogger(__name__)


class Spaced:
    """Runs `act` after it was asked for: at most once per `interval_s`, and always once after the last asking.

    A failure is logged the first time, under the name `what`. `sleep` takes seconds.
    """

    def __init__(
        self,
        act: Callable[[], Awaitable[None]],
        interval_s: float,
        what: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._act, self._interval_s, self._what, self._sleep = act, interval_s, what, sleep
        self._due = self._acting = self._failed = self._closed = False
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Let it run soon."""
        self._due = True
        if not self._closed and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> bool:
        """Run no more; what runs now is awaited. Whether something was still to be done."""
        self._closed, due = True, self._due
        if self._task is not None:
            if not self._acting:
                self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        return due

    async def _run(self) -> None:
        while self._due and not self._closed:
            self._due, self._acting = False, True
            try:
                await self._act()
            except Exception as error:
                if not self._failed:
                    self._failed = True
                    _LOG.warning("%s failed: %s", self._what, describe(error))
            finally:
                self._acting = False
            if not self._closed:
                await self._sleep(self._interval_s)
