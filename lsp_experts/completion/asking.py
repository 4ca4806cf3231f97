"""One question to one expert, or to two as an ensemble: request, run, gate, filter."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.document import Cursor, DocumentView
from lsp_experts.completion.filters import filter_text, whole_lines
from lsp_experts.completion.gate import Gates, confident
from lsp_experts.completion.held import Held
from lsp_experts.completion.open_documents import Spot
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.ranking import Ranked, mean_log_probability
from lsp_experts.completion.serving import CompletionEngine, Served
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Choice, Complete, CompleteReport
from lsp_experts.errors import EngineError
from lsp_experts.routing.chain import Candidate
from lsp_experts.routing.regions import Region
from lsp_experts.settings import Settings
from lsp_experts.syntax.scope import Scope, scope_at

_CHOICES_COST = 2  # a step of three choices takes 1.7 times that of one


@dataclass(frozen=True)
class Asked:
    """One request: where, and its number in the session. Offsets count in the session's text."""

    session: Session
    view: DocumentView
    offset: int
    number: int
    settings: Settings
    host: Session  # the document, which is the session itself outside of regions
    host_view: DocumentView
    manual: bool = False
    region: Region | None = None
    priority: int = 0

    @classmethod
    def at(cls, spot: Spot, number: int, settings: Settings, *, manual: bool) -> Asked:
        """The request that has this `number` at `spot`."""
        session, host = spot.session, spot.host
        return cls(session, session.view, spot.offset, number, settings, host, host.view, manual, spot.region)

    @property
    def stale(self) -> bool:
        """The document moved on, or a newer request came."""
        if self.host.view is not self.host_view:
            return True
        return self.session.requests != self.number or self.session.view is not self.view

    @cached_property
    def cursor(self) -> Cursor:
        """The cursor in the session's text."""
        return Cursor(self.view.text, self.offset)

    @cached_property
    def scope(self) -> Scope | None:
        """What the syntax tree says of the cursor's place; None without a tree."""
        return scope_at(self.session.tree, self.offset)


class Asking:
    """Puts questions. `prompts` and `gates` know the experts."""

    def __init__(self, engine: CompletionEngine, prompts: Prompts, gates: Gates) -> None:
        self._engine, self._prompts, self._gates = engine, prompts, gates

    async def ask(
        self,
        asked: Asked,
        served: Served,
        beside: Served | None = None,
        on_call: Callable[[Call[CompleteReport]], None] | None = None,
    ) -> Ranked | Silence:
        """What one expert, or two as an ensemble, have to say. One that is stale is an EngineError("cancelled").

        The call runs as the session's own, which a newer request ends, unless `on_call` takes it. A request whose
        expert had to make room ends as a silence.
        """
        if asked.stale:
            raise EngineError("cancelled", "the document moved on")
        used = (served.held,) if beside is None else (served.held, beside.held)
        least = self._least(asked, served)
        try:
            call = (served.engine or self._engine).complete(self._request(asked, served, beside, least))
            report = await _finish(call, asked.session, used, on_call)
        except EngineError as error:
            taken = next((held.lease.expert for held in used if held.revoked), "")
            if error.code == "cancelled" and taken:
                return Silence("made room", f"{taken}: another expert needed its memory")
            raise
        if beside is None:
            self._prompts.pace.observe(served.held.lease.expert, report)
        return _suggested(asked, report, served, least)

    def _least(self, asked: Asked, served: Served) -> float:
        entry = self._prompts.catalogue.get(served.candidate.expert)
        return self._gates.least(entry, asked.settings, manual=asked.manual)

    def _request(self, asked: Asked, served: Served, beside: Served | None, least: float) -> Complete:
        lease, settings = served.held.lease, asked.settings
        choices = settings.choices if asked.manual and beside is None else 1
        patience = _CHOICES_COST if choices > 1 else 1
        return Complete(
            expert=lease.expert,
            segments=self._prompts.at(asked.session, lease, asked.offset, settings),
            heal=settings.prompt_style == "anchored",
            stop=stop_for(
                asked.cursor,
                self._prompts.template(lease),
                replace(settings, time_limit_ms=patience * settings.time_limit_ms),
                scope=asked.scope,
                language=asked.session.language,
                extra=asked.region.stops if asked.region is not None else (),
                least_probability=least,
            ),
            priority=asked.priority,
            partners=(beside.candidate.expert,) if beside is not None else (),
            choices=choices,
            draft_tokens=settings.draft_tokens if beside is None else 0,
        )


async def _finish(
    call: Call[CompleteReport],
    session: Session,
    used: tuple[Held, ...],
    on_call: Callable[[Call[CompleteReport]], None] | None,
) -> CompleteReport:
    if on_call is not None:
        on_call(call)
    else:
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


def _suggested(asked: Asked, report: CompleteReport, served: Served, least: float) -> Ranked | Silence:
    """The report's texts that are sure enough and pass the filters, the first of them with the others behind it."""
    first = Choice(report.text, report.stop, report.joint_probability, report.line_probabilities)
    choices = (first, *report.others)
    found = [_shown(asked, choice, served, least) for choice in choices]
    if asked.manual and all(isinstance(each, Silence) for each in found):  # the user wants to see what there is
        unchecked = replace(asked, settings=replace(asked.settings, check_syntax=False))
        found = [_shown(unchecked, choice, served, least) for choice in choices]
    shown = {each.text: each for each in reversed(found) if isinstance(each, Suggestion)}  # of equal texts the first
    ordered = [each for each in found if isinstance(each, Suggestion) and shown[each.text] is each]
    if not ordered:
        (why, *_) = [each for each in found if isinstance(each, Silence)]
        return replace(why, prompt_tokens=report.prompt_tokens, decoded_tokens=report.decoded_tokens)
    best, *others = ordered
    suggestion = replace(
        best,
        prompt_tokens=report.prompt_tokens,
        decoded_tokens=report.decoded_tokens,
        first_token_ms=report.first_token_ms,
        total_ms=report.total_ms,
        others=tuple(others),
    )
    return Ranked(suggestion, mean_log_probability(report.joint_probability, len(report.text)))


def _shown(asked: Asked, choice: Choice, served: Served, least: float) -> Suggestion | Silence:
    whole = whole_lines(choice)
    text = confident(whole, choice.line_probabilities, least)
    if whole.strip() and not text.strip():
        return Silence("not sure", f"{choice.joint_probability:.3f} is less than {least:.3f}")
    lines = choice.line_probabilities[: text.count("\n") + 1]
    return filtered(asked, text, served.candidate, math.prod(lines) if lines else choice.joint_probability)


def filtered(asked: Asked, text: str, candidate: Candidate, probability: float) -> Suggestion | Silence:
    """The suggestion that `candidate`'s `text` makes where it was asked, or why it makes none."""
    found = filter_text(
        text, asked.cursor, tree=asked.session.tree, language=asked.session.language, settings=asked.settings
    )
    if found.reason:
        return Silence(found.reason)
    return Suggestion(
        text=found.text,
        replace_right=found.replace_right,
        expert=candidate.expert,
        expert_reason=candidate.reason,
        joint_probability=probability,
        language=asked.session.language,
    )
