"""What the interpreter says of a task is believed only where it can be checked."""

from __future__ import annotations

import pytest
from actions.scripted import EXPERT, ScriptedGenerator

from lsp_experts.actions.generator import Said
from lsp_experts.actions.tasks.by_interpreter import SMALL_BYTES, Answered, ask_interpreter, read
from lsp_experts.actions.tasks.split import Step, Target
from lsp_experts.errors import ActionRefused

TASK = "Add the field age to server.go, and show the age on the page."
GO = Target("go", "server.go", "go", (("User", "type User struct"),), named=True)
HTML = Target("html", "web/index.html", "html")
FILES = (GO, HTML)
GOOD = "server.go: add the field age\nweb/index.html: show the age"
STEPS = (Step("go", "add the field age"), Step("html", "show the age"))


def quiet(sentence: str) -> None:
    return None


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"\n{GOOD}\n\n",
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("server", "1. server").replace("web", "2. web"),
        "- `server.go`: add the field age\n- **web/index.html**: show the age",
    ],
)
def test_a_list_of_files_and_steps_is_taken(answer: str) -> None:
    assert read(answer, TASK, FILES) == Answered(STEPS)


@pytest.mark.parametrize(
    ("answer", "why_not"),
    [
        ("", "named no file"),
        ("Sure! Here are the steps:\n" + GOOD, "was not a list"),
        ("First add the age.", "was not a list"),
        (GOOD + "\nstyles.css: show the age in red", "named styles.css, which is not one of the files"),
        (GOOD + "\n/etc/passwd: show the age", "named /etc/passwd"),
        ("web/index.html: show the age", "left out server.go"),
        ("server.go:", "for server.go was empty"),
        ("server.go: " + "age " * 40, "for server.go was longer than the task"),
        ("server.go: return null", "for server.go spoke of something else"),
        ("\n".join(["server.go: show the age"] * 9), "more than 8 steps"),
    ],
)
def test_anything_else_is_not(answer: str, why_not: str) -> None:
    found = read(answer, TASK, FILES)
    assert found.steps == ()
    assert why_not in found.why_not


async def asked(generator: ScriptedGenerator) -> Answered:
    return await ask_interpreter(TASK, FILES, "go", generator, quiet)


@pytest.mark.asyncio
async def test_it_sees_the_files_and_their_outlines() -> None:
    generator = ScriptedGenerator(GOOD)
    assert await asked(generator) == Answered(STEPS)
    (question,) = generator.followed
    assert question.prose
    assert "- server.go (go): type User struct\n- web/index.html (html): no definitions" in question.asked
    assert TASK in question.asked


@pytest.mark.asyncio
async def test_many_definitions_are_bounded() -> None:
    generator = ScriptedGenerator(GOOD)
    many = tuple((f"f{number}", f"func f{number}() " + "x" * 50) for number in range(1000))
    targets = tuple(Target(f"u{each}", f"{each}.go", "go", many) for each in range(8))
    await ask_interpreter(TASK, targets, "go", generator, quiet)
    assert len(generator.followed[0].asked) < 4000


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("generator", "why_not", "questions"),
    [
        (ScriptedGenerator(GOOD, size_bytes=SMALL_BYTES - 1), f"{EXPERT} is too small to be asked", 0),
        (ScriptedGenerator(GOOD, follows=False), "no installed expert follows instructions", 0),
        (ScriptedGenerator(ActionRefused("too long")), "the interpreter was not able to: too long", 1),
        (ScriptedGenerator(Said(GOOD, False, EXPERT)), "the answer did not end", 1),
    ],
)
async def test_who_is_not_asked_and_what_fails(generator: ScriptedGenerator, why_not: str, questions: int) -> None:
    assert await asked(generator) == Answered(why_not=why_not)
    assert len(generator.asked) == questions
