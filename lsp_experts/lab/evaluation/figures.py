"""The figures of an evaluation, each with its interval, and the difference between two contestants. Pure.

exact             share of the cases in which just the held-out text was suggested
accepted_chars    characters of a suggestion before its first wrong one: the mean
similarity        1 - Levenshtein / length of suggestion and held-out text: the mean
bits_per_byte     what the held-out lines cost the model: all their bits over all their bytes
first_ms          to the first token, the prompt included: the median
total_ms          to the whole suggestion: the median
tokens            prompt tokens decoded and tokens generated: the mean of their sum

Intervals of 95 per cent come from a paired cluster bootstrap: files (an Outcome's `place`) are drawn again with
replacement, all cases of a drawn file with it, and one draw holds for all contestants (Davison and Hinkley, Bootstrap
Methods and their Application, 1997, 3.8). Where cases hardly differ a bootstrap knows no doubt, so an interval of
`exact` is never narrower than Agresti and Min's (Biometrics 61, 2005: half a case more in each cell) is for no
difference at all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from lsp_experts.lab.evaluation.records import Contestant, Evaluation, Outcome

_DRAWS = 1000
_PERCENTILES = (2.5, 97.5)
_Z95 = 1.96

_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A figure and where it lies with 95 per cent."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the interval's width: the number behind a plus-minus sign."""
        return (self.high - self.low) / 2

    def rounded(self, decimals: int = 4) -> dict[str, float]:
        """As a report's JSON has it: {"value", "low", "high"}."""
        return {name: round(value, decimals) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Figures:
    """One contestant's figures in one language; the module says what they are."""

    contestant: Contestant
    language: str
    cases: int
    files: int
    exact: Interval
    accepted_chars: Interval
    similarity: Interval
    bits_per_byte: Interval
    first_ms: Interval
    total_ms: Interval
    tokens: Interval


@dataclass(frozen=True)
class Comparison:
    """`contestant` less `against` at the same cases of one language; a share or a ratio is the first over the second.

    `exact_points` in points of a hundred, above 0 is better; `bits_per_byte` below 0 is better. 0 stands for a share of
    nothing.
    """

    language: str
    contestant: str
    against: str
    cases: int
    files: int
    exact_points: Interval
    accepted_chars: Interval
    bits_per_byte: Interval
    memory_share: float  # of resident bytes
    bytes_share: float  # of the files
    latency_ratio: Interval  # of the medians of total_ms


def languages(evaluation: Evaluation) -> tuple[str, ...]:
    """The languages that have outcomes, the one with most cases first."""
    counts = Counter(outcome.language for outcome in evaluation.outcomes)
    return tuple(sorted(counts, key=lambda language: (-counts[language], language)))


def baseline(evaluation: Evaluation) -> str:
    """Whom the others are compared with: the contestant that most others were made of, else the first one."""
    names = [each.name for each in evaluation.contestants]
    bases = Counter(each.made_of for each in evaluation.contestants if each.made_of in names)
    return bases.most_common(1)[0][0] if bases else names[0]


def figures(evaluation: Evaluation, language: str, seed: int = 7) -> tuple[Figures, ...]:
    """The figures of each contestant in `language`, in the evaluation's order; none where it has no case."""
    sample = _sample(evaluation, language, seed)
    return tuple(
        Figures(
            contestant=contestant,
            language=language,
            cases=sample.cases,
            files=sample.files,
            exact=_at_least(sample.interval(sample.mean(contestant.name, _exact)), sample.cases, (0, 1)),
            accepted_chars=sample.interval(sample.mean(contestant.name, _accepted)),
            similarity=sample.interval(sample.mean(contestant.name, lambda outcome: outcome.similarity)),
            bits_per_byte=sample.interval(sample.bits_per_byte(contestant.name)),
            first_ms=sample.interval(sample.median(contestant.name, lambda outcome: outcome.first_ms)),
            total_ms=sample.interval(sample.median(contestant.name, _total_ms)),
            tokens=sample.interval(sample.mean(contestant.name, _tokens)),
        )
        for contestant in evaluation.contestants
        if sample.cases
    )


def compare(evaluation: Evaluation, language: str, contestant: str, against: str, seed: int = 7) -> Comparison:
    """How `contestant` does beside `against` in `language`, pair by pair.

    ValueError if one of them was not measured there.
    """
    sample = _sample(evaluation, language, seed)
    known = {each.name: each for each in evaluation.contestants}
    if not sample.cases or contestant not in known or against not in known:
        raise ValueError(f"{contestant} and {against} have no case of {language} in common")
    one, other = known[contestant], known[against]

    def difference(of: Callable[[str], _Numbers], scale: float = 1.0) -> Interval:
        return sample.interval(scale * (of(contestant) - of(against)))

    return Comparison(
        language=language,
        contestant=contestant,
        against=against,
        cases=sample.cases,
        files=sample.files,
        exact_points=_at_least(difference(lambda name: sample.mean(name, _exact), 100), sample.cases, (-100, 100)),
        accepted_chars=difference(lambda name: sample.mean(name, _accepted)),
        bits_per_byte=difference(sample.bits_per_byte),
        memory_share=_share(one.resident_bytes, other.resident_bytes),
        bytes_share=_share(one.file_bytes, other.file_bytes),
        latency_ratio=sample.interval(_ratio(sample.median(contestant, _total_ms), sample.median(against, _total_ms))),
    )


def comparisons(evaluation: Evaluation, language: str, seed: int = 7) -> tuple[Comparison, ...]:
    """Each other contestant beside the baseline, in the evaluation's order; none where the language has no case."""
    against = baseline(evaluation)
    others = [each.name for each in evaluation.contestants if each.name != against]
    return tuple(
        compare(evaluation, language, name, against, seed) for name in others if language in languages(evaluation)
    )


def least_half(cases: int) -> float:
    """Half the interval of a share's difference where no two cases differ."""
    return _Z95 / (cases + 2)


@dataclass(frozen=True)
class _Sample:
    """The outcomes at each case, in one order for all contestants.

    `weights`: how often each case is there, a row for each draw; the first row is the sample as it was measured.
    """

    outcomes: Mapping[str, Sequence[Outcome]]
    cases: int
    files: int
    weights: _Numbers

    def mean(self, name: str, of: Callable[[Outcome], float]) -> _Numbers:
        return _ratio(self.weights @ self._values(name, of), self.weights.sum(axis=1))

    def bits_per_byte(self, name: str) -> _Numbers:
        nats, sizes = self._values(name, _nats), self._values(name, _bytes)
        return _ratio(self.weights @ nats / math.log(2), self.weights @ sizes)

    def median(self, name: str, of: Callable[[Outcome], float]) -> _Numbers:
        values = self._values(name, of)
        order = np.argsort(values)
        heaped = np.cumsum(self.weights[:, order], axis=1)
        middle = np.argmax(heaped >= heaped[:, -1:] / 2, axis=1)
        medians: _Numbers = values[order][middle]
        return medians

    def interval(self, drawn: _Numbers) -> Interval:
        low, high = np.percentile(drawn[1:], _PERCENTILES)
        return Interval(float(drawn[0]), float(low), float(high))

    def _values(self, name: str, of: Callable[[Outcome], float]) -> _Numbers:
        return np.array([of(outcome) for outcome in self.outcomes[name]], dtype=np.float64)


def _sample(evaluation: Evaluation, language: str, seed: int) -> _Sample:
    by_name: dict[str, dict[str, Outcome]] = {each.name: {} for each in evaluation.contestants}
    for outcome in evaluation.outcomes:
        if outcome.language == language:
            by_name[outcome.contestant][outcome.case] = outcome
    cases = sorted(set.intersection(*map(set, by_name.values()))) if by_name else []
    outcomes = {name: [answered[case] for case in cases] for name, answered in by_name.items()}
    of_cases = [outcome.place for outcome in next(iter(outcomes.values()), [])]
    numbers = {place: number for number, place in enumerate(dict.fromkeys(of_cases))}
    drawn = np.ones((1, len(cases)))
    if cases:
        rng = np.random.default_rng(seed)
        counts = rng.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), size=_DRAWS)
        drawn = np.concatenate([drawn, counts[:, [numbers[place] for place in of_cases]].astype(np.float64)])
    return _Sample(outcomes, len(cases), len(numbers), drawn)


def _at_least(interval: Interval, cases: int, bounds: tuple[int, int]) -> Interval:
    """The interval of a figure that lies within `bounds`, not narrower than where no two cases differ."""
    half = bounds[1] * least_half(cases)
    low, high = min(interval.low, interval.value - half), max(interval.high, interval.value + half)
    return Interval(interval.value, max(low, bounds[0]), min(high, bounds[1]))


def _ratio(parts: _Numbers, wholes: _Numbers) -> _Numbers:
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _exact(outcome: Outcome) -> float:
    return float(outcome.exact)


def _accepted(outcome: Outcome) -> float:
    return outcome.accepted_chars


def _total_ms(outcome: Outcome) -> float:
    return outcome.total_ms


def _tokens(outcome: Outcome) -> float:
    return outcome.prompt_tokens + outcome.decoded_tokens


def _nats(outcome: Outcome) -> float:
    return outcome.nll_nats


def _bytes(outcome: Outcome) -> float:
    return outcome.scored_bytes
