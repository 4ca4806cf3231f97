"""Answers on their way outlive the request that asked for them.

While the user types what an answer says, the next request waits for the same one: who types faster than the model
writes would otherwise never see anything. Copilot's client keeps such requests too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.asking import Asked
from lsp_experts.completion.held import hold
from lsp_experts.completion.racing import Racing
from lsp_experts.completion.ranking import Ranked
from lsp_experts.completion.reuse import typed_since
from lsp_experts.completion.serving import Served
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.errors import EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.routing.chain import Candidate

Outcome = Ranked | Silence | EngineError


class Flight:
    """One answer on its way: what was asked, and what the model said so far. `key` names the files that make it.

    `candidate` is the local expert, None where only the remote one `far` is asked.
    """

    def __init__(
        self,
        asked: Asked,
        session: Session,
        candidate: Candidate | None,
        key: str,
        started_s: float,
        far: Served | None,
    ) -> None:
        self.asked, self.session, self.candidate, self.key, self.far = asked, session, candidate, key, far
        self.started_s = started_s
        self.text = ""  # provisional: a stop rule or a filter may still take of it
        self.outcome: Outcome | None = None
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    def typed_by(self, asked: Asked) -> str | None:
        """What the user has typed since; None if `asked` is elsewhere, or its document changed otherwise."""
        if asked.session is not self.session:
            return None
        then, now = self.asked, asked
        return typed_since(
            now.view.text[: now.offset],
            now.view.text[now.offset :],
            then.view.text[: then.offset],
            then.view.text[then.offset :],
        )

    def agrees_with(self, typed: str) -> bool:
        """Whether what was `typed` since goes along with what is said here: as far as either of them goes.

        As long as nothing is said, nobody disagrees: giving up now would only decode the same prompt again, and who
        types faster than that would never get an answer.
        """
        return self.text.startswith(typed) or typed.startswith(self.text)

    def whole_lines_after(self, typed: str) -> str:
        """What is left behind `typed` of the lines that are complete already; "" if nothing is."""
        end = self.text.rfind("\n")
        whole = self.text[:end] if end > 0 else ""
        return whole[len(typed) :] if whole.startswith(typed) and whole.strip() else ""

    def runs(self, call: Call[CompleteReport]) -> None:
        """The engine works on it."""
        self._reader = asyncio.get_running_loop().create_task(self._read(call))

    def land(self, outcome: Outcome) -> None:
        """It is there."""
        self.outcome = outcome
        if self._reader is not None:
            self._reader.cancel()
        self._news.set()

    async def news(self, timeout_s: float | None) -> None:
        """Wait until there is more of it, at most `timeout_s` (None: however long)."""
        self._news.clear()
        if self.outcome is not None:
            return
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return

    async def _read(self, call: Call[CompleteReport]) -> None:
        async for piece in call.pieces:
            self.text += piece
            self._news.set()


class Flights:
    """One flight at a time, over all documents: there is one compute thread.

    `land` is called with a flight and the suggestion it brought, before those who wait for it go on.
    """

    def __init__(
        self,
        pool: Pool,
        racing: Racing,
        land: Callable[[Flight, Suggestion], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool, self._racing, self._land, self._clock = pool, racing, land, clock
        self._flight: Flight | None = None
        self._task: asyncio.Task[None] | None = None

    def start(
        self,
        asked: Asked,
        candidate: Candidate | None,
        key: str,
        *,
        far: Served | None = None,
        session: Session | None = None,
    ) -> Flight:
        """Ask; what was on its way ends. `session`: who remembers the answer, if it is not the one that asks."""
        self.stop()
        flight = self._flight = Flight(asked, session or asked.session, candidate, key, self._clock(), far)
        self._task = asyncio.get_running_loop().create_task(self._fly(flight))
        return flight

    def under_way(self, key: str) -> Flight | None:
        """The flight that the files of `key` make, if there is one on its way."""
        flight = self._flight
        return flight if flight is not None and flight.outcome is None and flight.key == key else None

    def elapsed_s(self, flight: Flight) -> float:
        """Seconds since it started."""
        return self._clock() - flight.started_s

    def busy_in(self, session: Session) -> bool:
        """Whether an answer for `session` is on its way."""
        return self._flight is not None and self._flight.session is session and self._flight.outcome is None

    @property
    def asked_for(self) -> bool:
        """Whether an answer that somebody asked for is on its way, wherever."""
        return self._flight is not None and not self._flight.asked.priority and self._flight.outcome is None

    def stop(self) -> None:
        """Give the engine back."""
        if self._task is not None:
            self._task.cancel()
        self._flight = self._task = None

    async def close(self) -> None:
        """End what runs."""
        task = self._task
        self.stop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    async def _fly(self, flight: Flight) -> None:
        candidate = flight.candidate
        outcome: Outcome = EngineError("cancelled", "another answer is needed now")
        try:
            if candidate is None:
                outcome = await self._racing.ask(flight.asked, None, flight.far, flight.runs)
            elif (held := hold(self._pool, candidate.expert)) is None:
                outcome = Silence("made room", f"{candidate.expert}: another expert needed its memory")
            else:
                with held:
                    outcome = await self._racing.ask(flight.asked, Served(candidate, held), flight.far, flight.runs)
            if isinstance(outcome, Ranked):
                self._land(flight, outcome.suggestion)
        except EngineError as error:
            outcome = error
        finally:
            flight.land(outcome)
