"""A change without the lines that stay."""

from __future__ import annotations

import pytest
from actions.places import with_changes

from lsp_experts.actions.narrowing import narrowed
from lsp_experts.actions.outcome import Change

TEXT = "a\nb\nc\nd"


@pytest.mark.parametrize(
    ("start", "end", "new_text", "expected"),
    [
        (0, 7, "a\nB\nc\nd", (2, 4, "B\n")),
        (0, 7, "a\nb\nx\nc\nd", (4, 4, "x\n")),
        (0, 7, "a\nd", (2, 6, "")),
        (0, 7, "A\nb\nc\nD", (0, 7, "A\nb\nc\nD")),
        (2, 4, "b\nb\n", (4, 4, "b\n")),
        (0, 7, "a\nb\nc\nd\n", (6, 7, "d\n")),
        (0, 0, "x\n", (0, 0, "x\n")),
        (0, 2, "a\r\n", (0, 2, "a\r\n")),
    ],
)
def test_what_stays_is_left_out(start: int, end: int, new_text: str, expected: tuple[int, int, str]) -> None:
    change = Change("u", start, end, new_text, 3)
    less = narrowed(change, TEXT)
    assert (less.start, less.end, less.new_text, less.version) == (*expected, 3)
    assert with_changes(TEXT, [less]) == with_changes(TEXT, [change])
