"""What a comparison comes to, as a sentence."""

from __future__ import annotations

import pytest

from lsp_experts.lab.evaluation.figures import Comparison, Interval
from lsp_experts.lab.evaluation.verdict import Kind, Verdict, language_name, signed, verdict

SAME = Interval(0, 0, 0)


def verdict_of(value: float, half: float, *, cases: int = 400, files: int = 60, language: str = "go") -> Verdict:
    points = Interval(value, value - half, value + half)
    bits = Interval(0.01, 0.008, 0.012)
    return verdict(
        Comparison(language, "go-carved", "base", cases, files, points, SAME, bits, 0.62, 0.7, Interval(1, 1, 1))
    )


@pytest.mark.parametrize(
    ("value", "half", "kind"),
    [
        (-0.4, 1.1, "as good as"),
        (0.0, 2.0, "as good as"),
        (0.0, 2.1, "cannot tell"),
        (-1.0, 0.5, "as good as"),  # worse, but nobody would notice
        (1.0, 0.5, "better"),
        (9.0, 8.9, "better"),
        (9.0, 9.1, "cannot tell"),
        (-9.0, 8.9, "worse"),
        (-9.0, 9.1, "cannot tell"),
    ],
)
def test_kinds(value: float, half: float, kind: Kind) -> None:
    said = verdict_of(value, half)
    assert said.kind == kind
    assert (said.needed_cases > 0) == (kind == "cannot tell")
    assert verdict_of(value, half, files=7).kind == "cannot tell"


def test_sentences() -> None:
    assert verdict_of(-0.4, 1.1).sentence == (
        "for Go on this code, `go-carved` is as good as `base` (-0.4 ± 1.1 points exact, 95 %) at 62 % of its memory"
    )
    assert "`go-carved` is better than `base` (+9.0 ± 1.0 points" in verdict_of(9, 1).sentence
    assert "is worse than" in verdict_of(-9, 1).sentence
    assert verdict_of(-0.4, 6.4, language="html").sentence == (
        "for HTML on this code, `go-carved` cannot be told from `base` by 400 cases of 60 files (-0.4 ± 6.4 points"
        " exact, 95 %; +0.010 ± 0.002 bits per byte; about 6400 would do), at 62 % of its memory"
    )
    few = verdict_of(0, 1, cases=12, files=1).sentence
    assert "by 12 cases of one file (+0.0 ± 1.0 points" in few
    assert "; about 96 of at least 8 files would do)" in few


@pytest.mark.parametrize(
    ("value", "half", "needed"),
    [
        (0.0, 4.0, 1600),  # half the width takes four times the cases
        (8.0, 16.0, 1600),  # to tell it is better
        (1.0, 4.0, 6400),  # either way is one point off
    ],
)
def test_how_many_cases_would_do(value: float, half: float, needed: int) -> None:
    assert verdict_of(value, half).needed_cases == needed


def test_cases_that_never_differ_soon_do() -> None:
    assert verdict_of(0, 196 / 42, cases=40, files=20).needed_cases == 94


def test_no_difference_has_no_minus() -> None:
    assert signed(Interval(-0.004, -1, 1), 1) == "+0.0 ± 1.0"


def test_languages_have_names() -> None:
    assert [language_name(name) for name in ("go", "css", "javascript")] == ["Go", "CSS", "JavaScript"]
