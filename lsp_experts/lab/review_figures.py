"""What a review found of known slips, and what it found in code without any, at a threshold. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_experts.actions.review.finding import Finding, Review


@dataclass(frozen=True)
class Clean:
    """A stretch as its writer left it. Whatever is found in it counts as a false alarm."""

    language: str
    review: Review


@dataclass(frozen=True)
class Slip:
    """A stretch with one slip. `hit`: the greatest delta of a finding at the slip, `repaired`: of one that undoes it.

    `others`: the deltas of what else was found. -inf: there is none.
    """

    kind: str
    language: str
    hit: float
    repaired: float
    others: tuple[float, ...]
    tokens: int
    seconds: float
    lines: int


def slip(
    review: Review, kind: str, language: str, at: Callable[[Finding], bool], repairs: Callable[[Finding], bool]
) -> Slip:
    """What a review found, of which `at` is told whether it is at the slip and `repairs` whether it would undo it."""
    hits = [each for each in review.candidates if at(each)]
    return Slip(
        kind,
        language,
        hit=max((each.delta for each in hits), default=-math.inf),
        repaired=max((each.delta for each in hits if repairs(each)), default=-math.inf),
        others=tuple(each.delta for each in review.candidates if each not in hits),
        tokens=review.tokens,
        seconds=review.seconds,
        lines=review.lines,
    )


def least_for(deltas: Iterable[float], lines: int, per_1000_lines: float) -> float:
    """The least threshold with at most that many of `deltas` in 1,000 of these `lines`.

    It is that of the last one allowed; above them all where the lines are too few for a single one.
    """
    largest = sorted(deltas, reverse=True)
    allowed = math.floor(per_1000_lines * lines / 1000)
    if allowed:
        return largest[allowed - 1] if allowed <= len(largest) else 0.0
    return math.nextafter(largest[0], math.inf) if largest else 0.0


def false_alarms(clean: Sequence[Clean]) -> list[float]:
    """Deltas of all that was found in clean stretches."""
    return [finding.delta for each in clean for finding in each.review.candidates]


def row(threshold: float, clean: Sequence[Clean], slips: Sequence[Slip]) -> dict[str, Any]:
    """{"threshold", "alarms", "clean_lines", "alarms_per_1000_lines", "slips", "hits", "repaired", "recall",
    "precision"}; a ratio of nothing is None.

    `precision` is hits / (hits + alarms), so it holds for as many slips in as many lines as there are here.
    """
    alarms = sum(delta >= threshold for delta in false_alarms(clean))
    lines = sum(each.review.lines for each in clean)
    hits = sum(each.hit >= threshold for each in slips)
    return {
        "threshold": round(threshold, 3),
        "alarms": alarms,
        "clean_lines": lines,
        "alarms_per_1000_lines": ratio(1000 * alarms, lines),
        "slips": len(slips),
        "hits": hits,
        "repaired": sum(each.repaired >= threshold for each in slips),
        "recall": ratio(hits, len(slips)),
        "precision": ratio(hits, hits + alarms),
    }


def commits_row(threshold: float, fixes: Sequence[Slip]) -> dict[str, Any]:
    """As `row`, of stretches with a bug in them that people fixed: what is found beside it is a false alarm."""
    alarms = sum(delta >= threshold for each in fixes for delta in each.others)
    lines = sum(each.lines for each in fixes)
    hits = sum(each.hit >= threshold for each in fixes)
    return {
        "threshold": round(threshold, 3),
        "fixes": len(fixes),
        "hits": hits,
        "fixed_text": sum(each.repaired >= threshold for each in fixes),
        "alarms": alarms,
        "lines": lines,
        "alarms_per_1000_lines": ratio(1000 * alarms, lines),
        "recall": ratio(hits, len(fixes)),
        "precision": ratio(hits, hits + alarms),
    }


def ratio(part: float, whole: float) -> float | None:
    """None of nothing."""
    return round(part / whole, 4) if whole else None
