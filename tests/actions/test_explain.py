"""Explaining: never an edit, and no longer than asked for."""

from __future__ import annotations

import pytest
from actions.places import ScriptedFiles, place, run, titles
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.explain import ACTION, few_sentences
from lsp_experts.actions.outcome import Told
from lsp_experts.errors import ActionRefused

PY = "def f(a):\n    return a ‸+ 1\n"


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", PY, ["Explain f"]),
        ("python", "x = ‸1 + 2‸\n", ["Explain the selection"]),
        ("python", "x = 1‸\n", []),
        ("python", "x = 1\n‸\n\n‸", []),
        ("plaintext", "‸Some text.‸\n", []),
        ("no-such-language", "‸a b‸\n", ["Explain the selection"]),
    ],
)
def test_offers(language: str, marked: str, expected: list[str]) -> None:
    assert titles(ACTION, place(language, marked)) == expected


def test_its_kind_is_none_that_promises_an_edit() -> None:
    kind = ACTION.offers(place("python", PY), ScriptedFiles())[0].kind
    assert kind == "explain"


@pytest.mark.asyncio
async def test_it_is_told_with_the_expert_that_says_so() -> None:
    generator = ScriptedGenerator(" function adds one. It returns that.\n\n1. **Adds**: one")
    outcome = await run(ACTION, place("python", PY), generator)
    assert isinstance(outcome, Told)
    assert outcome.title == "Explain f"
    assert outcome.text.startswith("This function adds one. It returns that.\n\n*scripted")
    assert generator.followed[0].prose


@pytest.mark.asyncio
async def test_it_goes_on_where_a_list_was_to_come() -> None:
    generator = ScriptedGenerator(" adds one. Here is how:\n\n1. **Adds**", " takes a number. It returns another.")
    outcome = await run(ACTION, place("python", PY), generator)
    assert isinstance(outcome, Told)
    assert outcome.text.startswith("This adds one. It takes a number. It returns another.\n\n")
    assert generator.followed[1].answer == "This adds one. It"
    outcome = await run(ACTION, place("python", PY), ScriptedGenerator(" adds one.", ""))
    assert isinstance(outcome, Told)
    assert outcome.text.startswith("This adds one.\n\n")


@pytest.mark.asyncio
async def test_no_answer_is_refused() -> None:
    with pytest.raises(ActionRefused):
        await run(ACTION, place("python", PY), ScriptedGenerator("\n"))


@pytest.mark.asyncio
async def test_too_much_is_refused_before_an_expert_is_asked() -> None:
    generator = ScriptedGenerator("never")
    with pytest.raises(ActionRefused, match="too long"):
        await run(ACTION, place("python", "‸" + "x = 12345\n" * 500 + "‸"), generator)
    assert not generator.asked


@pytest.mark.parametrize(
    ("text", "finished", "expected"),
    [
        ("It adds. It returns.", True, "It adds. It returns."),
        ("It adds. It retu", False, "It adds."),
        ("It retu", False, "It retu"),
        ("It adds. It adds. It adds. It retu", False, "It adds."),
        ("It adds. Here is how:", True, "It adds."),
        ("It adds, e.g. Two and `a.b`. It ends.", True, "It adds, e.g. Two and `a.b`. It ends."),
        ("It adds.\n```python\nx = 1\n```\nIt ends.", True, "It adds. It ends."),
        ("It adds.\n```python\nx = 1", False, "It adds."),
        (" ".join(f"It says {word}." for word in "abcdefgh"), True, "It says a. It says b. It says c. It says d. "
         "It says e. It says f."),
        ("", True, ""),
    ],
)  # fmt: skip
def test_few_sentences(text: str, finished: bool, expected: str) -> None:
    assert few_sentences(text, finished=finished) == expected
