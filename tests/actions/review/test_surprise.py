"""From what an expert expected to words that it did not."""

from __future__ import annotations

import pytest

from lsp_experts.actions.review.surprise import Reading, suspects
from lsp_experts.actions.review.words import words
from lsp_experts.engine.protocol import TextScore
from lsp_experts.syntax.tree import SyntaxTree

TEXT = "a = b = 0\nif a <= b:\n    a = !b\n"


def reading(pieces: list[tuple[str, float]], start: int = 0, entropy: float = 0.0) -> Reading:
    """Tokens, each with how much less likely than the likeliest it was."""
    text = "".join(piece for piece, _ in pieces)
    starts = tuple(len("".join(piece for piece, _ in pieces[:at])) for at in range(len(pieces)))
    surprises = tuple(-1.0 - nats for _, nats in pieces)
    return Reading(start, text, TextScore(starts, surprises, (-1.0,) * len(pieces), (entropy,) * len(pieces)))


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([("if a", 3.0), (" <=", 0.0), (" b:\n", 0.0)], {"a": 3.0}),
        ([("if", 0.0), (" a", 1.0), (" <", 2.0), ("=", 3.0), (" b:\n", 0.0)], {"a": 1.0, "<=": 5.0}),
        ([("if", 0.0), (" a", 0.0), (" <= b", 4.0), (":\n", 9.0)], {"<=": 4.0, "b": 4.0}),
        ([("if", 7.0), (" ", 8.0), ("a", 0.0), (" <= b:\n", 0.0)], {}),
    ],
)
def test_suspects(pieces: list[tuple[str, float]], expected: dict[str, float]) -> None:
    line = "a = b = 0\n"
    found = suspects(words(SyntaxTree("python", TEXT)), reading(pieces, len(line)))
    assert {each.word.text: each.surprise for each in found} == expected


def test_who_is_not_sure_is_not_surprised() -> None:
    found = suspects(
        words(SyntaxTree("python", TEXT)), reading([("a =", 0.0), (" b =", 6.0), (" 0\n", 0.0)], entropy=2.0)
    )
    assert [each.surprise for each in found] == [2.0]


def test_only_what_was_read_is_suspected() -> None:
    found = suspects(
        words(SyntaxTree("python", TEXT)), reading([("a", 5.0), (" =", 5.0), (" b", 5.0), (" = 0\n", 5.0)])
    )
    assert [(each.word.text, each.word.start) for each in found] == [("=", 2), ("=", 6), ("0", 8)], "a and b are new"


def test_nothing_read() -> None:
    assert suspects(words(SyntaxTree("python", TEXT)), Reading(0, "", TextScore((), (), (), ()))) == ()
