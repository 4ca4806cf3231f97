"""The quick fix of a review's finding."""

from __future__ import annotations

from typing import Any

import pytest
from actions.places import ScriptedFiles, applied, job, place, run, titles
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.apply_finding import ACTION
from lsp_experts.actions.place import Problem
from lsp_experts.errors import ActionRefused

TEXT = "if ‸a < b:\n    pass\n"


def found(start: int, end: int, replacement: str | None) -> Problem:
    return Problem(start, end, "`<` looks unusual here", "LSP Experts", "review", replacement)


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        ([found(5, 6, "<=")], ["Replace `<` by `<=`"]),
        ([found(3, 5, "")], ["Remove `a`"]),
        ([found(3, 8, "b < a"), found(5, 6, ">")], ["Replace `a < b` by `b < a`", "Replace `<` by `>`"]),
        ([found(5, 6, None)], []),
        ([found(5, 5, "x")], []),
        ([found(500, 600, "x")], []),
        ([], []),
    ],
)
def test_offers(problems: list[Problem], expected: list[str]) -> None:
    assert titles(ACTION, place("python", TEXT, problems=problems)) == expected


def test_an_offer_names_the_problem_it_is_for() -> None:
    at = place("python", TEXT, problems=["of another server", found(5, 6, "<=")])
    assert [offer.fixes for offer in ACTION.offers(at, ScriptedFiles())] == [(1,)]


@pytest.mark.asyncio
async def test_it_replaces_just_that() -> None:
    at = place("python", TEXT, version=7, problems=[found(5, 6, "<=")])
    outcome = await run(ACTION, at, ScriptedGenerator())
    assert applied(at.text, outcome) == "if a <= b:\n    pass\n"
    assert [change.version for change in outcome.changes] == [7]


@pytest.mark.asyncio
async def test_line_ends_stay_what_they_are() -> None:
    at = place("python", "f(‸a,\r\n  b)\r\n", problems=[found(2, 9, "b,\n  a")])
    outcome = await run(ACTION, at, ScriptedGenerator())
    assert applied(at.text, outcome) == "f(b,\r\n  a)\r\n"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"start": 5, "end": 6, "actual": ">", "replacement": "<="},
        {"start": -14, "end": -13, "actual": "<", "replacement": "<="},
        {"start": -9, "end": 6, "actual": "<", "replacement": "<="},
        {"start": "5", "end": 6, "actual": "<", "replacement": "<="},
        {"start": 5, "end": 6, "actual": "<", "replacement": 3},
        {"start": 500, "end": 600, "actual": "<", "replacement": "x"},
    ],
)
@pytest.mark.asyncio
async def test_what_does_not_fit_the_text_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ActionRefused, match="has changed"):
        await ACTION.run(job(place("python", TEXT), ScriptedGenerator(), data=data))
