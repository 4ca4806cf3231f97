"""Where to put an expert's gate, given what it said at held-out places and whether it was right. Pure.

The utility of a gate, in characters per case: a right suggestion that is shown saves its length less the key that
accepts it; a wrong one costs WRONG_COST_CHARS. A case in which nothing is shown counts 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# To notice a wrong line and write on. A guess: at 180 ms a key it is three quarters of a second.
WRONG_COST_CHARS = 4
LEAST_ANSWERS = 60
_GATES = np.arange(0, 96) / 100
_DRAWS = 1000
_INTERVAL = (10, 90)  # percentiles


@dataclass(frozen=True)
class Judged:
    """One answer. `place`: answers of one place have one prompt in common, so they are drawn together."""

    place: str
    probability: float  # of its first line
    chars: int  # of its first line
    right: bool  # the writer wrote just that


@dataclass(frozen=True)
class Figures:
    """What a gate does. `saved_chars`: the utility, per case."""

    gate: float
    shown: float  # share of the cases
    precision: float  # share of what is shown; 0 if nothing is
    saved_chars: float


@dataclass(frozen=True)
class Fit:
    """The gate of the greatest utility, steadied: the median over draws of places, and where 80 % of them lie."""

    gate: float
    low: float
    high: float


def figures(judged: Sequence[Judged], gate: float) -> Figures:
    """What `gate` would have done with these cases; at least one."""
    shown = [each for each in judged if each.chars and each.probability >= gate]
    right = sum(each.right for each in shown)
    return Figures(
        gate=round(gate, 4),
        shown=round(len(shown) / len(judged), 4),
        precision=round(right / len(shown), 4) if shown else 0.0,
        saved_chars=round(sum(map(_gain, shown)) / len(judged), 4),
    )


def fit(judged: Sequence[Judged], seed: int = 7) -> Fit | None:
    """The gate for these cases; None where fewer than LEAST_ANSWERS have an answer."""
    answered = [each for each in judged if each.chars]
    if len(answered) < LEAST_ANSWERS:
        return None
    by_place = _utilities(answered)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(by_place), np.full(len(by_place), 1 / len(by_place)), size=_DRAWS)
    best = _GATES[np.argmax(weights @ by_place, axis=1)]
    low, high = np.percentile(best, _INTERVAL)
    return Fit(gate=float(np.median(best)), low=float(low), high=float(high))


def _utilities(answered: Sequence[Judged]) -> NDArray[np.float64]:
    """The utility of each of _GATES at each place."""
    numbers = {place: number for number, place in enumerate(dict.fromkeys(each.place for each in answered))}
    sums = np.zeros((len(numbers), len(_GATES)))
    for each in answered:
        sums[numbers[each.place]] += np.where(each.probability >= _GATES, _gain(each), 0)
    return sums


def _gain(each: Judged) -> int:
    return each.chars - 1 if each.right else -WRONG_COST_CHARS
