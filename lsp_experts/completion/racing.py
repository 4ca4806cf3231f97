"""A local expert and a remote one asked at once: the remote answer if it is in time, else the local one.

Nobody waits for a remote expert that was late: it is asked on, and waited for again once it answered in time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from lsp_experts.completion.asking import Asked, Asking
from lsp_experts.completion.ranking import Ranked
from lsp_experts.completion.serving import Served
from lsp_experts.completion.silence import Silence
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.errors import EngineError

OnCall = Callable[[Call[CompleteReport]], None]
Answer = Ranked | Silence


class Racing:
    """Asks one expert or both."""

    def __init__(self, asking: Asking, clock: Callable[[], float] = time.monotonic) -> None:
        self._asking, self._clock = asking, clock
        self._in_time: dict[str, bool] = {}  # of each remote expert, whether it was there in time when it last was due
        self._late: asyncio.Task[Answer | None] | None = None  # is not waited for, and shows how long it takes

    async def ask(self, asked: Asked, near: Served | None, far: Served | None, on_call: OnCall | None = None) -> Answer:
        """What the local expert `near` or the remote one `far` says; one of them may be None. EngineError of `near`.

        `on_call` takes the call of the one whose pieces count: the local one's, where there is one.
        """
        if self._late is not None:
            self._late.cancel()
        if near is None:
            if far is None:
                raise EngineError("unknown_expert", "nobody is there to be asked")
            return await self._alone(asked, far, on_call)
        if far is None:
            return await self._asking.ask(asked, near, on_call=on_call)
        return await self._both(asked, near, far, on_call)

    async def close(self) -> None:
        """End what nobody waits for."""
        if self._late is not None:
            self._late.cancel()
            await asyncio.gather(self._late, return_exceptions=True)

    async def _alone(self, asked: Asked, far: Served, on_call: OnCall | None) -> Answer:
        try:
            return await self._asking.ask(asked, far, on_call=on_call)
        except EngineError as error:
            if error.code == "cancelled":
                raise
            return Silence("remote failed", f"{far.candidate.expert}: {error.message}")

    async def _both(self, asked: Asked, near: Served, far: Served, on_call: OnCall | None) -> Answer:
        expert, deadline_s = far.candidate.expert, self._clock() + asked.settings.remote_wait_ms / 1000
        here = asyncio.create_task(self._asking.ask(asked, near, on_call=on_call))
        there = asyncio.create_task(self._remote(asked, far, deadline_s))
        try:
            await asyncio.wait({here, there}, return_when=asyncio.FIRST_COMPLETED)
            if not here.done():
                return there.result() or await here
            found = here.result()
            left_s = deadline_s - self._clock()
            # Where there is nothing to show, waiting for one of whom nothing is known holds up nobody.
            if left_s > 0 and self._in_time.get(expert, isinstance(found, Silence)):
                await asyncio.wait({there}, timeout=left_s)
            if there.done():
                return there.result() or found
            self._in_time[expert] = False
            self._late, there = there, here
            return found
        finally:
            here.cancel()
            there.cancel()

    async def _remote(self, asked: Asked, far: Served, deadline_s: float) -> Answer | None:
        """The remote expert's suggestion; None if it failed or has none: the local one counts."""
        try:
            found = await self._asking.ask(asked, far, on_call=lambda _call: None)
        except EngineError as error:
            if error.code == "remote":
                self._in_time[far.candidate.expert] = False
            return None
        if self._clock() <= deadline_s:
            self._in_time[far.candidate.expert] = True
        return found if isinstance(found, Ranked) else None
