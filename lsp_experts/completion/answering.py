"""From a leased expert to a suggestion: ask the engine, filter, combine with a second expert, remember."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.combining import Combining
from lsp_experts.completion.document import Cursor, DocumentView
from lsp_experts.completion.filters import filter_text, whole_lines
from lsp_experts.completion.held import Held, hold
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.ranking import Ranked, mean_log_probability, ranked
from lsp_experts.completion.reuse import Remembered, remember, reuse
from lsp_experts.completion.serving import Served
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.warming import CompletionEngine
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.errors import EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.routing.chain import Candidate
from lsp_experts.settings import Settings


@dataclass(frozen=True)
class Asked:
    """One request: where, and its number in the session."""

    session: Session
    view: DocumentView
    offset: int
    number: int
    settings: Settings

    @property
    def stale(self) -> bool:
        """The document moved on, or a newer request came."""
        return self.session.requests != self.number or self.session.view is not self.view


class Answering:
    """Answers requests under leases. One that is stale before it is sent is an EngineError("cancelled")."""

    def __init__(self, pool: Pool, engine: CompletionEngine, prompts: Prompts, combining: Combining) -> None:
        self._pool, self._engine = pool, engine
        self._prompts, self._combining = prompts, combining

    async def answer(self, asked: Asked, served: Served, candidates: Sequence[Candidate]) -> Suggestion | Silence:
        """The suggestion of the served expert, and of a second one where the settings say so. EngineError.

        A request whose expert had to make room ends as a silence.
        """
        mode, expert = asked.settings.combine, served.candidate.expert
        partner = self._combining.partner(mode, expert, candidates)
        key = self._combining.key(mode, expert, partner)
        if asked.settings.reuse_suggestions and not asked.stale:
            reused = _reused(asked, key)
            if reused is not None:
                return reused
        if partner is None:
            answer = _shown(await self._ask(asked, served))
        elif mode == "ensemble":
            answer = await self._together(asked, served, partner)
        else:
            answer = await self._ranked(asked, served, partner)
        if isinstance(answer, Suggestion):
            _remember(asked, key, answer)
        return answer

    # -- one expert ---------------------------------------------------------------------------------------------------

    async def _ask(self, asked: Asked, served: Served, beside: Served | None = None) -> Ranked | Silence:
        """What one expert, or two as an ensemble, have to say."""
        if asked.stale:
            raise EngineError("cancelled", "the document moved on")
        lease, settings = served.held.lease, asked.settings
        cursor = Cursor(asked.view.text, asked.offset)
        request = Complete(
            expert=lease.expert,
            segments=self._prompts.at(asked.session, lease, asked.offset, settings),
            heal=settings.prompt_style == "anchored",
            stop=stop_for(cursor, self._prompts.template(lease), settings),
            partners=(beside.candidate.expert,) if beside is not None else (),
        )
        used = (served.held,) if beside is None else (served.held, beside.held)
        try:
            report = await self._run(asked.session, used, request)
        except EngineError as error:
            taken = next((held.lease.expert for held in used if held.revoked), "")
            if error.code == "cancelled" and taken:
                return Silence("made room", f"{taken}: another expert needed its memory")
            raise
        if beside is None:
            self._prompts.pace.observe(lease.expert, report)
        return _suggested(report, served.candidate, cursor)

    async def _run(self, session: Session, used: tuple[Held, ...], request: Complete) -> CompleteReport:
        call = self._engine.complete(request)
        session.running = call
        for held in used:
            held.runs(call)
        try:
            return await call.result()
        except asyncio.CancelledError:
            call.cancel(keep_prefill=True)  # the next request will share this prompt's head
            raise
        finally:
            if session.running is call:
                session.running = None

    # -- two experts --------------------------------------------------------------------------------------------------

    async def _together(self, asked: Asked, served: Served, partner: Candidate) -> Suggestion | Silence:
        """An ensemble; the served expert alone, where the two do not share a vocabulary or the partner has gone."""
        beside = hold(self._pool, partner.expert)
        if beside is not None:
            with beside:
                try:
                    found = await self._ask(asked, served, Served(partner, beside))
                except EngineError as error:
                    if error.code not in ("bad_request", "unknown_expert"):
                        raise
                    if "vocabular" in error.message:
                        self._combining.refuse(served.candidate.expert, partner.expert)
                else:
                    if served.held.revoked or not beside.revoked:
                        return _because(_shown(found), f"ensemble with {partner.expert}")
        return _shown(await self._ask(asked, served))

    async def _ranked(self, asked: Asked, served: Served, partner: Candidate) -> Suggestion | Silence:
        """Both are asked, one after the other: there is one compute thread."""
        first = await self._ask(asked, served)
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
                    self._ask(asked, Served(partner, held)), asked.settings.time_limit_ms / 1000
                )
        except TimeoutError:
            return None
        except EngineError as error:
            if error.code == "cancelled":
                raise
            return None


def _suggested(report: CompleteReport, candidate: Candidate, cursor: Cursor) -> Ranked | Silence:
    filtered = filter_text(whole_lines(report), cursor)
    if filtered.reason:
        return Silence(filtered.reason, "", report.prompt_tokens, report.decoded_tokens)
    suggestion = Suggestion(
        text=filtered.text,
        replace_right=filtered.replace_right,
        expert=candidate.expert,
        expert_reason=candidate.reason,
        prompt_tokens=report.prompt_tokens,
        decoded_tokens=report.decoded_tokens,
        first_token_ms=report.first_token_ms,
        total_ms=report.total_ms,
        joint_probability=report.joint_probability,
    )
    return Ranked(suggestion, mean_log_probability(report.joint_probability, len(report.text)))


def _shown(found: Ranked | Silence) -> Suggestion | Silence:
    return found.suggestion if isinstance(found, Ranked) else found


def _because(answer: Suggestion | Silence, why: str) -> Suggestion | Silence:
    if isinstance(answer, Silence):
        return answer
    return replace(answer, expert_reason=f"{answer.expert_reason}, {why}")


def _reused(asked: Asked, key: str) -> Suggestion | None:
    text, offset = asked.view.text, asked.offset
    left = reuse(asked.session.remembered, key, text[:offset], text[offset:])
    if left is None:
        return None
    filtered = filter_text(left.text, Cursor(text, offset))
    if filtered.reason:
        return None
    return Suggestion(
        text=filtered.text,
        replace_right=filtered.replace_right,
        expert=left.expert,
        expert_reason=left.expert_reason,
        joint_probability=left.joint_probability,
        reused=True,
    )


def _remember(asked: Asked, key: str, answer: Suggestion) -> None:
    session, text, offset = asked.session, asked.view.text, asked.offset
    for each in (*reversed(answer.others), answer):  # the best one is found first
        new = Remembered(
            key, text[:offset], text[offset:], each.text, each.joint_probability, each.expert, each.expert_reason
        )
        session.remembered = remember(session.remembered, new)
