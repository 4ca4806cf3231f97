"""One computation per document: a newer question ends the older one, an equal one shares it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lsp_experts.errors import EngineError, ExpertsError
from lsp_experts.server.ports import DocumentView, Silence, Suggestion
from lsp_experts.server.protocol import describe

_LOG = logging.getLogger(__name__)

Answer = Suggestion | Silence


@dataclass(frozen=True)
class Question:
    """What would continue `view` at the code point `offset`?"""

    view: DocumentView
    offset: int
    manual: bool

    def same_as(self, other: Question) -> bool:
        """May the answer to `other` serve here? One the user asked for serves an automatic one too."""
        return self.view == other.view and self.offset == other.offset and (other.manual or not self.manual)


class _Computation:
    """A running answer and how many wait for it; without a waiter it is cancelled."""

    def __init__(self, question: Question, work: Awaitable[Answer]) -> None:
        self.question = question
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting = 0
        self._task = asyncio.ensure_future(work)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[Answer]) -> None:
        error = None if task.cancelled() else task.exception()
        if self.answer.done():
            return
        if task.cancelled():
            self.answer.set_result(Silence("cancelled"))
        elif error is not None:
            self.answer.set_result(_silence_of(error))
        else:
            self.answer.set_result(task.result())

    def supersede(self) -> None:
        """Answer those who wait at once with nothing, and stop."""
        if not self.answer.done():
            self.answer.set_result(Silence("superseded"))
        self._task.cancel()

    async def wait(self) -> Answer:
        self._waiting += 1
        try:
            return await asyncio.shield(self.answer)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._task.cancel()


def _silence_of(error: BaseException) -> Silence:
    # A completion that fails is an empty one: an error would pop up in the editor at each keystroke.
    if isinstance(error, EngineError):
        return Silence(f"engine: {error.code}")
    if not isinstance(error, ExpertsError):
        _LOG.error("completing failed: %s", describe(error))
    return Silence("error", type(error).__name__)


class Answers:
    """Asks `complete` and keeps at most one computation per document."""

    def __init__(self, complete: Callable[[Question], Awaitable[Answer]]) -> None:
        self._complete = complete
        self._running: dict[str, _Computation] = {}

    async def answer(self, question: Question) -> Answer:
        """The answer; `superseded` as soon as a different question about the document arrives."""
        uri = question.view.uri
        running = self._running.get(uri)
        if running is None or running.answer.done() or not question.same_as(running.question):
            if running is not None:
                running.supersede()
            running = self._running[uri] = _Computation(question, self._complete(question))
        try:
            return await running.wait()
        finally:
            if running.answer.done() and self._running.get(uri) is running:
                del self._running[uri]

    def forget(self, uri: str) -> None:
        """The document is closed."""
        if (running := self._running.pop(uri, None)) is not None:
            running.supersede()
