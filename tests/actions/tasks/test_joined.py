"""Rewrites on top of rewrites come to the same text as changes of the first one."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.actions.tasks.joined import Rewrite, Rewrites


def check(original: str, steps: list[tuple[int, int, str]], expected: list[tuple[int, int, str]]) -> None:
    found = Rewrites(original)
    for step in steps:
        found = found.rewritten(*step)
    assert found.pieces == tuple(Rewrite(*each) for each in expected)


def test_pieces_that_touch_become_one() -> None:
    check("abcdef", [(1, 2, "XX")], [(1, 2, "XX")])
    check("abcdef", [(1, 2, "XX"), (5, 6, "Y")], [(1, 2, "XX"), (4, 5, "Y")])
    check("abcdef", [(4, 5, "Y"), (1, 2, "XX")], [(1, 2, "XX"), (4, 5, "Y")])
    check("abcdef", [(1, 2, "XX"), (2, 4, "Z")], [(1, 3, "XZ")])
    check("abcdef", [(1, 2, "X"), (4, 5, "Y"), (0, 6, "Z")], [(0, 6, "Z")])
    check("", [(0, 0, "new"), (3, 3, "er")], [(0, 0, "newer")])


@given(st.data(), st.text(alphabet="abc\n🙂", max_size=12))
def test_they_are_what_was_done_one_after_another(data: st.DataObject, original: str) -> None:
    text, found = original, Rewrites(original)
    for _ in range(data.draw(st.integers(0, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        new = data.draw(st.text(alphabet="XYZ\r\n", max_size=5))
        text = text[:start] + new + text[end:]
        found = found.rewritten(start, end, new)
        assert found.text == text
    ends = [(piece.start, piece.end) for piece in found.pieces]
    assert all(start <= end for start, end in ends)
    assert all(before[1] < after[0] for before, after in pairwise(ends))
