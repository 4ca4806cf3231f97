"""A review over the real pool, supervisor and pipe, with the fake engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from completion.completer_stand import BASE, INTERPRETER, Stand, open_stand

from lsp_experts.actions.generator import Generator
from lsp_experts.actions.review.document_reviews import DocumentReviews
from lsp_experts.actions.review.finding import Review
from lsp_experts.completion.document import DocumentView
from lsp_experts.errors import ActionRefused, EngineError
from lsp_experts.settings import Settings

TEXT = "package a\n\nfunc f(n int) int {\n\tif n > 1 {\n\t\treturn n\n\t}\n\treturn 0\n}\n"
GO = DocumentView("file:///w/a.go", "go", 1, TEXT)


@asynccontextmanager
async def reviews(
    *installed: str, faults: tuple[str, ...] = (), settings: Settings | None = None
) -> AsyncIterator[tuple[Stand, DocumentReviews]]:
    """Reviews with `installed` experts."""
    async with open_stand(*installed, faults=faults, settings=settings) as stand:
        completer = stand.completer
        generator = Generator(completer.routes, stand.pool, stand.engine, lambda: completer.settings)
        yield (
            stand,
            DocumentReviews(completer.documents, generator, completer.routes.catalogue, lambda: completer.settings),
        )


async def review(ours: DocumentReviews, view: DocumentView = GO) -> Review:
    return await asyncio.wait_for(ours.review(view, 0, len(view.text), lambda sentence: None), 60)


@pytest.fixture(autouse=True)
def surprising(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_SURPRISE", json.dumps({">": 0.0001, " >": 0.0001, "> ": 0.0001}))


@pytest.mark.asyncio
async def test_the_languages_expert_finds_what_it_does_not_expect() -> None:
    async with reviews("go-carved", BASE) as (_, ours):
        found = await review(ours)
    assert found.expert == "go-carved"
    (slip,) = found.findings
    assert (slip.actual, TEXT[slip.start : slip.end]) == (">", ">")
    assert slip.replacement in ("<", ">=", "<=")
    assert slip.delta > 6
    assert (found.lines, found.whole) == (8, True)
    assert found.tokens > 0


@pytest.mark.asyncio
async def test_a_budget_of_none_shows_nothing() -> None:
    async with reviews("go-carved", settings=replace(Settings(), review_budget=0.0)) as (_, ours):
        found = await review(ours)
    assert (found.findings, len(found.candidates)) == ((), 1)


@pytest.mark.parametrize(
    ("installed", "view", "reason"),
    [
        ((), GO, "No installed expert fills in go"),
        ((INTERPRETER,), GO, "No installed expert fills in go"),
        (("go-carved",), replace(GO, uri="file:///w/.env"), "secrets file"),
        (("go-carved",), replace(GO, text=TEXT + "x" * 30_000), "line too long"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_refused(installed: tuple[str, ...], view: DocumentView, reason: str) -> None:
    async with reviews(*installed) as (_, ours):
        with pytest.raises(ActionRefused, match=reason):
            await review(ours, view)


@pytest.mark.asyncio
async def test_an_expert_that_cannot_come_in_gives_its_turn_to_the_next() -> None:
    async with reviews("go-carved", BASE, faults=("oom:go-carved",)) as (_, ours):
        found = await review(ours)
    assert (found.expert, len(found.findings)) == (BASE, 1)


@pytest.mark.asyncio
async def test_an_engine_that_dies_is_told() -> None:
    async with reviews("go-carved", faults=("die:SIGKILL@score",)) as (_, ours):
        with pytest.raises((EngineError, ActionRefused)):
            await review(ours)


@pytest.mark.asyncio
async def test_cancelling_ends_what_is_being_asked() -> None:
    async with reviews("go-carved", faults=("slow_prompt:20ms",)) as (stand, ours):
        begun = asyncio.Event()
        task = asyncio.ensure_future(ours.review(GO, 0, len(TEXT), lambda sentence: begun.set()))
        await asyncio.wait_for(begun.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(stand.pool.settled(), 20)
        assert (await asyncio.wait_for(stand.engine.state(), 20)).waiting == 0
