"""Which expert a language should start with, by what was measured. Pure.

What is significantly better than the expert that all were compared with wins: more often exactly right, or, where that
cannot be told or makes no difference, surprised by fewer bits. Else the smallest of those that are as good as it
(itself among them) wins over one that is worse, and over one that takes noticeably more memory. Else all stays as it
is: a difference that cannot be told moves nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_experts.lab.evaluation.figures import Interval
from lsp_experts.lab.evaluation.verdict import LEAST_FILES, Kind, kind_of, signed
from lsp_experts.registry.entry import Measured
from lsp_experts.syntax.language_names import language_name

LEAST_BITS = 0.01  # per byte: about what a smaller vocabulary saves by having fewer words to choose from
_LESS_MEMORY = 0.95  # of the other's: below it, the saving is worth a change


@dataclass(frozen=True)
class Recommendation:
    """The expert to start `language` with; `current` is the one that it starts with now."""

    language: str
    expert: str
    current: str
    sentence: str

    @property
    def changes(self) -> bool:
        """Whether another expert is recommended than the one in use."""
        return self.expert != self.current


def recommend(language: str, measured: Mapping[str, Measured], current: str) -> Recommendation:
    """What to do in `language`, of the experts that were `measured` there: those that could be used now.

    Their rows are against one expert. `current` is "" where no expert serves the language.
    """
    now = measured.get(current)
    if now is None:
        return _stay(language, current, "it was not measured here" if current else "no expert serves it")
    kinds = {name: _kind(row) for name, row in measured.items()}
    better = [name for name, kind in kinds.items() if kind == "better"]
    ahead = [name for name in better if kinds[current] != "better" or measured[name].low > now.exact]
    if ahead:
        best = max(ahead, key=lambda name: measured[name].exact)
        return _go(language, best, current, f"it is better than {_against(measured[best])}")
    if kinds[current] == "better":
        return _stay(language, current, f"it is better than {_against(now)}")
    good = [name for name, kind in kinds.items() if kind == "as good as"]
    best = min(good, key=lambda name: measured[name].resident_bytes, default=current)
    share = measured[best].resident_bytes / now.resident_bytes if now.resident_bytes else 1.0
    if best == current or (share > _LESS_MEMORY and kinds[current] != "worse"):
        why = {
            "as good as": "none that is as good is smaller",
            "worse": f"it is worse than {_against(now)}, which cannot be used",
        }
        told = f"{now.cases} cases do not tell it from `{now.against}` ({_points(now)})"
        return _stay(language, current, why.get(kinds[current], told))
    if kinds[current] == "worse":
        return _go(language, best, current, f"`{current}` is worse than {_against(now)}")
    measure = "the one that all were compared with" if best == measured[best].against else _against(measured[best])
    return _go(language, best, current, f"it is as good as {measure} at {share:.0%} of the memory of `{current}`")


def _kind(row: Measured) -> Kind:
    if (
        row.exact == row.low == row.high and row.bits_low == row.bits_high
    ):  # of the expert that the others were compared with
        return "as good as"
    kind = kind_of(_interval(row), row.files)
    fewer_bits = row.files >= LEAST_FILES and row.bits_high < -LEAST_BITS
    return "better" if fewer_bits and kind != "worse" else kind


def _interval(row: Measured) -> Interval:
    return Interval(row.exact, row.low, row.high)


def _points(row: Measured) -> str:
    bits = signed(Interval(row.bits, row.bits_low, row.bits_high), 3)
    return f"{signed(_interval(row), 1)} points exact, {bits} bits per byte"


def _against(row: Measured) -> str:
    return f"`{row.against}` ({_points(row)}, {row.cases} cases)"


def _go(language: str, expert: str, current: str, why: str) -> Recommendation:
    sentence = f"{language_name(language)}: start with `{expert}` and not with `{current}`: {why}"
    return Recommendation(language, expert, current, sentence)


def _stay(language: str, current: str, why: str) -> Recommendation:
    what = f"stay with `{current}`" if current else "nothing to do"
    return Recommendation(language, current, current, f"{language_name(language)}: {what}: {why}")
