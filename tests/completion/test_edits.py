"""Which lines changed, and which edit that makes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lsp_experts.completion.edits import MAX_EDIT_LINES, Change, Edit, change_between, edit_of


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", None),
        ("a\nb\nc\n", "a\nbx\nc\n", Change(1, 1, 0)),
        ("a\nb\nc\n", "a\nb\nnew\nc\n", Change(2, 2, 1)),
        ("a\nb\nc\n", "a\nc\n", Change(1, 1, -1)),
        ("", "a\nb", Change(0, 1, 1)),
        ("aaaa", "aaaaa", Change(0, 0, 0)),
        ("x = 1\n" * 3, "x = 1\n" * 5, Change(3, 4, 2)),
    ],
)
def test_change_between(old: str, new: str, change: Change | None) -> None:
    assert change_between(old, new) == change


def typed(*texts: str) -> Edit | None:
    """The edit after a document went through `texts`."""
    edit = None
    for old, new in pairwise(texts):
        change = change_between(old, new)
        assert change is not None
        edit = edit_of("file:///a.go", "go", new, change, edit, accepted=False) or edit
    return edit


@pytest.mark.parametrize(
    ("texts", "lines", "text"),
    [
        pytest.param(("a\nb\nc", "a\nb1\nc", "a\nb12\nc"), (1, 1), "b12", id="typing on in a line"),
        pytest.param(("a\nb\nc", "a\nb1\nc", "a\nb1\n\nc", "a\nb1\nd\nc"), (1, 2), "b1\nd", id="a new line below"),
        pytest.param(("a\nb\nc", "a1\nb\nc", "a1\nb\nc2"), (2, 2), "c2", id="elsewhere: an edit of its own"),
        pytest.param(("a\r\nb\r\nc", "a\r\nb1\r\nc"), (1, 1), "b1", id="plain newlines"),
    ],
)
def test_an_edit_grows_while_the_user_types_on(texts: tuple[str, ...], lines: tuple[int, int], text: str) -> None:
    edit = typed(*texts)
    assert edit is not None and ((edit.first_line, edit.last_line), edit.text) == (lines, text)


def test_a_paste_is_no_edit() -> None:
    assert typed("", "line\n" * (MAX_EDIT_LINES + 1)) is None
    assert typed("", "x" * 10_000) is None
