"""From a leased expert to a suggestion: what is remembered, else the expert, alone or with a second one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.asking import Asked, Asking, filtered
from lsp_experts.completion.combining import Combining
from lsp_experts.completion.cost import expected_ms
from lsp_experts.completion.debounce import Debounce
from lsp_experts.completion.flights import Flight, Flights
from lsp_experts.completion.held import hold
from lsp_experts.completion.moment import not_now
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.racing import Racing
from lsp_experts.completion.ranking import Ranked, ranked
from lsp_experts.completion.reuse import Remembered, remember, reuse
from lsp_experts.completion.serving import Served
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.errors import EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.routing.chain import Candidate

# So long a block may take before its first lines are shown alone; the others follow as it is typed or accepted.
_PATIENCE_S = 0.5


class Answering:
    """Answers requests under leases. One that is stale before it is sent is an EngineError("cancelled")."""

    def __init__(
        self,
        pool: Pool,
        asking: Asking,
        racing: Racing,
        combining: Combining,
        pace: Pace,
        debounce: Debounce,
        flights: Flights,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool, self._asking, self._racing, self._combining = pool, asking, racing, combining
        self._pace, self._debounce, self._flights, self._sleep = pace, debounce, flights, sleep

    async def answer(
        self, asked: Asked, served: Served | None, candidates: Sequence[Candidate], far: Served | None = None
    ) -> Suggestion | Silence:
        """The suggestion of the served expert, and of a second one where the settings say so. EngineError.

        `far`, a remote expert, is asked beside the served one, and instead of it where there is none. What the user
        types out of an earlier suggestion is answered without a model. Otherwise an automatic request is only answered
        where a suggestion can help, and waits for a pause where asking at once would be wasted.
        """
        mode, partner = asked.settings.combine, None
        if served is not None and far is None:
            partner = self._combining.partner(mode, served.candidate.expert, candidates)
        key = self.key(served, far, partner, mode)
        if not asked.stale and (reused := known_answer(asked, key)) is not None:
            return reused
        if not asked.manual:
            document = asked.host_view.text
            if why := not_now(asked.cursor, settings=asked.settings, deleting=asked.host.deleting, document=document):
                return Silence(why)
        if partner is None and not asked.manual:
            return await self._along(asked, served, far, key)
        self._flights.stop()
        if served is None or partner is None:
            answer = _shown(await self._racing.ask(asked, served, far))
        elif mode == "ensemble":
            answer = await self._together(asked, served, partner)
        else:
            answer = await self._ranked(asked, served, partner)
        if isinstance(answer, Suggestion):
            keep(asked.session, asked, key, answer)
        return answer

    def key(self, served: Served | None, far: Served | None, partner: Candidate | None = None, mode: str = "") -> str:
        """The identity of an answer: that of every expert that may have a part in it."""
        experts = [each.candidate for each in (served, far) if each is not None]
        if far is not None and len(experts) > 1:
            return self._combining.key("beside", experts[0].expert, experts[1])
        return self._combining.key(mode, experts[0].expert, partner)

    # -- one expert, unasked ------------------------------------------------------------------------------------------

    async def _along(self, asked: Asked, served: Served | None, far: Served | None, key: str) -> Suggestion | Silence:
        """What an answer on its way says of what is typed meanwhile; else a new one, from a pause in typing on."""
        flight = self._flights.under_way(key)
        if flight is not None:
            joined = await self._join(flight, asked, key)
            if joined is not None:
                return joined
        self._flights.stop()
        await self._pause(asked, served or far)
        if asked.stale:
            raise EngineError("cancelled", "the document moved on")
        flight = self._flights.start(asked, served.candidate if served is not None else None, key, far=far)
        return await self._join(flight, asked, key) or Silence("superseded", "it says something else")

    async def _join(self, flight: Flight, asked: Asked, key: str) -> Suggestion | Silence | None:
        """Wait for `flight`, or for its first lines where it takes long; None if it turns out to say something else."""
        typed = flight.typed_by(asked)
        if typed is None:
            return None
        while flight.outcome is None:
            if not flight.agrees_with(typed):
                return None
            late_s = self._flights.elapsed_s(flight) - _PATIENCE_S
            lines = flight.whole_lines_after(typed)
            if late_s >= 0 and lines and (first := _first_lines(flight, asked, lines)) is not None:
                return replace(first, total_ms=1000 * self._flights.elapsed_s(flight))
            await flight.news(-late_s if late_s < 0 and lines else None)
        outcome = flight.outcome
        if isinstance(outcome, EngineError):
            raise outcome
        return _shown(outcome) if flight.asked is asked else known_answer(asked, key)

    # -- when ---------------------------------------------------------------------------------------------------------

    async def _pause(self, asked: Asked, by: Served | None) -> None:
        if by is None or asked.settings.debounce == "off":
            return
        cost_ms = expected_ms(self._pace, asked.session, by.candidate.expert, asked.offset, asked.settings)
        before = asked.cursor.before[-1:]
        delay_s = self._debounce.delay_s(
            cost_ms, line_end=not asked.cursor.after.strip(), word_before=before.isalnum() or before == "_"
        )
        if delay_s > 0:
            await self._sleep(delay_s)

    # -- two experts --------------------------------------------------------------------------------------------------

    async def _together(self, asked: Asked, served: Served, partner: Candidate) -> Suggestion | Silence:
        """An ensemble; the served expert alone, where the two do not share a vocabulary or the partner has gone."""
        beside = hold(self._pool, partner.expert)
        if beside is not None:
            with beside:
                try:
                    found = await self._asking.ask(asked, served, Served(partner, beside))
                except EngineError as error:
                    if error.code not in ("bad_request", "unknown_expert"):
                        raise
                    if "vocabular" in error.message:
                        self._combining.refuse(served.candidate.expert, partner.expert)
                else:
                    if served.held.revoked or not beside.revoked:
                        return _because(_shown(found), f"ensemble with {partner.expert}")
        return _shown(await self._asking.ask(asked, served))

    async def _ranked(self, asked: Asked, served: Served, partner: Candidate) -> Suggestion | Silence:
        """Both are asked, one after the other: there is one compute thread."""
        first = await self._asking.ask(asked, served)
        if isinstance(first, Silence) and first.reason == "made room":
            return first
        second = await self._second(asked, partner)
        found = [answer for answer in (first, second) if isinstance(answer, Ranked)]
        if not found:
            return _shown(first)
        return ranked(found, (served.candidate.expert, partner.expert))

    async def _second(self, asked: Asked, partner: Candidate) -> Ranked | Silence | None:
        """The partner's answer; None if it failed, or took over `time_limit_ms`: the first one's is good enough."""
        held = hold(self._pool, partner.expert)
        if held is None:
            return None
        try:
            with held:
                return await asyncio.wait_for(
                    self._asking.ask(asked, Served(partner, held)), asked.settings.time_limit_ms / 1000
                )
        except TimeoutError:
            return None
        except EngineError as error:
            if error.code == "cancelled":
                raise
            return None


def _shown(found: Ranked | Silence) -> Suggestion | Silence:
    return found.suggestion if isinstance(found, Ranked) else found


def _because(answer: Suggestion | Silence, why: str) -> Suggestion | Silence:
    if isinstance(answer, Silence):
        return answer
    return replace(answer, expert_reason=f"{answer.expert_reason}, {why}")


def known_answer(asked: Asked, key: str) -> Suggestion | None:
    """What is left of an earlier suggestion by the files of `key`, filtered again: the text round it may have changed.

    None where there is none, and where several choices are wanted.
    """
    if not asked.settings.reuse_suggestions or (asked.manual and asked.settings.choices > 1):
        return None
    text, offset = asked.view.text, asked.offset
    left = reuse(asked.session.remembered, key, text[:offset], text[offset:])
    if left is None:
        return None
    found = filtered(asked, left.text, Candidate(left.expert, left.expert_reason), left.joint_probability)
    return replace(found, reused=True) if isinstance(found, Suggestion) else None


def _first_lines(flight: Flight, asked: Asked, lines: str) -> Suggestion | None:
    """The `lines` that a flight has brought so far, where they make a suggestion: the engine is sure enough of them."""
    by = flight.candidate or (flight.far.candidate if flight.far is not None else None)
    found = filtered(asked, lines, by, 1.0) if by is not None else None
    return replace(found, reused=flight.asked is not asked) if isinstance(found, Suggestion) else None


def keep(session: Session, asked: Asked, key: str, answer: Suggestion) -> None:
    """Have `session` remember an answer, and the others behind it, for what is typed next."""
    text, offset = asked.view.text, asked.offset
    for each in (*reversed(answer.others), answer):  # the best one is found first
        new = Remembered(
            key, text[:offset], text[offset:], each.text, each.joint_probability, each.expert, each.expert_reason
        )
        session.remembered = remember(session.remembered, new)
