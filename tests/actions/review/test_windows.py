"""A text as windows: every line is asked about once, whole, and fits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.actions.review.windows import Window, pieces, window_at


def windows(text: str, room_bytes: int, first: int = 0) -> list[Window]:
    found, at = [], first
    while at < len(text):
        found.append(window_at(text, at, len(text), room_bytes))
        at = found[-1].end
    return found


def shown(text: str, room_bytes: int) -> list[tuple[str, str]]:
    return [(text[each.start : each.scored], text[each.scored : each.end]) for each in windows(text, room_bytes)]


@pytest.mark.parametrize(
    ("text", "room_bytes", "expected"),
    [
        ("", 8, []),
        ("aaa\nbbb\n", 8, [("", "aaa\nbbb\n")]),
        ("aaa\nbbb\nccc\n", 8, [("", "aaa\nbbb\n"), ("", "ccc\n")]),
        ("aaa\nbbb\nccc\nddd\n", 16, [("", "aaa\nbbb\nccc\nddd\n")]),
        ("a\nb\nc\nd\ne\nf", 8, [("", "a\nb\nc\nd\n"), ("d\n", "e\nf")]),
        ("a\n\n\nd\ne\nf", 8, [("", "a\n\n\nd\ne\n"), ("e\n", "f")]),
        ("a\r\nb\r\nc\r\nd", 8, [("", "a\r\nb\r\n"), ("", "c\r\nd")]),
        ("short\n" + "x" * 20 + "\nend", 10, [("", "short\n"), ("", "x" * 20 + "\n"), ("", "end")]),
        ("é\né\né\né\n", 6, [("", "é\né\n"), ("", "é\né\n")]),
        ("a\n\n\n\nb\n", 4, [("", "a\n\n\n"), ("", "\nb\n")]),
    ],
)
def test_windows(text: str, room_bytes: int, expected: list[tuple[str, str]]) -> None:
    assert shown(text, room_bytes) == expected


@given(st.text(alphabet="ab é😀\n\r\t", max_size=200), st.integers(1, 60))
def test_each_line_is_asked_about_once(text: str, room_bytes: int) -> None:
    found = windows(text, room_bytes)
    assert "".join(text[each.scored : each.end] for each in found) == text
    for each in found:
        assert each.start <= each.scored < each.end
        assert each.scored == 0 or text[each.scored - 1] == "\n"
        fits = len(text[each.start : each.end].encode()) <= room_bytes
        assert fits or (each.start == each.scored and text.count("\n", each.scored, each.end - 1) == 0)
        assert each.start == each.scored or text[each.start : each.scored].split("\n")[0].strip()


def test_a_selection() -> None:
    text = "a\nb\nc\nd\ne\n"
    window = window_at(text, 4, 8, 100)
    assert (text[window.start : window.scored], text[window.scored : window.end]) == ("a\nb\n", "c\nd\n")


@given(st.text(alphabet="ab é\n", min_size=1, max_size=200), st.integers(1, 60), st.integers(1, 60))
def test_pieces_of_a_window(text: str, room_bytes: int, most_bytes: int) -> None:
    for window in windows(text, room_bytes):
        found = list(pieces(text, window, most_bytes))
        assert (found[0].scored, found[-1].end) == (window.scored, window.end)
        assert all(one.end == two.scored for one, two in pairwise(found))
        for each in found:
            asked = text[each.scored : each.end]
            assert each.start == window.start
            assert len(asked.encode()) <= most_bytes or asked.count("\n", 0, -1) == 0
