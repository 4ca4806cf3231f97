"""What a matrix says: what each contestant makes of each language, and whether the expert of a language is the best one
of its size for it. Pure.

Differences below 0 are in favour of a language's own expert. They are paired by line and drawn by file, as those of an
evaluation are (evaluation/figures.py). What "others" cost at a line is the mean over the experts of other languages.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lsp_experts.lab.carving.cut_entrant import BASE
from lsp_experts.lab.evaluation.figures import Figures, Interval, compare, figures
from lsp_experts.lab.evaluation.records import Evaluation, Outcome
from lsp_experts.lab.evaluation.verdict import LEAST_FILES, signed
from lsp_experts.lab.matrix.models import CODE

OWN, OTHERS, ALL = "own", "others", "all languages"
Verdict = Literal["pays", "does not pay", "cannot tell"]


@dataclass(frozen=True)
class Difference:
    """The own expert less the others, the control and the base, in bits for each byte of one language or of all."""

    language: str
    files: int
    lines: int
    others: Interval
    control: Interval
    base: Interval
    control_points: Interval  # lines that greedy decoding gets right, in points of a hundred; above 0 is better
    base_points: Interval
    own_bits_per_byte: float

    @property
    def verdict(self) -> Verdict:
        """Whether the own expert beats the control of its size: all of the interval lies on one side of 0.

        Below LEAST_FILES files one cannot tell.
        """
        if self.files < LEAST_FILES:
            return "cannot tell"
        if self.control.high < 0:
            return "pays"
        return "does not pay" if self.control.low > 0 else "cannot tell"


def matrix(evaluation: Evaluation, languages: Sequence[str]) -> dict[str, dict[str, Figures]]:
    """The figures by contestant and language tested."""
    cells: dict[str, dict[str, Figures]] = {each.name: {} for each in evaluation.contestants}
    for language in languages:
        for cell in figures(evaluation, language):
            cells[cell.contestant.name][language] = cell
    return cells


def differences(evaluation: Evaluation, languages: Sequence[str]) -> tuple[Difference, ...]:
    """Of each language that has lines, then of all of them together."""
    roles = _by_role(evaluation, languages)
    there = [each for each in (*languages, ALL) if any(outcome.language == each for outcome in roles.outcomes)]
    return tuple(_difference(roles, language) for language in there)


def sentence(difference: Difference, tokens: int) -> str:
    """Whether specialisation pays at equal size, in plain words."""
    share = abs(difference.control.value) / difference.own_bits_per_byte if difference.own_bits_per_byte else 0.0
    said = {
        "pays": "pays: an expert cut for the language needs fewer bits than",
        "does not pay": "does not pay: an expert cut for the language needs more bits than",
        "cannot tell": "may pay or not: an expert cut for the language cannot be told from",
    }[difference.verdict]
    return (
        f"At {tokens:,} tokens, for {difference.language}, specialisation {said} one of its size cut for code in"
        f" general ({signed(difference.control, 4)} bits per byte, 95 %, which is {share:.1%} of what it needs;"
        f" {signed(difference.others, 4)} against experts of other languages,"
        f" {signed(difference.base, 4)} against the uncut base; {difference.lines} lines of {difference.files} files)."
    )


def _difference(roles: Evaluation, language: str) -> Difference:
    others, control, base = (compare(roles, language, OWN, against) for against in (OTHERS, CODE, BASE))
    own = next(each for each in figures(roles, language) if each.contestant.name == OWN)
    return Difference(
        language=language,
        files=control.files,
        lines=control.cases,
        others=others.bits_per_byte,
        control=control.bits_per_byte,
        base=base.bits_per_byte,
        control_points=control.exact_points,
        base_points=base.exact_points,
        own_bits_per_byte=own.bits_per_byte.value,
    )


def _by_role(evaluation: Evaluation, languages: Sequence[str]) -> Evaluation:
    """The same lines as answered by own expert, others, control and base; each once more for all languages."""
    answers: dict[tuple[str, str], dict[str, Outcome]] = {}
    for outcome in evaluation.outcomes:
        answers.setdefault((outcome.language, outcome.case), {})[outcome.contestant] = outcome
    outcomes: list[Outcome] = []
    for (language, _), by_name in answers.items():
        foreign = [by_name[other] for other in languages if other != language]
        nats = statistics.fmean(outcome.nll_nats for outcome in foreign)
        by_role = {
            OWN: by_name[language],
            OTHERS: replace(foreign[0], nll_nats=nats),
            CODE: by_name[CODE],
            BASE: by_name[BASE],
        }
        for role, outcome in by_role.items():
            outcomes += [replace(outcome, contestant=role, language=each) for each in (language, ALL)]
    known = {each.name: each for each in evaluation.contestants}
    contestants = tuple(replace(known.get(role, known[languages[0]]), name=role) for role in (OWN, OTHERS, CODE, BASE))
    return replace(evaluation, contestants=contestants, outcomes=tuple(outcomes))
