"""Rewriting by an expert: what is taken of its answers, when it is asked again, and when it is refused."""

from __future__ import annotations

import pytest
from actions.places import place
from actions.scripted import Answer, ScriptedGenerator

from lsp_experts.actions.generator import Said
from lsp_experts.actions.rewriting import MOST_CHARS, rewritten
from lsp_experts.errors import ActionRefused

PY = "import os\n\n\nclass A:\n    ‸def f(self, a):\n        return a + 0‸\n\n    def g(self):\n        return 2\n"
NEW = "def f(self, a):\n    return a"
INDENTED = "    def f(self, a):\n        return a"


async def ask(
    marked: str, *answers: Answer, language: str = "python", instruction: str = "Simplify this."
) -> tuple[str, ScriptedGenerator]:
    at, generator = place(language, marked), ScriptedGenerator(*answers)
    start, end = at.lines
    text = await rewritten(at, start, end, instruction, generator, progress=lambda sentence: None)
    return text, generator


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answers",
    [
        (NEW,),
        (f"{NEW}\n```\nIt is simpler now than before.",),
        (f"Here is the new code:\n\n```python\n{NEW}\n```", NEW),
        (Said(f"Here is the new code:\n\n```python\n{NEW}\n```", True, "scripted"),),
        (INDENTED,),
        (f"Simplify this:\n{NEW}",),
        (NEW.replace("    ", "\t"),),
        (f"1: {NEW.splitlines()[0]}\n2: {NEW.splitlines()[1]}",),
        ("I can do that for you, with pleasure.", NEW),
        ("def f(self, a):\n    return (a", NEW),
        ("def f(self, a):\n    return a + 0", NEW),
        ("", NEW),
        ("def h(self, a):\n    return a", NEW),
        ("def f(self, a):\n" + "    x = 1\n" * 8 + "    return a", NEW),
        (Said(NEW, False, "scripted"), NEW),
    ],
)
async def test_an_answer_is_cleaned_and_a_flaw_is_asked_for_again(answers: tuple[Answer, ...]) -> None:
    text, generator = await ask(PY, *answers)
    assert text == INDENTED
    assert len(generator.asked) == len(answers)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (("def f(self, a):\n    return (a",) * 2, "it has a syntax error in line 2 (twice)"),
        (("def f(self, a):\n    return a + 0",) * 2, "it changes nothing (twice)"),
        (("There is nothing to be done here.",) * 2, "it holds no code (twice)"),
        (("def h(self, a):\n    return a",) * 2, "it drops f (twice)"),
        ((f"{NEW}\n\ndef g(self):\n    return 2",) * 2, "it repeats g (twice)"),
        ((Said(NEW, False, "scripted"),) * 2, "it did not come to an end (twice)"),
        (
            ("def f(self, a):\n    return (a", ""),
            "it has a syntax error in line 2, and when asked again it holds no code",
        ),
    ],
)
async def test_two_answers_with_a_flaw_are_refused(answers: tuple[Answer, ...], reason: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        await ask(PY, *answers)
    assert f"{reason}; nothing was changed" in str(refused.value)


@pytest.mark.asyncio
async def test_the_second_question_shows_the_answer_and_its_flaw() -> None:
    _, generator = await ask(PY, "def f(self, a):\n    return (a", NEW)
    first, second = generator.followed
    assert first.answer == second.answer == "```python\n"
    assert second.turns[: len(first.turns)] == first.turns
    assert "def f(self, a):\n    return (a" in second.turns[-2].text
    assert "it has a syntax error in line 2" in second.turns[-1].text


@pytest.mark.asyncio
async def test_that_it_is_tried_again_is_said_once() -> None:
    at, generator = place("python", PY), ScriptedGenerator("", "")
    heard: list[str] = []
    with pytest.raises(ActionRefused):
        await rewritten(at, *at.lines, "Simplify this.", generator, progress=heard.append)
    assert [sentence for sentence in heard if "again" in sentence] == ["scripted tries again: it holds no code"]


@pytest.mark.asyncio
async def test_the_code_is_shown_without_its_margin_and_nothing_round_it() -> None:
    _, generator = await ask(PY, NEW)
    assert "```python\ndef f(self, a):\n    return a + 0\n```" in generator.followed[0].asked
    assert "import os" not in generator.followed[0].asked


@pytest.mark.asyncio
async def test_what_is_asked_for_may_be_renamed_or_removed() -> None:
    text, _ = await ask(PY, "def h(self, a):\n    return a + 0", instruction="Rename f to h.")
    assert text == "    def h(self, a):\n        return a + 0"
    both = "‸def f():\n    return 1\n\n\ndef g():\n    return 2‸\n"
    text, _ = await ask(both, "def g():\n    return 2", instruction="Remove f.")
    assert text == "def g():\n    return 2"
    with pytest.raises(ActionRefused, match="it drops f"):
        await ask(both, *["def g():\n    return 2"] * 2, instruction="Make f faster.")


@pytest.mark.asyncio
async def test_line_breaks_and_tabs_stay_those_of_the_document() -> None:
    marked = "package a\r\n\r\nfunc f() int {\r\n‸\tx := 1\r\n\treturn x + 0\r\n‸}\r\n"
    text, generator = await ask(marked, "x := 1\nreturn x", language="go")
    assert text == "\tx := 1\r\n\treturn x"
    assert "\r" not in generator.followed[0].asked


@pytest.mark.asyncio
async def test_without_a_grammar_the_rest_is_checked() -> None:
    text, _ = await ask("‸a = (1 + 0‸\n", "a = 1", language="no-such-language")
    assert text == "a = 1"
    with pytest.raises(ActionRefused, match="it holds no code"):
        await ask("‸a = 1‸\n", *["That is all there is to say."] * 2, language="no-such-language")


@pytest.mark.asyncio
async def test_too_long_a_stretch_is_refused_before_an_expert_is_asked() -> None:
    lines = MOST_CHARS // 10 + 2
    with pytest.raises(ActionRefused) as refused:
        await ask("‸" + "x = 12345\n" * lines + "‸", "never asked")
    assert refused.value.message.startswith(f"The {lines} selected lines are too long")
    assert refused.value.remedy == f"The first {MOST_CHARS // 10} would fit."


@pytest.mark.asyncio
async def test_a_further_check_counts() -> None:
    at, generator = place("python", PY), ScriptedGenerator(NEW, NEW)
    with pytest.raises(ActionRefused, match="it is not mine"):
        await rewritten(
            at, *at.lines, "Do.", generator, progress=lambda sentence: None, also=lambda text: "it is not mine"
        )
