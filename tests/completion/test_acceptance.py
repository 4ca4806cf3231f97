"""What of a suggestion an edit took, told apart from typing it and from other edits."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.acceptance import Taken, is_accepted, taken
from lsp_experts.completion.reuse import Remembered


def check(marked: str, suggested: str, new: str, chars: int, *, accepted: bool = False) -> None:
    """At the mark `suggested` was offered; then the document became `new`. 0 characters: another edit."""
    old, at = split_cursor(marked)
    assert taken(old, new, at, suggested) == (Taken(chars, accepted) if chars else None)


@pytest.mark.parametrize(
    ("marked", "suggested", "new", "chars"),
    [
        ("x = ‸\n", "go(1)", "x = go(1)\n", 5),
        ("f(‸)\n", "a, b)", "f(a, b)\n", 5),  # the bracket was replaced
        ("f(‸)\n", "a, b)", "f(a, b))\n", 5),  # or was not
        ("‸", "a\n\tb\n", "a\n\tb\n", 5),
        ("a\r\n‸\r\nb", "if x {\r\n}", "a\r\nif x {\r\n}\r\nb", 9),
        ("aaaa‸aaaa", "aaaa!", "aaaaaaaa!aaaa", 5),
        ("😋 = ‸;", "größe()", "😋 = größe();", 7),
        ("x = ‸\n", "print(name)", "x = print\n", 5),  # its first word
        ("x = ‸\n", "print(name)", "x = print(\n", 6),
        ("‸\n", "first()\n\tsecond()", "first()\n", 7),  # its first line
    ],
)
def test_accepted(marked: str, suggested: str, new: str, chars: int) -> None:
    check(marked, suggested, new, chars, accepted=True)


@pytest.mark.parametrize(
    ("marked", "suggested", "new", "chars"),
    [
        ("x = ‸\n", "go(1)", "x = g\n", 1),
        ("x = go(1‸\n", ")", "x = go(1)\n", 1),  # the last letter of it
        ("x = ‸\n", "go(1)", "x = go(\n", 3),  # what a client may send for three keys
        ("x = ‸\n", "printed", "x = print\n", 5),  # no key accepts half a word
        ("f‸", "(x)", "f()", 1),  # the editor closed the bracket
        ("f‸", "()", "f()", 2),
    ],
)
def test_typed(marked: str, suggested: str, new: str, chars: int) -> None:
    check(marked, suggested, new, chars)


@pytest.mark.parametrize(
    ("marked", "suggested", "new"),
    [
        ("x = ‸\n", "go(1)", "x = a\n"),
        ("x = ‸\n", "go(1)", "x = gx\n"),
        ("x = ‸\n", "go(1)", "y = go(1)\n"),  # above, something else changed too
        ("x = ‸\ny", "go(1)", "x = go(1)"),  # below it
        ("x = ‸\n", "go(1)", "x =\n"),
        ("x = ‸\n", "go(1)", ""),
        ("‸abcd", "ab", "ab"),  # what followed was deleted
        ("ab‸\n", "cd", "ab\ncd\n"),
    ],
)
def test_another_edit(marked: str, suggested: str, new: str) -> None:
    check(marked, suggested, new, 0)


@pytest.mark.parametrize(
    ("old", "new", "accepted"),
    [
        ("x = \n", "x = go(1)\n", True),
        ("x = \n", "x = go(\n", False),
        ("x = go(1\n", "x = go(1)\n", False),  # typed to its end
        ("x = g\n", "x = go(1)\n", True),  # typed a little, then accepted
        ("y = \n", "y = go(1)\n", False),
        ("x = go(1)\n", "x = go(1)\ny", False),
    ],
)
def test_of_the_remembered_suggestions_one_was_accepted(old: str, new: str, accepted: bool) -> None:
    assert is_accepted((Remembered("sha", "x = ", "\n", "go(1)", 0.5),), old, new) is accepted
