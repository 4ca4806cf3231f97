"""When an adapter may be installed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_experts.lab.evaluation.figures import Comparison, Interval
from lsp_experts.lab.training.adapt_verdict import judge

NO_MATTER = Interval(1.0, 1.0, 1.0)


def compared(bits: tuple[float, float], points: tuple[float, float], against: str = "base") -> Comparison:
    return Comparison(
        language="go", contestant="go-adapted", against=against, cases=80, files=20,
        exact_points=Interval(sum(points) / 2, *points), accepted_chars=NO_MATTER,
        bits_per_byte=Interval(sum(bits) / 2, *bits), memory_share=1.0, bytes_share=1.0, latency_ratio=NO_MATTER,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bits", "points", "better", "word"),
    [
        ((-0.3, -0.1), (-1, 5), True, "better than"),
        ((-0.3, -0.1), (-5, 0), True, "better than"),
        ((-0.3, -0.1), (-5, -1), False, "less often right than"),
        ((-0.3, 0.0), (1, 5), False, "not surely better than"),
        ((0.0, 0.0), (0, 0), False, "not surely better than"),
        ((0.1, 0.3), (1, 5), False, "worse than"),
    ],
)
def test_bits_must_fall_and_exact_matches_must_not(
    bits: tuple[float, float], points: tuple[float, float], better: bool, word: str
) -> None:
    judgement = judge([compared(bits, points)])
    assert judgement.better == better
    assert judgement.reasons[0].startswith(f"go: {word} `base`: ")


def test_a_few_files_tell_nothing() -> None:
    told = compared((-0.3, -0.1), (1, 5))
    assert judge([told]).better and not judge([replace(told, files=7)]).better


def test_it_says_the_figures() -> None:
    (reason,) = judge([compared((-0.3, -0.1), (-1, 5))]).reasons
    assert reason.endswith("-0.200 ± 0.100 bits per byte, +2.0 ± 3.0 points exact (95 %, 80 cases of 20 files)")


def test_each_of_the_others_must_be_beaten() -> None:
    good, bad = compared((-0.3, -0.1), (0, 5)), compared((-0.1, 0.1), (0, 5), "older")
    assert judge([good, good]).better and not judge([good, bad]).better and not judge([]).better
