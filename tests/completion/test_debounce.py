"""When asking at once would be wasted, on a clock of its own."""

from __future__ import annotations

import random

import pytest

from lsp_experts.completion.debounce import Debounce


def typed(gaps_ms: list[float]) -> Debounce:
    now_s = [0.0]
    debounce = Debounce(lambda: now_s[0])
    for gap_ms in [0.0, *gaps_ms]:
        now_s[0] += gap_ms / 1000
        debounce.keystroke()
    return debounce


def check(gaps_ms: list[float], cost_ms: float, delay_ms: float, *, line_end: bool = True, word: bool = True) -> None:
    delay_s = typed(gaps_ms).delay_s(cost_ms, line_end=line_end, word_before=word)
    assert delay_s * 1000 == pytest.approx(delay_ms)


def test_an_answer_that_fits_into_the_typical_gap_is_never_delayed() -> None:
    check([150.0] * 50, 149, 0)
    check([150.0] * 50, 150, 0)
    check([350.0, 100.0] * 25, 220, 0)


def test_a_slow_answer_waits_for_a_pause_in_the_user_s_own_rhythm() -> None:
    check([120.0] * 50, 600, 180)
    check([170.0] * 50, 600, 255)


def test_half_the_cost_and_350_ms_are_the_most() -> None:
    check([120.0] * 50, 200, 100)
    check([100.0, 380.0] * 25, 5000, 350)


def test_behind_a_finished_word_at_the_line_s_end_it_asks_at_once() -> None:
    check([120.0] * 50, 600, 0, word=False)
    check([120.0] * 50, 600, 180, word=False, line_end=False)


def test_a_first_guess_until_there_are_samples() -> None:
    check([], 150, 0)
    check([], 600, 300)
    check([110.0] * 20, 600, 300)
    check([110.0] * 21, 600, 165)


def test_pauses_are_no_rhythm_and_old_gaps_are_forgotten() -> None:
    check([120.0, 5000.0] * 50, 600, 180)
    check([160.0] * 100 + [120.0] * 100, 600, 180)


def test_faster_than_anybody_types_counts_as_100_ms() -> None:
    check([10.0] * 50, 600, 150)


def test_an_editor_that_waits_itself_is_not_waited_for_again() -> None:
    check([205.0, 300.0] * 25, 2000, 0)
    check([205.0, 300.0] * 25 + [90.0], 2000, 350)


def test_a_clock_that_stands_or_runs_back_is_no_gap() -> None:
    check([0.0, -50.0] * 50, 600, 300)


def test_no_rhythm_makes_it_wait_longer_than_it_says() -> None:
    rng = random.Random(1)
    for _ in range(200):
        debounce = typed([rng.lognormvariate(5, 1) for _ in range(rng.randrange(150))])
        cost_ms = rng.choice([1, 40, 150, 600, 10_000])
        delay_s = debounce.delay_s(cost_ms, line_end=rng.random() < 0.5, word_before=rng.random() < 0.5)
        assert 0 <= delay_s <= min(0.35, cost_ms / 2000)
