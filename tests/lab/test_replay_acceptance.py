"""What the simulated user takes, and what a suggestion is worth."""

from __future__ import annotations

import pytest

from lsp_experts.lab.replay_acceptance import accept_keys, acceptable, keys, next_key, verdict
from lsp_experts.lab.similarity import edit_similarity


@pytest.mark.parametrize(
    ("text", "replaced", "rest", "after", "taken"),
    [
        ("return x", 0, "return x", "\n}", "return x"),
        ("return", 0, "return x", "\n}", "return"),
        ("return y", 0, "return x", "\n}", ""),
        ("return x + 1", 0, "return x", "\n}", ""),  # goes on into what is not there
        ("", 0, "return x", "\n}", ""),
        ("a\n  b\n}", 0, "a\n  b", "\n}", "a\n  b"),  # its closer would be doubled, its lines are right
        ("a\n  c", 0, "a\n  b", "\n}", "a"),
        ("a;\n  b", 0, "a\n  b", "\n}", ""),
        ("\n  b", 0, "\n  b\n  c", "", "\n  b"),
        ("\n  x\n  c", 0, "\n  b\n  c", "", ""),
        ("a, b)", 1, "a, b", ")\n", "a, b)"),  # replaces the bracket that an editor put there
        ("a, b)", 0, "a, b", ")\n", ""),
        ("a, c)", 1, "a, b", ")\n", ""),
        ("a)", 1, "a, b", ")\n", ""),
    ],
)
def test_acceptable(text: str, replaced: int, rest: str, after: str, taken: str) -> None:
    assert acceptable(text, replaced, rest, after) == (taken, replaced if taken else 0)
    assert verdict(text, replaced, rest, after).precise == bool(taken)


@pytest.mark.parametrize(
    ("text", "replaced", "rest", "after", "exact", "right", "similarity"),
    [
        ("return x", 0, "return x", "\n", True, 8, 1.0),
        ("return", 0, "return x", "\n", False, 6, 0.75),
        ("a\n  c", 0, "a\n  b", "", True, 4, 0.8),
        ("a", 0, "a\n  b", "", True, 1, 1.0),
        ("a, b)", 1, "a, b", ")\n", True, 4, 0.8),
        ("zzz", 0, "return x", "\n", False, 0, 0.0),
    ],
)
def test_verdict(text: str, replaced: int, rest: str, after: str, exact: bool, right: int, similarity: float) -> None:
    found = verdict(text, replaced, rest, after)
    assert (found.exact_line, found.right_chars) == (exact, right)
    assert found.similarity == pytest.approx(similarity)


@pytest.mark.parametrize(
    ("rest", "key", "count"),
    [("ab", "a", 2), ("\n    ab", "\n    ", 3), ("\n\n\tx", "\n", 3), ("", "", 0), ("é\U0001f600", "é", 2)],
)
def test_keys(rest: str, key: str, count: int) -> None:
    assert (next_key(rest), keys(rest)) == (key, count)


def test_accepting_line_by_line_takes_a_key_a_line() -> None:
    shown = "a\nb\nc"
    assert [accept_keys(text, shown) for text in ("a", "a\nb", shown)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("one", "two", "similarity"), [("", "", 1), ("a", "", 0), ("kitten", "sitting", 1 - 3 / 7), ("abc", "abc", 1)]
)
def test_edit_similarity(one: str, two: str, similarity: float) -> None:
    assert edit_similarity(one, two) == pytest.approx(similarity) == pytest.approx(edit_similarity(two, one))
