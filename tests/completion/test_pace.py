"""How much text a new prompt gets."""

from __future__ import annotations

import pytest

from lsp_experts.completion.pace import Pace
from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.settings import Settings

SETTINGS = Settings(prefix_chars=1600, suffix_chars=400, first_suggestion_ms=2000)


def report(prompt_tokens: int, first_token_ms: float) -> CompleteReport:
    return CompleteReport("", "end", prompt_tokens, 0, 1, first_token_ms, first_token_ms, 1.0)


@pytest.mark.parametrize(
    ("ms_per_token", "prefix", "suffix"),
    [
        pytest.param(1.0, 1600, 400, id="fast: all that the settings allow"),
        pytest.param(6.0, 800, 200, id="half as fast as needed: half the text, same proportions"),
        pytest.param(1000.0, 120, 120, id="hopeless: never less than the cursor's surroundings"),
    ],
)
def test_fitted(ms_per_token: float, prefix: int, suffix: int) -> None:
    pace = Pace()
    pace.observe("go", report(100, 100 * ms_per_token))
    fitted = pace.fitted("go", SETTINGS)
    assert (fitted.prefix_chars, fitted.suffix_chars) == (prefix, suffix)


def test_small_limits_of_the_user_are_kept() -> None:
    pace = Pace()
    pace.observe("go", report(100, 100_000))
    fitted = pace.fitted("go", Settings(prefix_chars=90, suffix_chars=0))
    assert (fitted.prefix_chars, fitted.suffix_chars) == (90, 0)


def test_what_is_not_known_is_taken_from_the_slowest() -> None:
    pace = Pace()
    unknown = pace.ms_per_token("go")
    pace.observe("go", report(3, 3000))
    assert pace.ms_per_token("go") == unknown, "three tokens say nothing"
    pace.observe("go", report(100, 400))
    pace.observe("html", report(100, 900))
    assert (pace.ms_per_token("go"), pace.ms_per_token("css")) == (4.0, 9.0)
    pace.observe("go", report(100, 800))
    assert pace.ms_per_token("go") == 6.0


def test_generated_tokens_have_a_pace_of_their_own() -> None:
    pace = Pace()
    assert pace.measured("go") == (0.0, 0.0)
    pace.observe("go", CompleteReport("", "end", 100, 0, 11, 400.0, 500.0, 1.0))
    assert pace.measured("go") == (4.0, 10.0)
    pace.observe("go", CompleteReport("", "end", 2, 98, 2, 4.0, 90.0, 1.0))
    assert pace.measured("go") == (4.0, 10.0), "two tokens say nothing"


@pytest.mark.parametrize(
    ("ms_per_token", "taken_chars", "room"),
    [(1.0, 2000, 400), (3.0, 1700, 300), (3.0, 2000, 0), (100.0, 0, 60)],
)
def test_other_files_get_what_is_left(ms_per_token: float, taken_chars: int, room: int) -> None:
    pace = Pace()
    pace.observe("go", report(100, 100 * ms_per_token))
    assert pace.room_chars("go", taken_chars, SETTINGS) == room
