"""Lets an expert speak for an action: waits until it is in memory, gives way to keystrokes, goes on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lsp_experts.actions.choosing import PULL_FIM, PULL_INSTRUCT, able_to_fill, able_to_follow
from lsp_experts.completion.chat import Turn, chat_segments, choose_chat
from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.held import Held, hold
from lsp_experts.completion.routes import Routes
from lsp_experts.completion.templates import FimTemplate, choose, segments
from lsp_experts.engine.protocol import Complete, CompleteReport, LoadReport, Score, ScoreReport, Segment, Stop
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import ActionRefused, EngineDied, EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.routing.chain import Candidate
from lsp_experts.settings import Settings

PRIORITY = 5  # behind keystrokes (0), before warming (10)
_MOST_TRIES = 3  # an expert that had to make room, or whose engine died, is waited for again
_DRAFT_TOKENS = 15  # an edit repeats most of what it edits, which the prompt holds

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Hole:
    """What stands round the text to write: `head` and `suffix` are shown, `tail` is what the answer goes on behind."""

    head: str
    suffix: str
    tail: str = ""


@dataclass(frozen=True)
class Said:
    """What an expert said. `finished`: it ended by itself or by a rule, not for want of tokens, time or context."""

    text: str
    finished: bool
    expert: str
    others: tuple[str, ...] = ()  # other choices, the likeliest first


Spell = Callable[[str, LoadReport], tuple[tuple[Segment, ...], FimTemplate | None] | None]


def _quiet(sentence: str) -> None:
    return None


class Generator:
    """Runs one request of an action at a time; cancelling the task ends the request in the engine, too."""

    def __init__(self, routes: Routes, pool: Pool, engine: Supervisor, settings: Callable[[], Settings]) -> None:
        self._routes, self._pool, self._engine, self._settings = routes, pool, engine, settings

    def can_fill(self, language: str) -> bool:
        """Whether an installed expert may fill holes in this language."""
        return bool(able_to_fill(self._routes.chain(language), self._routes.catalogue))

    def can_follow(self, language: str, *, prose: bool = False) -> bool:
        """Whether an installed expert follows instructions about this language, or answers in `prose`."""
        return bool(able_to_follow(self._routes.chain(language), self._routes.catalogue, prose=prose))

    def expert_for(self, language: str, *, prose: bool = False) -> str:
        """The expert that would follow an instruction about this language; "" if none would."""
        able = able_to_follow(self._routes.chain(language), self._routes.catalogue, prose=prose)
        return able[0].expert if able else ""

    def size_of(self, expert: str) -> int | None:
        """Bytes of an expert's file as the registry knows them; None where it does not say."""
        return self._routes.catalogue.get(expert).size

    async def fill(
        self,
        language: str,
        hole: Hole,
        stop: Stop,
        *,
        choices: int = 1,
        heal: bool = False,
        progress: Progress = _quiet,
    ) -> Said:
        """What belongs into the hole. ActionRefused if no expert can say; a long head or suffix is trimmed."""
        catalogue = self._routes.catalogue
        able = able_to_fill(self._routes.chain(language), catalogue)
        if not able:
            raise ActionRefused(f"No installed expert fills in {language}.", remedy=PULL_FIM)

        def spell(expert: str, report: LoadReport) -> tuple[tuple[Segment, ...], FimTemplate | None] | None:
            template = choose(catalogue.get(expert).fim, report)
            if template is None:
                return None
            head, suffix, tail = (plain_newlines(text) for text in (hole.head, hole.suffix, hole.tail))
            return segments(template, head, suffix, tail), template

        request = Complete("", (), heal=heal, stop=stop, choices=choices)
        return await self._speak(able, spell, request, progress)

    async def follow(
        self,
        language: str,
        turns: Sequence[Turn],
        stop: Stop,
        *,
        answer: str = "",
        prose: bool = False,
        progress: Progress = _quiet,
    ) -> Said:
        """What an expert answers; `answer` is how its answer begins, and is not repeated. `prose`: it is for people.

        ActionRefused if none follows instructions, or the turns are too long for its context.
        """
        catalogue = self._routes.catalogue
        able = able_to_follow(self._routes.chain(language), catalogue, prose=prose)
        if not able:
            raise ActionRefused("No installed expert follows instructions well enough.", remedy=PULL_INSTRUCT)

        def spell(expert: str, report: LoadReport) -> tuple[tuple[Segment, ...], FimTemplate | None] | None:
            template = choose_chat(catalogue.chat_of(expert), report.controls)
            if template is None:
                return None
            plain = [Turn(turn.role, plain_newlines(turn.text)) for turn in turns]
            return chat_segments(template, plain, answer), None

        request = Complete("", (), heal=False, stop=stop, whole=True, draft_tokens=_DRAFT_TOKENS)
        return await self._speak(able, spell, request, progress)

    async def score(self, language: str, spell: Spell, texts: tuple[str, ...]) -> tuple[ScoreReport, str]:
        """How likely `texts` are behind the prompt that `spell` gives, and the expert that says so.

        A keystroke goes before it, and it is asked again then. ActionRefused as `fill`; EngineError("bad_request") if
        it is too long for the context.
        """
        able = able_to_fill(self._routes.chain(language), self._routes.catalogue)
        if not able:
            raise ActionRefused(f"No installed expert fills in {language}.", remedy=PULL_FIM)
        while True:
            held, candidate, (prompt, _) = await self._served(able, spell)
            with held:
                call = self._engine.score(Score(candidate.expert, prompt, texts))
                held.runs(call)
                try:
                    return await call.result(), candidate.expert
                except asyncio.CancelledError:
                    call.cancel()
                    raise
                except EngineError as error:
                    if error.code != "cancelled":
                        raise
            if held.revoked:
                await self._pool.settled()

    # -- one request --------------------------------------------------------------------------------------------------

    async def _speak(self, able: Sequence[Candidate], spell: Spell, request: Complete, progress: Progress) -> Said:
        said = ""
        for attempt in range(1, _MOST_TRIES + 1):
            progress("the expert is being made ready")
            held, candidate, (prompt, template) = await self._served(able, spell)
            settings = self._settings()
            stop = replace(
                request.stop,
                max_tokens=min(request.stop.max_tokens, settings.action_max_tokens),
                time_ms=request.stop.time_ms or settings.action_time_limit_ms,
                texts=(*request.stop.texts, *(template.stops if template else ())),
            )
            full = replace(request, expert=candidate.expert, segments=prompt, stop=stop, priority=PRIORITY)
            progress(f"{candidate.expert} is writing")
            with held:
                try:
                    return await self._to_its_end(held, replace(full, gives_way=True), said, progress)
                except EngineDied:
                    if attempt == _MOST_TRIES:
                        raise
                except EngineError as error:
                    if error.code == "bad_request":
                        raise ActionRefused(
                            f"It is too long for {candidate.expert}: {error.message}.", remedy="Select less."
                        ) from error
                    if error.code != "cancelled" or not held.revoked or attempt == _MOST_TRIES:
                        raise
            await self._pool.settled()  # whoever needed the room comes in first
        raise AssertionError("the last try returns or raises")

    async def _to_its_end(self, held: Held, request: Complete, said: str, progress: Progress) -> Said:
        """Ask until it has ended, going on behind what was said each time it gave way."""
        expert, tokens_left = request.expert, request.stop.max_tokens
        others: tuple[str, ...] = ()
        while True:
            stop = replace(
                request.stop, max_tokens=tokens_left, max_lines=max(1, request.stop.max_lines - said.count("\n"))
            )
            prompt = _behind(request, said) if said else request.segments
            again = replace(request, segments=prompt, stop=stop, heal=request.heal or bool(said))
            report = await self._run(held, replace(again, choices=1) if said else again, said, progress)
            others = tuple(choice.text for choice in report.others) if not said else ()
            if report.stop != "gave way":
                finished = report.stop not in ("tokens", "time", "context")
                return Said(said + report.text, finished, expert, others)
            tokens_left = max(1, tokens_left - report.decoded_tokens)
            # Back to a whole line: what ends an answer often begins with a line break.
            said += report.text.rpartition("\n")[0] if "\n" in report.text else report.text

    async def _run(self, held: Held, request: Complete, said: str, progress: Progress) -> CompleteReport:
        call = self._engine.complete(request)
        held.runs(call)
        try:
            async for piece in call.pieces:
                said += piece
                lines = said.count("\n") + 1
                progress(f"{request.expert} has written {lines} line{'s' if lines > 1 else ''}")
            return await call.result()
        except asyncio.CancelledError:
            call.cancel()
            raise

    async def _served(
        self, able: Sequence[Candidate], spell: Spell
    ) -> tuple[Held, Candidate, tuple[tuple[Segment, ...], FimTemplate | None]]:
        """The first able expert that comes into memory, in use, and its prompt. ActionRefused if none does."""
        why = ""
        for candidate in able:
            self._pool.preload(candidate.expert, "an action that the user chose")
            if await self._pool.ready(candidate.expert) and (held := hold(self._pool, candidate.expert)) is not None:
                prompt = spell(candidate.expert, held.lease.report)
                if prompt is not None:
                    return held, candidate, prompt
                with held:
                    why = why or f"{candidate.expert} does not know the control texts of its format"
            else:
                why = why or f"{candidate.expert}: {self._pool.why_not(candidate.expert)}"
        raise ActionRefused(
            f"No expert could be made ready ({why}).", remedy="`lsp-experts top` shows who is in memory."
        )


def _behind(request: Complete, said: str) -> tuple[Segment, ...]:
    """The prompt that goes on behind what was said: cut into tokens as it was, so that little is decoded again."""
    *before, last = request.segments
    if request.heal and not last.control:  # then its last token was spelled again
        return (*before, Segment(last.text + said))
    return (*request.segments, Segment(said))
