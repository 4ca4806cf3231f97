"""A review: reads the text once, then asks again about the words that surprised most."""

from __future__ import annotations

import asyncio
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lsp_experts.actions.review.alternatives import Alternative, alternatives, uses_of
from lsp_experts.actions.review.finding import Finding, Review
from lsp_experts.actions.review.recheck import NARROW, WIDE, Question, Surroundings, deltas, question
from lsp_experts.actions.review.scorer import Reader, Scorer
from lsp_experts.actions.review.surprise import Reading, Suspect, suspects
from lsp_experts.actions.review.windows import Window, pieces, window_at
from lsp_experts.actions.review.words import words
from lsp_experts.completion.document import plain_newlines
from lsp_experts.engine.protocol import ScoreReport, Segment
from lsp_experts.errors import ActionRefused, EngineError
from lsp_experts.syntax.tree import SyntaxTree

_BYTES_PER_TOKEN = 2.0  # before anything is measured: code has 2.5 to 4
_FILLED = 0.8  # of the context: one window may have shorter tokens than the ones before it
_LEAST_ROOM_BYTES = 200
_PIECE_BYTES = 1000  # some 300 tokens, a second or two


@dataclass(frozen=True)
class Limits:
    """How much a review may do."""

    suspects_per_1000_lines: int = 50
    time_s: float = 900.0


class Reviewer:
    """Cancelling the task ends it between two questions, and the one that is being asked."""

    def __init__(
        self,
        scorer: Scorer,
        threshold: Callable[[str], float],
        clock: Callable[[], float],
        limits: Limits = Limits(),
    ) -> None:
        """`threshold`: from how many nats on an expert's findings are shown. `clock` in seconds."""
        self._scorer, self._threshold, self._clock, self._limits = scorer, threshold, clock, limits

    async def review(self, tree: SyntaxTree, start: int, end: int, progress: Callable[[str], None]) -> Review:
        """Of the lines from `start` to `end`. ActionRefused where there is no tree or no expert."""
        if tree.root is None:
            raise ActionRefused("A review needs a syntax tree, and there is none for this text.")
        reader = await self._scorer.reader()
        if reader.template is None:
            raise ActionRefused(f"{reader.expert} cannot fill in, which a review needs.")
        plain = _Plain(tree.text)
        read = tree if plain.text == tree.text else SyntaxTree(tree.language, plain.text)
        run = _Run(self._scorer, read, reader, self._clock, self._limits, progress)
        first, last = plain.lines(start, end)
        candidates = await run.candidates(first, last)
        return Review(
            expert=reader.expert,
            threshold=self._threshold(reader.expert),
            candidates=tuple(map(plain.as_it_was, candidates)),
            lines=run.lines(first, last),
            tokens=run.tokens,
            seconds=self._clock() - run.began_s,
            whole=run.whole,
        )


class _Plain:
    """A text with plain newlines, as models read it, and where it stands in the text with its own."""

    def __init__(self, text: str) -> None:
        self.text = plain_newlines(text)
        self._own = text
        self._shortened = [found.start() - count for count, found in enumerate(re.finditer("\r\n", text))]

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """From the start of the first line of a selection in the own text to the end of the last one, its break too.

        A line of which nothing is selected but its start is not selected.
        """
        start, end = (at - self._own.count("\r\n", 0, at) for at in (start, end))
        first = self.text.rfind("\n", 0, start) + 1
        found = self.text.find("\n", max(start, end - 1))
        return first, len(self.text) if found < 0 else found + 1

    def as_it_was(self, finding: Finding) -> Finding:
        """A finding in the plain text, in the own one."""
        start, end = (at + bisect_left(self._shortened, at) for at in (finding.start, finding.end))
        return replace(finding, start=start, end=end)


class _Run:
    """One review of one text."""

    def __init__(
        self,
        scorer: Scorer,
        tree: SyntaxTree,
        reader: Reader,
        clock: Callable[[], float],
        limits: Limits,
        progress: Callable[[str], None],
    ) -> None:
        self.reader, self.began_s, self.tokens, self.whole = reader, clock(), 0, True
        self._scorer, self._tree, self._clock, self._limits, self._progress = scorer, tree, clock, limits, progress
        self._words = words(tree)
        self._uses = uses_of(self._words)

    async def candidates(self, first: int, last: int) -> tuple[Finding, ...]:
        """Of the suspects between two line starts the alternatives that are likelier, the best first."""
        suspected = await self._read(first, last)
        most = math.ceil(self._limits.suspects_per_1000_lines * self.lines(first, last) / 1000)
        chosen = await self._with_alternatives(suspected, most)
        found = await self._ask(chosen, WIDE)
        likelier = [(each, alternative) for each, alternative, delta in found if delta > 0]
        again = await self._ask([(each, (alternative,)) for each, alternative in likelier], NARROW)
        wide = {id(each): delta for each, _, delta in found}
        return _apart([self._finding(each, best, min(wide[id(each)], delta)) for each, best, delta in again])

    async def _read(self, first: int, last: int) -> list[Suspect]:
        """All of it from left to right."""
        at, found = first, list[Suspect]()
        room_bytes = self.reader.n_ctx * _BYTES_PER_TOKEN * _FILLED
        while at < last and self._has_time():
            window = window_at(self._tree.text, at, last, int(room_bytes))
            readings = await self._read_window(window, self.lines(0, last))
            if readings is None and room_bytes > _LEAST_ROOM_BYTES:
                room_bytes /= 2
                continue
            for reading in readings or ():
                found += suspects(self._words, reading)
                bytes_per_token = len(reading.text.encode("utf-8", "replace")) / max(1, len(reading.score.starts))
                room_bytes = self.reader.n_ctx * bytes_per_token * _FILLED
            at = window.end
        return found

    async def _read_window(self, window: Window, lines: int) -> list[Reading] | None:
        """In pieces, since a keystroke begins a question anew; None if it is too long for the context."""
        readings = []
        for piece in pieces(self._tree.text, window, _PIECE_BYTES):
            self._progress(f"reading line {self.lines(0, piece.scored) + 1} of {lines}")
            above, asked = self._tree.text[piece.start : piece.scored], self._tree.text[piece.scored : piece.end]
            report = await self._scored((Segment("\n" + above),), (asked,))
            if report is None:
                return None
            readings.append(Reading(piece.scored, asked, report.scores[0]))
        return readings

    async def _with_alternatives(
        self, suspected: Sequence[Suspect], most: int
    ) -> list[tuple[Suspect, tuple[Alternative, ...]]]:
        """The most surprising ones in whose place something else could stand, in the order of the text."""
        chosen = list[tuple[Suspect, tuple[Alternative, ...]]]()
        for suspect in sorted(suspected, key=lambda each: -each.surprise):
            if len(chosen) == most:
                break
            others = alternatives(self._tree, suspect.word, self._uses)
            if others and (suspect.word.kind != "name" or self._question(others, NARROW).shows(suspect.word.text)):
                chosen.append((suspect, others))
            await asyncio.sleep(0)
        return sorted(chosen, key=lambda pair: pair[0].word.start)  # neighbours share most of a prompt

    async def _ask(
        self, chosen: Sequence[tuple[Suspect, tuple[Alternative, ...]]], shown: Surroundings
    ) -> list[tuple[Suspect, Alternative, float]]:
        """The likeliest alternative of each, with its delta."""
        found = []
        for number, (suspect, others) in enumerate(chosen, start=1):
            if not self._has_time():
                break
            self._progress(f"asking again about {number} of {len(chosen)} places")
            asked = self._question(others, shown)
            report = await self._scored(asked.prompt, asked.texts)
            if report is not None:
                delta, best = max(zip(deltas(report), others, strict=True), key=lambda pair: pair[0])
                found.append((suspect, best, delta))
        return found

    def _question(self, others: Sequence[Alternative], shown: Surroundings) -> Question:
        return question(self._tree.text, others, self.reader.template, shown, self.reader.n_ctx)

    async def _scored(self, prompt: tuple[Segment, ...], texts: tuple[str, ...]) -> ScoreReport | None:
        """None if it is too long for the context."""
        try:
            report = await self._scorer.score(prompt, texts)
        except EngineError as error:
            if error.code != "bad_request":
                raise
            return None
        self.tokens += report.prompt_tokens + sum(len(score.starts) for score in report.scores)
        return report

    def lines(self, start: int, end: int) -> int:
        """How many lines begin between two offsets; the first is a line's start."""
        text = self._tree.text
        return text.count("\n", start, end) + (end > start and text[end - 1] != "\n")

    def _has_time(self) -> bool:
        self.whole = self.whole and self._clock() - self.began_s < self._limits.time_s
        return self.whole

    def _finding(self, suspect: Suspect, best: Alternative, delta: float) -> Finding:
        actual = self._tree.text[best.start : best.end]
        return Finding(best.start, best.end, actual, best.text, delta, suspect.surprise, best.kind)


def _apart(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The likeliest slips first, without those that overlap a likelier one."""
    kept = list[Finding]()
    for each in sorted(findings, key=lambda finding: -finding.delta):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
    return tuple(kept)
