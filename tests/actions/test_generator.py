"""An expert speaks for an action: over the real pool, supervisor and pipe, with the fake engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from completion.completer_stand import BASE, GO, INTERPRETER, Stand, open_stand, says, view

from lsp_experts.actions.generator import Generator, Hole
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused

HOLE = Hole("func a() {\n", "}\n", "\t")
TURNS = (Turn("user", "Do it."),)
LONG = Stop(max_tokens=200, max_lines=40)


@asynccontextmanager
async def generator(
    *installed: str, faults: tuple[str, ...] = (), **more: int
) -> AsyncIterator[tuple[Stand, Generator]]:
    """A generator for `installed` experts."""
    async with open_stand(*installed, faults=faults, **more) as stand:
        completer = stand.completer
        yield stand, Generator(completer.routes, stand.pool, stand.engine, lambda: completer.settings)


@pytest.mark.asyncio
async def test_it_waits_for_the_languages_expert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "return 1"}))
    told: list[str] = []
    async with generator("go-carved", BASE, INTERPRETER) as (stand, ours):
        said = await asyncio.wait_for(ours.fill("go", HOLE, LONG, progress=told.append), 20)
        assert (said.text, said.expert, said.finished) == ("return 1", "go-carved", True)
        request = stand.engine.asked[-1]
        assert (request.priority, request.gives_way, request.whole) == (5, True, False)
        assert [part.text for part in request.segments if not part.control] == ["func a() {\n", "}\n", "\t"]
    assert told[0] == "the expert is being made ready"
    assert told[-1] == "go-carved has written 1 line"


@pytest.mark.asyncio
async def test_an_instruction_is_spelled_by_our_own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"*": "done"}))
    async with generator("go-carved", BASE, INTERPRETER) as (stand, ours):
        said = await asyncio.wait_for(ours.follow("go", TURNS, LONG, answer="```go\n"), 20)
        assert (said.text, said.expert) == ("done", "go-carved")
        request = stand.engine.asked[-1]
        spelled = "".join(part.text for part in request.segments)
        assert spelled == "<|im_start|>user\nDo it.<|im_end|>\n<|im_start|>assistant\n```go\n"
        assert request.whole
        prose = await asyncio.wait_for(ours.follow("go", TURNS, LONG, prose=True), 20)
        assert prose.expert == BASE


@pytest.mark.parametrize(
    ("installed", "problem", "remedy"),
    [
        ((), "No installed expert follows instructions.", "lsp-experts pull qwen2.5-coder-0.5b"),
        (("starcoder2-3b",), "No installed expert follows instructions.", "lsp-experts pull qwen2.5-coder-0.5b"),
    ],
)
@pytest.mark.asyncio
async def test_who_cannot_follow_says_what_to_pull(installed: tuple[str, ...], problem: str, remedy: str) -> None:
    async with generator(*installed) as (_, ours):
        assert not ours.can_follow("go")
        with pytest.raises(ActionRefused, match=problem) as refused:
            await ours.follow("go", TURNS, LONG)
        assert remedy in refused.value.remedy


@pytest.mark.asyncio
async def test_an_expert_that_cannot_come_in_gives_its_turn_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({BASE: "return 2"}))
    async with generator("go-carved", BASE, faults=("oom:go-carved",)) as (_, ours):
        said = await asyncio.wait_for(ours.fill("go", HOLE, LONG), 20)
        assert (said.text, said.expert) == ("return 2", BASE)


@pytest.mark.asyncio
async def test_if_none_comes_in_it_says_why() -> None:
    async with generator("go-carved", faults=("oom:go-carved",)) as (_, ours):
        with pytest.raises(ActionRefused, match="No expert could be made ready"):
            await asyncio.wait_for(ours.fill("go", HOLE, LONG), 20)


@pytest.mark.asyncio
async def test_an_engine_that_dies_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"*": "return 3"}))
    async with generator("go-carved", faults=("die@token1", f"once:{tmp_path / 'died'}")) as (_, ours):
        said = await asyncio.wait_for(ours.fill("go", HOLE, LONG), 20)
        assert said.text == "return 3"


@pytest.mark.asyncio
async def test_a_prompt_that_is_too_long_is_refused_plainly() -> None:
    async with generator("go-carved") as (_, ours):
        with pytest.raises(ActionRefused, match="too long for go-carved") as refused:
            await asyncio.wait_for(ours.follow("go", (Turn("user", "word " * 5000),), LONG), 20)
        assert refused.value.remedy == "Select less."


@pytest.mark.asyncio
async def test_a_cancelled_action_ends_in_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"*": "word " * 100}))
    writes = asyncio.Event()

    def progress(sentence: str) -> None:
        if "has written" in sentence:
            writes.set()

    async with generator("go-carved", faults=("slow:10ms",)) as (stand, ours):
        task = asyncio.create_task(ours.fill("go", HOLE, LONG, progress=progress))
        await asyncio.wait_for(writes.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stand.engine.calls[-1].ended
        await stand.engine.ping()
        again = await asyncio.wait_for(ours.fill("go", HOLE, Stop(max_tokens=3)), 20)
        assert not again.finished


@pytest.mark.asyncio
async def test_a_keystroke_goes_before_it_and_it_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(f"line {number}" for number in range(30))
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": text}))
    writes = asyncio.Event()

    def progress(sentence: str) -> None:
        if "has written 3 lines" in sentence:
            writes.set()

    async with generator("go-carved", faults=("slow:2ms",)) as (stand, ours):
        task = asyncio.create_task(ours.fill("go", HOLE, LONG, progress=progress))
        await asyncio.wait_for(writes.wait(), 20)
        stand.completer.opened(view(GO, "package a\n\n‸")[0])
        await stand.ask(GO, "package a\n\n‸")
        said = await asyncio.wait_for(task, 20)
        assert said.text == text
        resumed = [request for request in stand.engine.asked if request.gives_way]
        assert len(resumed) > 1
        assert resumed[-1].segments[-1].text.startswith("line 0\n")


@pytest.mark.asyncio
async def test_an_expert_that_had_to_make_room_is_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"*": "a b c d e f g h"}))
    writes = asyncio.Event()

    def progress(sentence: str) -> None:
        if "has written" in sentence:
            writes.set()

    async with generator("go-carved", "html-carved", faults=("slow:10ms",), budget_bytes=600_000_000) as (stand, ours):
        task = asyncio.create_task(ours.fill("go", HOLE, LONG, progress=progress))
        await asyncio.wait_for(writes.wait(), 20)
        await stand.hot("html-carved")
        said = await asyncio.wait_for(task, 20)
        assert said.text == "a b c d e f g h"
