"""A completion in the making: probabilities of its lines, and where it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.engine.protocol import Stop
from lsp_experts.engine.spelling import Spelling

Tokens = list[tuple[str, float]]
SURE = Stop(max_lines=9, least_probability=0.3)


def spelled(tokens: Tokens, stop: Stop) -> tuple[Spelling, tuple[str, str] | None, int]:
    """The spelling, its verdict and after how many tokens that came."""
    spelling = Spelling(stop)
    for count, (piece, probability) in enumerate(tokens, start=1):
        spelling.add(piece, probability)
        verdict = spelling.verdict()
        if verdict:
            return spelling, verdict, count
    return spelling, None, len(tokens)


@pytest.mark.parametrize(
    ("tokens", "stop", "text", "lines"),
    [
        ([("ab", 0.5), ("c", 0.5), ("\n", 0.5)], Stop(), "abc", (0.125,)),  # the break ended the line
        ([("a", 0.5), (")\n", 0.5)], Stop(), "a)", (0.25,)),
        ([("a", 0.5), ("\n    ", 0.5), ("b", 0.8), ("\n", 1.0)], Stop(max_lines=2), "a\n    b", (0.25, 0.8)),
        ([("a", 0.5), (";", 0.5)], Stop(texts=(";",)), "a", (0.5,)),  # what was cut away does not count
        ([("a", 0.5), ("b;", 0.5)], Stop(texts=(";",)), "ab", (0.25,)),
        ([("a", 0.5), ("\n", 0.5), ("}", 0.1)], Stop(max_lines=9, dedent_below=4), "a", (0.25,)),
        ([("a\nb", 0.5), ("c\n", 0.5)], Stop(max_lines=2), "a\nbc", (0.5, 0.5)),  # a token counts where it begins
        ([("a\n\n", 0.5), ("b", 0.5), ("\n", 0.5)], Stop(max_lines=3), "a\n\nb", (0.5, 1.0, 0.25)),
        ([("\n", 0.5)], Stop(), "", (0.5,)),
        ([("", 0.5), ("ä", 0.5), ("\n", 0.5)], Stop(), "ä", (0.125,)),  # the first half of a character
        ([("a ", 0.5)] + [("very ", 0.5)] * 10, Stop(), "a very ", (0.25,)),
    ],
)
def test_lines_have_the_product_of_their_tokens(
    tokens: Tokens, stop: Stop, text: str, lines: tuple[float, ...]
) -> None:
    spelling, verdict, count = spelled(tokens, stop)
    assert verdict is not None and count == len(tokens)
    assert (verdict[0], spelling.line_probabilities(text)) == (text, lines)


@pytest.mark.parametrize(
    ("tokens", "text", "said"),
    [
        ([("a", 0.5), ("b", 0.5), ("c", 1.0)], "ab", 2),  # the first line stays as far as it came
        ([("a", 0.5), ("\n", 0.5), ("b", 1.0)], "a", 2),
        ([("a", 0.5), ("\n", 1.0), ("b", 0.5), ("c", 0.5), ("d", 1.0)], "a", 4),  # a later one goes
        ([("a", 0.5), ("\n", 1.0), ("b", 0.5), ("\n", 1.0), ("c", 0.2)], "a\nb", 5),
        ([("a\nb", 0.2)], "a", 1),
    ],
)
def test_an_unsure_line_ends_it(tokens: Tokens, text: str, said: int) -> None:
    _, verdict, count = spelled(tokens, SURE)
    assert (verdict, count) == ((text, "unsure"), said)


def test_sure_lines_may_be_many() -> None:
    """Each line is judged alone: that the text as a whole is unlikely ends nothing."""
    assert spelled([("a", 0.5), ("\n", 1.0)] * 8, SURE)[1] is None
    assert spelled([("a", 0.0)], Stop())[1] is None


@given(st.lists(st.tuples(st.sampled_from(["a", "b ", "\n", "\n  ", ")\n", "c\nd", ""]), st.floats(0.1, 1))), st.data())
def test_a_line_has_one_probability(tokens: Tokens, data: st.DataObject) -> None:
    spelling = Spelling(Stop(max_lines=99, repetition=False))
    for token in tokens:
        spelling.add(*token)
    kept = spelling.text[: data.draw(st.integers(0, len(spelling.text)))]
    lines = spelling.line_probabilities(kept)
    assert len(lines) == len(kept.split("\n"))
    assert all(0 <= line <= 1 for line in lines)
