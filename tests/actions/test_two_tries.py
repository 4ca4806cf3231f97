"""An expert is asked twice at most, and what is wrong is told to it and to the user."""

from __future__ import annotations

import pytest
from actions.scripted import EXPERT, ScriptedGenerator

from lsp_experts.actions.flaws import UNCHANGED
from lsp_experts.actions.generator import Said
from lsp_experts.actions.two_tries import Asked, fit_answer
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused

STOP = Stop(max_tokens=40, max_lines=400)


async def ask(flaws: dict[str, str], *answers: str, unchanged: str = "") -> tuple[str, list[str], ScriptedGenerator]:
    """What is taken of the answers, what the user is told meanwhile (but for who writes), and what was asked."""

    def read(said: Said) -> tuple[str, str, str]:
        return said.text.upper(), said.text, flaws.get(said.text, "")

    generator, heard = ScriptedGenerator(*answers), list[str]()
    asked = Asked("go", "Do it.", "```go\n", STOP, read, "Once more.", unchanged)
    try:
        meant = await fit_answer(asked, generator, heard.append)
    except ActionRefused as refused:
        meant = refused.message
    return meant, [each for each in heard if "writing" not in each], generator


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("flaws", "expected"),
    [
        ({"b": "it is b"}, "A"),
        ({"a": "it is a"}, "B"),
        (
            {"a": "it is a", "b": "it is b"},
            f"What {EXPERT} wrote is not fit: it is a, and when asked again it is b; nothing was changed.",
        ),
        ({"a": "bad", "b": "bad"}, f"What {EXPERT} wrote is not fit: bad (twice); nothing was changed."),
    ],
)
async def test_the_first_fit_answer_of_two(flaws: dict[str, str], expected: str) -> None:
    meant, heard, generator = await ask(flaws, "a", "b", "c")
    assert meant == expected
    assert heard == [f"{EXPERT} tries again: {flaw}" for answer, flaw in flaws.items() if answer == "a"]
    assert len(generator.asked) == 1 + len(heard)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("flaw", "unchanged", "told"),
    [
        ("it is a", "Do change it.", "That is not right: it is a. Once more."),
        (UNCHANGED, "Do change it.", "That is the same code. Do change it."),
        (UNCHANGED, "", f"That is not right: {UNCHANGED}. Once more."),
    ],
)
async def test_the_flaw_is_told_behind_the_answer(flaw: str, unchanged: str, told: str) -> None:
    _, _, generator = await ask({"a": flaw}, "a", "b", unchanged=unchanged)
    first, second = generator.followed
    assert second.turns[:-2] == first.turns
    assert [turn.text for turn in second.turns[-2:]] == ["```go\na\n```", told]


@pytest.mark.asyncio
async def test_a_long_answer_is_shown_in_part() -> None:
    long = "x = 1\n" * 300
    _, _, generator = await ask({long: "it is long"}, long, "b")
    shown = generator.followed[1].turns[-2].text
    assert shown.startswith("```go\nx = 1\nx = 1\n")
    assert len(shown) < len(long)
