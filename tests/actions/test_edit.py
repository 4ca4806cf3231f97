"""Changes what is selected by an instruction."""

from __future__ import annotations

import pytest
from actions.places import applied, place
from actions.scripted import Answer, ScriptedGenerator

from lsp_experts.actions.edit import edit
from lsp_experts.errors import ActionRefused

MEAN = (
    "import os\n\n\ndef mean(values):\n    total = sum(values)\n    return total / len(values)\n\n\nprint(mean([1]))\n"
)


async def check(
    marked: str, instruction: str, expected: str, *answers: Answer, language: str = "python", shown: str = ""
) -> None:
    """The text is `expected` then; `shown` is part of the block that the expert was asked to rewrite."""
    generator = ScriptedGenerator(*answers)
    at = place(language, marked)
    outcome = await edit(at, instruction, generator, lambda sentence: None)
    assert applied(at.text, outcome) == expected
    assert [change.version for change in outcome.changes] == [1]
    assert shown in generator.followed[0].asked
    assert instruction in generator.followed[0].asked.rpartition("```")[2]  # behind the code, so that it is followed


@pytest.mark.parametrize(
    "marked",
    [
        "a = 1\nb = ol‸d‸(2)\nc = 3\n",
        "a = 1\n‸b = old(2)\n‸c = 3\n",
        "a = 1\nb = o‸ld(2)\nc = 3\n",
    ],
)
@pytest.mark.asyncio
async def test_whole_lines(marked: str) -> None:
    await check(marked, "use new", "a = 1\nb = new(2)\nc = 3\n", "b = new(2)\n", shown="\n```python\nb = old(2)\n```")


@pytest.mark.asyncio
async def test_the_function_at_the_cursor() -> None:
    marked = MEAN.replace("total = sum", "to‸tal = sum")
    new = "def mean(values):\n    return sum(values) / len(values)\n"
    expected = MEAN.replace("    total = sum(values)\n    return total", "    return sum(values)")
    await check(marked, "Inline the variable", expected, new, shown="def mean(values):\n    total")


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("a = 1\r\nb‸ = old(2)\r\n", "a = 1\r\nb = new(2)\r\n"),
        ("def f():\n\tb‸ = old(2‸)\n\treturn 1\n", "def f():\n\tb = new(2)\n\treturn 1\n"),
        ("# 😀\nb‸ = old(2)", "# 😀\nb = new(2)"),
    ],
)
@pytest.mark.asyncio
async def test_as_the_document_is_written(marked: str, expected: str) -> None:
    await check(marked, "use new", expected, "b = new(2)\n")


@pytest.mark.asyncio
async def test_without_a_grammar() -> None:
    await check("one\ntwo‸\nthree\n", "Say it in German", "one\nzwei\nthree\n", "zwei\n", language="plaintext")


@pytest.mark.parametrize(
    ("marked", "instruction", "said", "expected"),
    [
        ("a = 1\n‸\nb = 2\n", "add a print", "print(a)\n", "a = 1\nprint(a)\nb = 2\n"),
        ("def f(a):\n    ‸\n    return a\n", "Add a check", "if not a:\n    raise ValueError\n",
         "def f(a):\n    if not a:\n        raise ValueError\n    return a\n"),
        ("def f(a):\r\n\ta = 1\r\n‸\r\n\treturn a\r\n", "insert b", "b = 2\nc = 3\n",
         "def f(a):\r\n\ta = 1\r\n\tb = 2\r\n\tc = 3\r\n\treturn a\r\n"),
        ("‸", "write hello", "print('hello')", "print('hello')"),
        ("a = 1\n‸\nb = 2\n", "print a", "a = 1\nprint(a)\nb = 2\n", "a = 1\nprint(a)\nb = 2\n"),
    ],
)  # fmt: skip
@pytest.mark.asyncio
async def test_new_code_at_an_empty_line(marked: str, instruction: str, said: str, expected: str) -> None:
    await check(marked, instruction, expected, said)


@pytest.mark.asyncio
async def test_the_label_is_one_short_line() -> None:
    at = place("python", "b‸ = old(2)\n")
    outcome = await edit(at, "use\nnew " + "very " * 40, ScriptedGenerator("b = new(2)"), lambda sentence: None)
    assert outcome.label.startswith("Edit: use new very")
    assert len(outcome.label) <= 66
    assert "\n" not in outcome.label


@pytest.mark.parametrize("marked", ["a‸ = 1\n", "a = 1\n‸\n"])
@pytest.mark.parametrize("answer", ["I cannot do that, as it is not possible here.", "a = (\n", ""])
@pytest.mark.asyncio
async def test_refused_after_two_flaws(marked: str, answer: str) -> None:
    with pytest.raises(ActionRefused, match="nothing was changed"):
        await check(marked, "add more", "", answer, answer)


@pytest.mark.parametrize(("instruction", "reason"), [(" ", "empty"), ("y" * 2001, "2,000 are the most")])
@pytest.mark.asyncio
async def test_refused_instructions(instruction: str, reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await check("a‸ = 1\n", instruction, "")
