"""Figures of made-up outcomes: what is known must come out, and the intervals must hold what they promise."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from made_up_evaluation import contestant, evaluation, outcome

from lsp_experts.lab.evaluation.figures import baseline, compare, comparisons, figures, languages
from lsp_experts.lab.evaluation.records import Evaluation

BASE, CARVED = contestant("base", megabytes=500), contestant("go-carved", megabytes=300, made_of="base")


def test_the_figures_of_each_contestant() -> None:
    found = evaluation({BASE: lambda number: number % 2 == 0, CARVED: lambda number: number % 4 == 0})
    base, carved = figures(found, "go")
    assert (base.contestant, carved.contestant) == (BASE, CARVED)
    assert (base.cases, base.files, base.language) == (200, 50, "go")
    assert (base.exact.value, carved.exact.value) == (0.5, 0.25)
    assert base.accepted_chars.value == 7.5
    assert base.similarity.value == 0.75
    assert base.bits_per_byte.value == pytest.approx(20 / math.log(2) / 40)
    assert (base.first_ms.value, base.total_ms.value, base.tokens.value) == (100, 300, 210)
    for interval in (base.exact, base.accepted_chars, base.total_ms):
        assert interval.low <= interval.value <= interval.high


def test_bits_are_over_all_bytes_and_a_median_is_one() -> None:
    outcomes = tuple(
        outcome("base", number, exact=True, nll_nats=nats, scored_bytes=size, total_ms=ms, cases_of_file=1)
        for number, (nats, size, ms) in enumerate([(10.0, 10, 5.0), (30.0, 70, 7.0), (0.0, 0, 900.0)])
    )
    only = figures(Evaluation((BASE,), outcomes, 3, 3, ""), "go")[0]
    assert only.bits_per_byte.value == pytest.approx(40 / math.log(2) / 80)
    assert only.total_ms.value == 7


def test_nothing_scored_costs_nothing() -> None:
    outcomes = tuple(outcome("base", number, exact=True, nll_nats=0.0, scored_bytes=0) for number in range(4))
    assert figures(Evaluation((BASE,), outcomes, 4, 4, ""), "go")[0].bits_per_byte.value == 0


def test_a_comparison_is_by_pairs() -> None:
    """Both are right by chance in half of the cases, but in the same ones: the difference is known well."""
    rng = random.Random(3)
    right = [rng.random() < 0.5 for _ in range(400)]
    found = evaluation(
        {BASE: lambda number: right[number], CARVED: lambda number: right[number] or number == 7}, 400, files=100
    )
    compared = compare(found, "go", "go-carved", "base")
    assert compared.exact_points.value == pytest.approx(0.25 * (not right[7]))
    assert compared.exact_points.half < 1.0 < 100 * figures(found, "go")[0].exact.half
    assert compared.memory_share == compared.bytes_share == 0.6
    assert compared.latency_ratio.value == 1
    assert comparisons(found, "go") == (compared,)
    assert comparisons(found, "html") == ()


def test_cases_of_one_file_are_not_independent() -> None:
    def one_file_in_two(number: int) -> bool:
        return number // 20 % 2 == 0

    in_files = figures(evaluation({BASE: one_file_in_two}, 200, files=10), "go")[0]
    alone = figures(evaluation({BASE: one_file_in_two}, 200, files=200), "go")[0]
    assert in_files.exact.half > 3 * alone.exact.half


@pytest.mark.parametrize("cases", [10, 100, 1000])
def test_cases_that_all_agree_leave_doubt(cases: int) -> None:
    found = evaluation({BASE: lambda number: True, CARVED: lambda number: True}, cases, files=cases)
    points = compare(found, "go", "go-carved", "base").exact_points
    assert (points.value, points.high) == (0, pytest.approx(196 / (cases + 2)))
    assert points.low == -points.high


def test_a_share_stays_one() -> None:
    found = evaluation({BASE: lambda number: False, CARVED: lambda number: True}, 2, files=1)
    none, all_of_them = (row.exact for row in figures(found, "go"))
    assert (none.low, none.high) == (0, pytest.approx(0.49))
    assert (all_of_them.low, all_of_them.high) == (pytest.approx(0.51), 1)
    points = compare(found, "go", "go-carved", "base").exact_points
    assert (points.low, points.high) == (pytest.approx(51), 100)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    held, runs = 0, 80
    for seed in range(runs):
        rng = random.Random(seed)
        of_files = [rng.random() for _ in range(40)]  # files differ: half of their cases on average
        right = [rng.random() < of_files[number // 5] for number in range(200)]
        interval = figures(evaluation({BASE: lambda number, r=right: r[number]}, 200, files=40), "go")[0].exact  # type: ignore[misc]
        held += interval.low <= 0.5 <= interval.high
    assert 0.88 <= held / runs <= 0.99


def test_the_same_seed_draws_the_same() -> None:
    found = evaluation({BASE: lambda number: number % 3 == 0, CARVED: lambda number: number % 2 == 0})
    shuffled = replace(found, outcomes=found.outcomes[::-1])
    assert figures(found, "go") == figures(found, "go")
    assert compare(found, "go", "go-carved", "base") == compare(shuffled, "go", "go-carved", "base")
    assert figures(found, "go", seed=1) != figures(found, "go", seed=2)


def test_only_cases_that_all_answered_count() -> None:
    found = evaluation({BASE: lambda number: True, CARVED: lambda number: True}, 40)
    torn = replace(found, outcomes=found.outcomes[:-1])
    assert [row.cases for row in figures(torn, "go")] == [39, 39]


def test_languages_are_apart() -> None:
    go = evaluation({BASE: lambda number: True}, 40)
    html = evaluation({BASE: lambda number: False}, 80, language="html")
    both = replace(go, outcomes=go.outcomes + html.outcomes)
    assert languages(both) == ("html", "go")
    assert [figures(both, name)[0].exact.value for name in languages(both)] == [0, 1]
    assert figures(both, "css") == ()
    with pytest.raises(ValueError, match="css"):
        compare(both, "css", "base", "base")
    with pytest.raises(ValueError, match="nobody"):
        compare(both, "go", "nobody", "base")


@pytest.mark.parametrize(
    ("names", "against"),
    [
        (("a", "b"), "a"),
        (("a of base", "base", "b of base"), "base"),
        (("a of gone", "b"), "a of gone"),
        (("a of b", "b", "c of d", "d", "e of d"), "d"),
    ],
)
def test_the_baseline_is_the_base(names: tuple[str, ...], against: str) -> None:
    contestants = tuple(contestant(name.split()[0], made_of=name.partition(" of ")[2]) for name in names)
    assert baseline(Evaluation(contestants, (), 0, 0, "")) == against.split()[0]
