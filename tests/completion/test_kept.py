"""Accepted text is still in the code as long as most of its words stand near its place."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.kept import NEAR_CHARS, moved, still_there

ACCEPTED = "for index, name in enumerate(names):"
FAR = "x = 1\n" * (NEAR_CHARS[1] // 6 + 20)


def check(marked: str, accepted: str = ACCEPTED) -> bool:
    text, at = split_cursor(marked)
    return still_there(text, at, accepted)


@pytest.mark.parametrize(
    "marked",
    [
        "a\n‸for index, name in enumerate(names):\nb",
        "‸for i, name in enumerate(names):",
        "‸for index, one in enumerate(people):",
        "‸for  index,\r\n    name in enumerate(names) :",  # white space does not count
        "‸" + FAR[:1200] + ACCEPTED,  # it was moved down
        ACCEPTED + FAR[:1200] + "‸",
    ],
)
def test_still_there(marked: str) -> None:
    assert check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "‸",
        "a‸b",
        "‸while True:",
        "‸names.sort()\nreturn None",
        "‸" + FAR + ACCEPTED,
        ACCEPTED + FAR + "‸",
    ],
)
def test_gone(marked: str) -> None:
    assert not check(marked)


def test_half_of_its_words_may_be_others() -> None:
    assert check("‸a b x y", "a b c d")
    assert not check("‸a x y z", "a b c d")


def test_a_place_beyond_the_text_is_no_error() -> None:
    assert not still_there("short", 1000, ACCEPTED)


@pytest.mark.parametrize(
    ("start", "old_end", "added", "expected"),
    [
        pytest.param(0, 0, 5, 15, id="inserted above"),
        pytest.param(2, 8, -6, 4, id="deleted above"),
        pytest.param(10, 10, 7, 10, id="its own arrival"),
        pytest.param(12, 20, -3, 10, id="below"),
        pytest.param(5, 30, 40, 10, id="rewritten round it"),
        pytest.param(5, 30, -25, 5, id="deleted with it"),
    ],
)
def test_a_place_moves_with_edits(start: int, old_end: int, added: int, expected: int) -> None:
    assert moved(10, start, old_end, added) == expected
