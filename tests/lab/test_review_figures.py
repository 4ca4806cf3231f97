"""Thresholds for a rate of false alarms, and the figures at one."""

from __future__ import annotations

import math

import pytest

from lsp_experts.actions.review.finding import Finding, Review
from lsp_experts.actions.review.threshold import DEFAULT_LEAST, NATS_PER_E
from lsp_experts.lab.fit_review import ENOUGH_LINES, threshold_of
from lsp_experts.lab.review_figures import Clean, Slip, commits_row, false_alarms, least_for, row, slip

DELTAS = (9.0, 1.0, 7.0, 3.0, 5.0)


def reviewed(*deltas: float, lines: int = 100) -> Review:
    found = tuple(Finding(at, at + 1, "a", "b", delta, 1.0, "name") for at, delta in enumerate(deltas))
    return Review("e", 0.0, found, lines, 10, 1.0, True)


def of(hit: float, repaired: float = -math.inf, *others: float) -> Slip:
    return Slip("variable", "python", hit, repaired, others, 10, 1.0, 50)


@pytest.mark.parametrize(
    ("lines", "rate", "threshold"),
    [(1000, 1, 9.0), (3000, 1, 5.0), (2999, 1, 7.0), (100, 10, 9.0), (1000, 5, 1.0), (1000, 6, 0.0), (400, 0, 9.0)],
)
def test_no_more_alarms_than_allowed(lines: int, rate: float, threshold: float) -> None:
    found = least_for(DELTAS, lines, rate)
    assert found == pytest.approx(threshold)
    assert sum(delta >= found for delta in DELTAS) <= rate * lines / 1000


def test_too_few_lines_for_one_alarm_allow_none() -> None:
    assert least_for(DELTAS, 999, 1) > 9.0
    assert least_for((), 999, 1) == 0.0


def test_figures() -> None:
    clean = [Clean("python", reviewed(9.0, 2.0)), Clean("go", reviewed(5.0, lines=400))]
    assert sorted(false_alarms(clean)) == [2.0, 5.0, 9.0]
    assert row(5.0, clean, [of(6.0, 6.0), of(5.0), of(4.0, 4.0), of(-math.inf)]) == {
        "threshold": 5.0,
        "alarms": 2,
        "clean_lines": 500,
        "alarms_per_1000_lines": 4.0,
        "slips": 4,
        "hits": 2,
        "repaired": 1,
        "recall": 0.5,
        "precision": 0.5,
    }
    nothing = row(5.0, [], [])
    assert (nothing["recall"], nothing["precision"], nothing["alarms_per_1000_lines"]) == (None, None, None)


def test_what_is_found_beside_a_fix_is_a_false_alarm() -> None:
    found = commits_row(5.0, [of(6.0, 6.0, 7.0, 1.0), of(2.0, -math.inf, 5.0)])
    assert (found["fixes"], found["hits"], found["fixed_text"], found["alarms"], found["lines"]) == (2, 1, 1, 2, 100)
    assert (found["recall"], found["precision"]) == (0.5, 0.3333)


def test_a_hit_is_where_the_slip_is() -> None:
    found = slip(reviewed(4.0, 8.0, 6.0), "operator", "go", lambda each: each.start > 0, lambda each: each.delta == 6.0)
    assert (found.hit, found.repaired, found.others) == (8.0, 6.0, (4.0,))
    missed = slip(reviewed(4.0), "operator", "go", lambda each: False, lambda each: True)
    assert (missed.hit, missed.repaired) == (-math.inf, -math.inf)


def test_few_lines_make_the_threshold_pessimistic() -> None:
    deltas = [9.0, 8.0, 7.0, 6.0]
    assert threshold_of(deltas, ENOUGH_LINES) == 7.0
    few = [threshold_of(deltas, lines) for lines in (300, 1000, 2000, 2999)]
    assert few == sorted(few, reverse=True) and few[-1] >= 9.0
    assert few[1] == pytest.approx(9.0 + NATS_PER_E * math.log(3), abs=0.01)
    assert threshold_of([], 1000) > DEFAULT_LEAST
    assert threshold_of([], ENOUGH_LINES) == 0.0
