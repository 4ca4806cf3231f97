"""Whether an adapter may be installed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_experts.lab.evaluation.figures import Comparison
from lsp_experts.lab.evaluation.verdict import LEAST_FILES, signed


@dataclass(frozen=True)
class Judgement:
    """`reasons`: a sentence for each comparison, the failed ones too."""

    better: bool
    reasons: tuple[str, ...]


def judge(comparisons: Sequence[Comparison]) -> Judgement:
    """Better: in every comparison the held-out text costs it fewer bits, beyond the interval, and it is not seen to
    suggest less of it exactly. Lines of a few files make nobody sure: their interval is too narrow.

    Bits tell long before exact matches do, and a model can gain bits and lose what it writes, so both count.
    """
    told = [_judged(comparison) for comparison in comparisons]
    return Judgement(bool(told) and all(better for better, _ in told), tuple(reason for _, reason in told))


def _judged(comparison: Comparison) -> tuple[bool, str]:
    bits, points = comparison.bits_per_byte, comparison.exact_points
    if bits.low > 0:
        word = "worse than"
    elif points.high < 0:
        word = "less often right than"
    else:
        word = "better than" if bits.high < 0 and comparison.files >= LEAST_FILES else "not surely better than"
    return word == "better than", (
        f"{comparison.language}: {word} `{comparison.against}`: {signed(bits, 3)} bits per byte,"
        f" {signed(points, 1)} points exact (95 %, {comparison.cases} cases of {comparison.files} files)"
    )
