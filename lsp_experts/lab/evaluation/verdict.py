"""What a comparison comes to, in a sentence that a person can act on. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lsp_experts.lab.evaluation.figures import Comparison, Interval, least_half
from lsp_experts.syntax.language_names import language_name

Kind = Literal["better", "as good as", "worse", "cannot tell"]

# A difference below it is one that nobody notices while typing: 2 cases of 100. The owner's rule, not a law.
AS_GOOD_POINTS = 2.0
LEAST_FILES = 8  # a bootstrap over fewer is too sure of itself


@dataclass(frozen=True)
class Verdict:
    """`needed_cases`: about how many would tell, where one cannot tell yet; else 0."""

    kind: Kind
    sentence: str
    needed_cases: int = 0


def verdict(comparison: Comparison) -> Verdict:
    """Better: all of the interval of exact_points is above 0. As good as: all of it is within AS_GOOD_POINTS.

    Worse: all of it is below 0. Else, and below LEAST_FILES files, one cannot tell.
    """
    kind = kind_of(comparison.exact_points, comparison.files)
    one, other = f"`{comparison.contestant}`", f"`{comparison.against}`"
    points = f"{signed(comparison.exact_points, 1)} points exact, 95 %"
    memory = f"{100 * comparison.memory_share:.0f} %"
    where = f"for {language_name(comparison.language)} on this code"
    if kind != "cannot tell":
        relation = {"better": "better than", "worse": "worse than"}.get(kind, kind)
        return Verdict(kind, f"{where}, {one} is {relation} {other} ({points}) at {memory} of its memory")
    needed = _needed(comparison)
    bits = f"{signed(comparison.bits_per_byte, 3)} bits per byte"
    return Verdict(
        kind,
        f"{where}, {one} cannot be told from {other} by {comparison.cases} cases of {_files(comparison.files)}"
        f" ({points}; {bits}; {_more(comparison, needed)}), at {memory} of its memory",
        needed,
    )


def signed(interval: Interval, decimals: int) -> str:
    """ "-0.4 ± 1.1"."""
    return f"{round(interval.value, decimals) + 0.0:+.{decimals}f} ± {interval.half:.{decimals}f}"  # 0.0: not -0


def kind_of(points: Interval, files: int) -> Kind:
    """What a difference in points, seen in that many files, says."""
    if files < LEAST_FILES:
        return "cannot tell"
    if points.low > 0:
        return "better"
    if max(-points.low, points.high) <= AS_GOOD_POINTS:
        return "as good as"
    return "worse" if points.high < 0 else "cannot tell"


def _needed(comparison: Comparison) -> int:
    """Cases that narrow the interval until it tells, if the difference stays what it is; two digits of it."""
    points = comparison.exact_points
    away = abs(points.value)
    too_wide = max(1.0, points.half / max(AS_GOOD_POINTS - away, away))
    # With the root of their number; where no case differs, with the number itself.
    growth = too_wide if points.half <= 100 * least_half(comparison.cases) else too_wide**2
    cases = comparison.cases * growth * max(1.0, LEAST_FILES / comparison.files)
    step: int = 10 ** max(0, math.floor(math.log10(cases)) - 1)
    return math.ceil(cases / step) * step


def _more(comparison: Comparison, needed: int) -> str:
    files = f" of at least {LEAST_FILES} files" if comparison.files < LEAST_FILES else ""
    return f"about {needed}{files} would do"


def _files(files: int) -> str:
    return "one file" if files == 1 else f"{files} files"
