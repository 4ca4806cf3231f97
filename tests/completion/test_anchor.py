"""Anchors: what a prompt is made of, when it stays, when it moves."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.anchor import PromptText, holds, is_far, place, prompt_text, usual, window_start
from lsp_experts.settings import Settings

TWO = Settings(anchor_lines=2, anchor_max_lines=6)


def check(marked: str, head: str, suffix: str, tail: str, settings: Settings = TWO) -> None:
    text, offset = split_cursor(marked)
    anchor = place(text, offset, settings)
    assert prompt_text(anchor, text, offset) == PromptText(head, suffix, tail)
    assert holds(anchor, text, offset, settings)


def test_anchor_stands_whole_lines_above() -> None:
    check("a\nb\nc\nd‸e\nf\n", head="a\n", suffix="e\nf\n", tail="b\nc\nd")


def test_anchor_at_the_start_of_a_short_text() -> None:
    check("a‸", head="", suffix="", tail="a")
    check("‸", head="", suffix="", tail="")
    check("a\n‸\n", head="", suffix="\n", tail="a\n")


def test_no_lines_above() -> None:
    check("a\nb‸c", head="a\n", suffix="c", tail="b", settings=Settings(anchor_lines=0))


def test_models_read_plain_newlines() -> None:
    check("a\r\nb\rc‸\r\nd\r\n", head="", suffix="\nd\n", tail="a\nb\nc")


def test_suffix_ends_with_a_whole_line_where_it_is_cut() -> None:
    check("x‸y\n123456\n789\n", head="", suffix="y\n123456\n", tail="x", settings=Settings(suffix_chars=10))


def test_usual_prompt_has_no_tail() -> None:
    text, offset = split_cursor("a\nb‸c\nd")
    assert prompt_text(usual(text, offset, TWO), text, offset) == PromptText("a\nb", "c\nd", "")


@pytest.mark.parametrize(
    ("then", "now", "still"),
    [
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nb\nc\ndx‸\ne\n", True, id="typing"),
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nb\nc\ndx\n  y‸\ne\n", True, id="a new line"),
        pytest.param("a\nb\nc\ndx‸\ne\n", "a\nb\nc\nd‸\ne\n", True, id="backspace"),
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nb\nc\nd(‸)\ne\n", True, id="an editor's own closer"),
        pytest.param("a\nb\nc\nd(‸)\ne\n", "a\nb\nc\nd(1)‸\ne\n", True, id="typed over the closer"),
        pytest.param("a\nb\nc\nd‸ word\ne\n", "a\nb\nc\nd‸\ne\n", False, id="the rest of the line was deleted"),
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nb\nc\nd‸\nE\n", False, id="an edit below"),
        pytest.param("a\nb\nc\nd‸\ne\n", "A\nb\nc\nd‸\ne\n", False, id="an edit above the anchor"),
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nB\nc\nd‸\ne\n", True, id="an edit between anchor and cursor"),
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nb\nc\nd\ne‸\n", False, id="a jump down"),
        pytest.param("a\nb\nc\nd‸\ne\n", "‸a\nb\nc\nd\ne\n", False, id="a jump above the anchor"),
        pytest.param("a\nb\nc\nd‸\ne\n", "a\nb\nc\nd" + "\n" * 6 + "‸\ne\n", False, id="written too far away"),
    ],
)
def test_holds(then: str, now: str, still: bool) -> None:
    text, offset = split_cursor(then)
    anchor = place(text, offset, TWO)
    assert holds(anchor, *split_cursor(now), TWO) is still


def test_is_far_after_twice_the_distance() -> None:
    text, offset = split_cursor("a\nb\nc\nd‸\n")
    anchor = place(text, offset, TWO)
    near, far = split_cursor("a\nb\nc\nd" + "\n" * 5 + "‸\n"), split_cursor("a\nb\nc\nd" + "\n" * 8 + "‸\n")
    assert not is_far(anchor, *near, TWO)
    assert is_far(anchor, *far, TWO)


def test_window_moves_in_steps() -> None:
    """Anchors a few lines apart share their head, so that a moved anchor decodes only what is new."""
    text = "".join(f"line {number}\n" for number in range(1000))
    starts = {window_start(text, at, 400) for at in range(5000, 5090)}
    assert len(starts) <= 2
    for at in range(5000, 5200, 7):
        start = window_start(text, at, 400)
        assert text[start - 1] == "\n" and 0 <= at - start <= 400
