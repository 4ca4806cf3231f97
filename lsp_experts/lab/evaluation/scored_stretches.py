"""How surprised a model is by stretches of held-out files: the cheapest measure that tells two models apart.

A stretch is some lines of a file behind a few lines of it, without a suffix: one pass over its tokens gives every line
a cost, where completing each would take a prompt and a generation. Its lines are cases of kind "line" each:
    exact           every token of it is the likeliest one there: greedy decoding behind the true text writes it. A
                    token that ends it and begins the next one counts whole, so this is less than what a user sees
    accepted_chars  of it, before the first token that is not
    nll_nats        of the tokens that begin in it, or in blank lines below it
    decoded_tokens  how many these are
Nothing is generated: similarity, probability and times say nothing.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, zip_longest

from lsp_experts.completion.templates import FimTemplate
from lsp_experts.engine.protocol import Score, Segment, TextScore
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.evaluation.case_outcome import case_id
from lsp_experts.lab.evaluation.evaluate import Way
from lsp_experts.lab.evaluation.records import Outcome
from lsp_experts.lab.replay_cases import Case, SourceFile
from lsp_experts.settings import Settings

STRETCH_CHARS = 800  # some 250 tokens
CONTEXT_CHARS = 250
_LEAST_CHARS = 200
_ROUNDING = 1e-6  # nats: the same logit, by another way of computing

Stretch = tuple[Case, ...]


def stretches(files: Sequence[SourceFile], language: str, limit: int, seed: int) -> tuple[Stretch, ...]:
    """At most `limit` stretches as lines of `language`: one of each file, in a random order, then a second one, and on.

    A smaller `limit` gives the first ones of a larger one.
    """
    rng = random.Random(seed)
    by_file = [list(_of_file(file, language, rng)) for file in rng.sample(files, len(files))]
    in_turn = (stretch for some in zip_longest(*by_file) for stretch in some if stretch)
    return tuple(stretch for _, stretch in zip(range(limit), in_turn, strict=False))


def by_stretch(cases: Sequence[Case]) -> list[Stretch]:
    """Lines that follow each other in one stretch, together."""
    return [tuple(lines) for _, lines in groupby(cases, lambda case: (case.path, case.language, _document(case)))]


class StretchAsker:
    """Has the contestant that is loaded in an engine read stretches."""

    def __init__(
        self, engine: Supervisor, contestant: str, template: FimTemplate | None = None, settings: Settings | None = None
    ) -> None:
        """As an evaluation's Asker; a stretch has no template, and no setting changes it."""
        self._engine, self._contestant = engine, contestant

    async def outcomes(self, cases: Sequence[Case]) -> tuple[Outcome, ...]:
        """Of the lines of one stretch. EngineError."""
        document, start = _document(cases[0]), cases[0].offset
        request = Score(self._contestant, (Segment(document[:start]),), (document[start:],))
        report = await self._engine.score(request).result()
        return tuple(outcome(case, self._contestant, report.scores[0], start) for case in cases)


READING = Way(by_stretch, StretchAsker)


def outcome(case: Case, contestant: str, score: TextScore, start: int) -> Outcome:
    """A line's, out of the score of the stretch that begins at `start` of its document."""
    first = case.offset - start
    last = first + len(case.truth)
    written = first + len(case.truth) - len(case.truth.lstrip())
    end = first + len(case.truth.rstrip())
    ends = [*score.starts[1:], last]
    own = [token for token, begin in enumerate(score.starts) if first <= begin < last]
    wrong = [
        max(written, score.starts[token])
        for token, end_of_token in enumerate(ends)
        if score.starts[token] < end
        and end_of_token > written
        and score.log_probabilities[token] < score.best_log_probabilities[token] - _ROUNDING
    ]
    return Outcome(
        case=case_id(case),
        place=hashlib.sha256(f"{case.language}\0{case.path}".encode()).hexdigest()[:20],
        language=case.language,
        kind=case.kind,
        contestant=contestant,
        exact=not wrong,
        accepted_chars=min(wrong, default=end) - written,
        truth_chars=end - written,
        similarity=0.0,
        nll_nats=-sum(score.log_probabilities[token] for token in own),
        scored_bytes=len(case.truth.encode("utf-8", "replace")),
        first_ms=0.0,
        total_ms=0.0,
        prompt_tokens=0,
        decoded_tokens=len(own),
        probability=0.0,
        line_chars=0,
        line_right=False,
    )


def _of_file(file: SourceFile, language: str, rng: random.Random) -> Iterator[Stretch]:
    """The file in stretches that do not overlap, in a random order; its first line is only shown."""
    cuts: list[int] = []
    for start in (place + 1 for place, letter in enumerate(file.text) if letter == "\n"):
        if not cuts or start - cuts[-1] >= STRETCH_CHARS:
            cuts.append(start)
    ends = [*cuts[1:], len(file.text)]
    pairs = [(start, end) for start, end in zip(cuts, ends, strict=True) if end - start >= _LEAST_CHARS]
    for start, end in rng.sample(pairs, len(pairs)):
        shown = file.text.find("\n", max(0, start - CONTEXT_CHARS - 1), start - 1) + 1
        if file.text[shown:start].strip():
            yield tuple(_lines(file, language, shown, start, end))


def _lines(file: SourceFile, language: str, shown: int, start: int, end: int) -> Iterator[Case]:
    """A case for each line of [start, end) that is not blank, with the blank ones below it."""
    document = file.text[shown:end]
    begins = [start - shown]
    for line in document[start - shown :].splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    filled = [begin for begin, after in pairwise(begins) if document[begin:after].strip()]
    starts = [start - shown, *filled[1:]] if filled else []
    for begin, after in zip(starts, [*starts[1:], len(document)], strict=True):
        yield Case(
            path=file.path,
            document_language=file.language,
            language=language,
            kind="line",
            text=document[:begin] + document[after:],
            offset=begin,
            truth=document[begin:after],
        )


def _document(case: Case) -> str:
    return case.text[: case.offset] + case.truth + case.after
