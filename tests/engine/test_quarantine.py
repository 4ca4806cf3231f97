"""Verdicts on deaths: who is switched off, and when everything pauses."""

from __future__ import annotations

import pytest

from lsp_experts.engine.quarantine import DeathRecord, History, Limits, judge


@pytest.mark.parametrize(
    ("deaths", "expected"),
    [
        ([(0, "go"), (599, "go")], (True, False)),
        ([(0, "go"), (600, "go")], (False, False)),
        ([(0, "go"), (10, "html")], (False, False)),
        ([(0, "go"), (10, ""), (20, "html")], (False, True)),
        ([(0, "go"), (10, ""), (61, "html")], (False, False)),
        ([(0, ""), (1, ""), (2, ""), (303, "")], (False, False)),
        ([(0, ""), (1, ""), (2, ""), (303, ""), (304, ""), (305, "")], (False, True)),
        ([(0, "go"), (1, "go"), (2, "go")], (False, True)),  # counted again after the first verdict
        ([(0, ""), (1, "go"), (2, "go")], (True, True)),
    ],
)
def test_the_verdict_on_the_last_death(deaths: list[tuple[float, str]], expected: tuple[bool, bool]) -> None:
    history = History()
    for at_s, expert in deaths:
        verdict = judge(history, at_s, expert)
        history = verdict.history
    assert (verdict.quarantine, verdict.pause) == expected
    assert history.pause_left_s(deaths[-1][0]) == (300 if expected[1] else 0)


def test_limits_are_an_argument() -> None:
    verdict = judge(History(), 0, "go", Limits(expert_deaths=1, any_deaths=1, pause_s=7))
    assert (verdict.quarantine, verdict.pause, verdict.history.pause_left_s(2)) == (True, True, 5)
    assert judge(History((DeathRecord(0, "go"),)), 1, "css").history.acquit("go").deaths == (
        DeathRecord(0, ""),
        DeathRecord(1, "css"),
    )
