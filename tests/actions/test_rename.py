"""Better names: only variables that nobody outside knows, at every place, by the tree."""

from __future__ import annotations

import pytest
from actions.places import applied, place, run, titles
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.rename import ACTION
from lsp_experts.errors import ActionRefused

PY = "def f(t):\n    d = {}\n    for w in t:\n        d[w] = f'{d} 😀 {w}'\n    return d\n"
JS = "‸function f(a, b) {\n  const x = a.b;\n  return x.x + b;\n}‸\n"


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", f"‸{PY}‸", ["Give better names in f"]),
        ("python", PY.replace("d = {}", "d‸ = {}"), []),
        ("python", "‸x = 1\ny = x‸\n", []),
        ("python", "‸def f(a, b):\n    total = a\n    return total‸\n", []),
        ("ruby", "‸def f(a)\n  x = a\n  x\nend‸\n", []),
        ("no-such-language", "‸x = 1‸\n", []),
        ("javascript", JS, ["Give better names in f"]),
    ],
)
def test_offers(language: str, marked: str, expected: list[str]) -> None:
    assert titles(ACTION, place(language, marked)) == expected


async def check(language: str, marked: str, answers: list[str], expected: str) -> Edited:
    at = place(language, marked)
    outcome = await run(ACTION, at, ScriptedGenerator(*answers))
    assert isinstance(outcome, Edited)
    assert applied(at.text, outcome) == expected
    return outcome


@pytest.mark.asyncio
async def test_every_place_of_a_name_changes() -> None:
    expected = "def f(t):\n    counts = {}\n    for word in t:\n"
    expected += "        counts[word] = f'{counts} 😀 {word}'\n    return counts\n"
    outcome = await check("python", f"‸{PY}‸", [" counts", " `word`, the key"], expected)
    assert outcome.note == "d -> counts, w -> word"


@pytest.mark.asyncio
async def test_members_of_the_same_name_stay() -> None:
    await check(
        "javascript",
        JS,
        [" first_thing", " second", " sum"],
        "function f(firstThing, second) {\n  const sum = firstThing.b;\n  return sum.x + second;\n}\n",
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([" class", " word"], "w"),  # a keyword
        ([" f", " word"], "w"),  # the function's own name
        ([" print", " word"], "w"),
        ([" t", " word"], "w"),  # a parameter
        ([" d", " word"], "w"),  # the same
        (["", " word"], "w"),
        ([" 1st", " word"], "w"),
        ([" " + "x" * 60, " word"], "w"),
        ([" word", " word"], "d"),  # one only
    ],
)
async def test_a_name_that_does_not_go_is_left_as_it_is(answers: list[str], expected: str) -> None:
    new = PY.replace("    return d\n", "    print(1)\n    return d\n")
    at = place("python", f"‸{new}‸")
    outcome = await run(ACTION, at, ScriptedGenerator(*answers))
    assert isinstance(outcome, Edited)
    assert outcome.note == f"{expected} -> word"


@pytest.mark.asyncio
async def test_no_better_name_is_refused() -> None:
    with pytest.raises(ActionRefused, match="no better names"):
        await run(ACTION, place("python", f"‸{PY}‸"), ScriptedGenerator(" d", " class"))


@pytest.mark.asyncio
async def test_each_name_is_asked_for_behind_those_before() -> None:
    generator = ScriptedGenerator(" counts\nand more", " word")
    await run(ACTION, place("python", f"‸{PY}‸"), generator)
    assert [each.answer for each in generator.followed] == ["d ->", "d -> counts\nw ->"]
