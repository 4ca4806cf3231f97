"""Answers a question about the selection or the file."""

from __future__ import annotations

import pytest
from actions.places import place
from actions.scripted import Answer, ScriptedGenerator

from lsp_experts.actions.ask import ask, readable
from lsp_experts.actions.generator import Said
from lsp_experts.actions.outcome import Told
from lsp_experts.errors import ActionRefused

LONG = "".join(f"def f{number}(a, b):\n    return a * {number} + b\n\n\n" for number in range(150))


async def answered(
    marked: str, question: str = "What is this?", *answers: Answer, language: str = "python", whole: bool = False
) -> tuple[Told, str]:
    """What is told, and what was asked."""
    generator = ScriptedGenerator(*(answers or ("It adds.",)))
    told = await ask(place(language, marked), question, whole, generator, lambda sentence: None)
    assert generator.followed[0].prose
    return told, generator.followed[0].asked


@pytest.mark.asyncio
async def test_about_the_selected_lines() -> None:
    told, asked = await answered("a = 1\nb‸ = f‸(2)\nc = 3\n", "Why  f?")
    assert "```python\nb = f(2)\n```" in asked
    assert "a = 1" not in asked
    assert told.title == "Why f?"
    assert told.text.startswith("It adds.\n")


@pytest.mark.parametrize(
    ("marked", "whole"), [("a = 1\n‸b = 2\n", False), ("a = 1\n‸b‸ = 2\n", True), ("‸ \n‸a = 1\nb = 2", False)]
)
@pytest.mark.asyncio
async def test_about_the_file(marked: str, whole: bool) -> None:
    _, asked = await answered(marked, whole=whole)
    assert "a = 1" in asked
    assert "b = 2" in asked


@pytest.mark.asyncio
async def test_of_a_long_file_what_is_round_the_cursor_and_an_outline() -> None:
    _, asked = await answered(LONG.replace("a * 75", "a ‸* 75"))
    assert "def f75(a, b):\n    return a * 75 + b" in asked
    assert "def f0(a, b)" in asked.split("The rest of it defines")[1]
    assert "return a * 149" not in asked
    assert len(asked) < 6000


@pytest.mark.parametrize("language", ["plaintext", "", "python"])
@pytest.mark.asyncio
async def test_a_long_line_or_no_grammar(language: str) -> None:
    _, asked = await answered("‸" + "é😀" * 100_000, language=language)
    assert len(asked.encode()) < 6000


@pytest.mark.asyncio
async def test_a_fence_in_the_code_does_not_end_it() -> None:
    _, asked = await answered("‸```\nx\n```\n", language="markdown")
    assert "````markdown" in asked


@pytest.mark.parametrize(
    ("question", "reason"),
    [("", "empty"), (" \n", "empty"), ("x" * 2001, "2,001 characters")],
)
@pytest.mark.asyncio
async def test_refused_questions(question: str, reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await answered("‸a", question)


@pytest.mark.asyncio
async def test_a_selection_that_is_too_long_is_refused() -> None:
    with pytest.raises(ActionRefused, match="too long"):
        await answered(f"‸{LONG}‸")


@pytest.mark.asyncio
async def test_no_answer_is_no_answer() -> None:
    with pytest.raises(ActionRefused, match="no answer"):
        await answered("‸a", "What?", " \n")


def check(said: str, expected: str, *, finished: bool = True) -> None:
    """What is left of an answer."""
    assert readable(said, finished=finished) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("One. Two. Thr", "One. Two."),
        ("One.\n\nTwo", "One."),
        ("It is `a.b` and", ""),
        ("See:\n\n```python\na = 1\nb =", "See:\n\n```python\na = 1\n```"),
        ("See:\n\n```python\na =", "See:"),
        ("", ""),
    ],
)
def test_an_unfinished_answer_ends_with_a_sentence(said: str, expected: str) -> None:
    check(said, expected, finished=False)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("It adds.\r\nIt is quick.", "It adds.\nIt is quick."),
        ("It adds.\n\nIt is quick.\n\nIt adds.\n\nIt is", "It adds.\n\nIt is quick."),
        ("```\na\na\n```\nTwice.", "```\na\na\n```\nTwice."),
        ("```py\na", "```py\na\n```"),
        ("Fine:\n```py", "Fine:"),
        ("  Fine \n\n", "Fine"),
    ],
)
def test_a_finished_answer(said: str, expected: str) -> None:
    check(said, expected)


@pytest.mark.asyncio
async def test_an_answer_that_was_cut_off() -> None:
    told, _ = await answered("‸a", "What?", Said("It adds. And th", False, "small"))
    assert told.text == "It adds.\n\n*small: a small model, which may be wrong.*"
