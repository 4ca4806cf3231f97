"""Lines round a stretch, and an answer that says them again."""

from __future__ import annotations

import pytest
from actions.places import split_selection

from lsp_experts.actions.surroundings import surroundings

TEXT = "one\ntwo\n‸three\nfour‸\nfive\nsix\n"


def check(answer: str, expected: str, marked: str = TEXT) -> None:
    text, start, end = split_selection(marked)
    assert surroundings(text, start, end, 2).left_out(answer, text[start:end]) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("3\n4", "3\n4"),
        ("two\n3\n4", "3\n4"),
        ("one\n  two\n\n3\n4\nfive", "3\n4"),
        ("3\n4\n\nfive\nsix", "3\n4"),
        ("one\n3\n4", "one\n3\n4"),  # not what stands right above
        ("one\ntwo", ""),
        ("", ""),
    ],
)
def test_what_is_said_again_is_left_out(answer: str, expected: str) -> None:
    check(answer, expected)


def test_what_the_stretch_itself_begins_with_stays() -> None:
    check("two\n4", "two\n4", "one\ntwo\n‸two\nfour‸\nfive\n")


def test_they_are_bounded_and_whole_lines() -> None:
    text = "a" * 300 + "\n" + "b" * 300 + "\nX\n" + "c" * 300 + "\n" + "d" * 300 + "\n"
    start = text.index("X")
    found = surroundings(text, start, start + 1, 5)
    assert (found.above, found.below) == ("b" * 300 + "\n", "c" * 300 + "\n")
    assert surroundings(text, start, start + 1, 0) == type(found)("", "")
