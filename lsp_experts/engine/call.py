"""One request that is on its way: pieces while it runs, and exactly one end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lsp_experts.engine.protocol import Request, priority_of
from lsp_experts.errors import EngineError

R = TypeVar("R")


class Call(Generic[R]):
    """A request to the engine. Its first end counts: a report, an error of the engine, its death, or `cancel()`."""

    def __init__(self, request_id: int, cancel: Callable[[bool], None] | None = None) -> None:
        """`cancel` tells the engine that nobody waits any more; it gets `keep_prefill`."""
        self.id = request_id
        self._cancel = cancel
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcome: R | EngineError | None = None
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()

    @classmethod
    def failed(cls, error: EngineError) -> Call[R]:
        """A call that ended before it reached an engine; its id is 0."""
        call = cls(0)
        call.end(error)
        return call

    @property
    def ended(self) -> bool:
        """True once `result()` returns or raises without waiting."""
        return self._ended.done()

    @property
    def pieces(self) -> Pieces:
        """The text as it comes, for one reader. It stops at the call's end, whatever that is; ask `result()` which."""
        return Pieces(self._pieces)

    async def result(self) -> R:
        """The report. EngineError as the engine sent it, EngineError("cancelled"), or EngineDied.

        Cancelling the task that waits here leaves the call running.
        """
        await asyncio.shield(self._ended)
        outcome = self._outcome
        if isinstance(outcome, EngineError):
            raise outcome
        return outcome  # type: ignore[return-value]  # `end` is the only way to `_ended`

    def cancel(self, *, keep_prefill: bool = False) -> None:
        """End the call now with EngineError("cancelled"), and tell the engine. After the end it does nothing."""
        if self.end(EngineError("cancelled", "the request was cancelled")) and self._cancel:
            self._cancel(keep_prefill)

    def add_piece(self, text: str) -> None:
        """A piece of text came; after the end it is dropped."""
        if not self.ended:
            self._pieces.put_nowait(text)

    def end(self, outcome: R | EngineError) -> bool:
        """Give the call its end; False if it had one already."""
        if self.ended:
            return False
        self._outcome = outcome
        self._ended.set_result(None)
        self._pieces.put_nowait(None)
        return True


class Pieces:
    """An async iterator over the pieces of one call."""

    def __init__(self, queue: asyncio.Queue[str | None]) -> None:
        self._queue = queue

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> str:
        piece = await self._queue.get()
        if piece is None:
            self._queue.put_nowait(None)  # a second iteration stops at once, too
            raise StopAsyncIteration
        return piece


@dataclass
class OpenRequest:
    """What the client keeps until a request's last event; its call may have ended before (cancelled)."""

    call: Call[Any]
    op: str
    request: Request
    report: Callable[[Mapping[str, Any]], Any]  # the event `done` as the call's report
    on_progress: Callable[[float], None] | None

    @property
    def rank(self) -> tuple[int, int]:
        """The order in which the engine takes waiting requests."""
        return (priority_of(self.request), self.call.id)
