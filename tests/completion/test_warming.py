"""Moving an anchor while nobody types: only to a prompt that was decoded to its end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from completion.completer_stand import GO, Stand, open_stand, view

from lsp_experts.completion.anchor import place
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.session import Session
from lsp_experts.completion.warming import Warmer
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.engine.protocol import Complete, CompleteReport, Segment, Stop
from lsp_experts.errors import EngineError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.settings import Settings

SETTINGS = Settings()


async def at_once(seconds: float) -> None:
    """The user paused."""


async def ended(stand: Stand, index: int) -> str:
    """How a call ended: "" or the error's code. What waited for it has gone on afterwards."""
    try:
        await asyncio.wait_for(stand.engine.calls[index].result(), 20)
    except EngineError as error:
        return error.code
    finally:
        for _ in range(5):
            await asyncio.sleep(0)
    return ""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("disturbed", "end"),
    [
        pytest.param(False, "", id="decoded to its end: the anchor moves"),
        pytest.param(True, "cancelled", id="a keystroke came: it gave way, says so, and the anchor stays"),
    ],
)
async def test_an_idle_anchor_moves_only_to_a_decoded_prompt(disturbed: bool, end: str) -> None:
    async with open_stand("go-carved", faults=("slow_prompt:2ms",)) as stand:
        await stand.hot("go-carved")
        shown, offset = view(GO, "\n".join(f"line {number}" for number in range(100)) + "‸\n")
        session = Session.of(shown, "go")
        session.offset = offset
        far = session.anchors["go-carved"] = place(shown.text, len("line 0\n" * 60), SETTINGS)
        prompts = Prompts(load_catalogue(default_paths()), Pace(), WorkingMemory())
        warmer = Warmer(stand.pool, stand.engine, prompts, at_once)
        warmer.settle(session, "go-carved", SETTINGS)
        while not stand.engine.asked:
            await asyncio.sleep(0)
        while (await stand.engine.state()).waiting:
            pass  # until it runs
        if disturbed:
            await asyncio.wait_for(stand.engine.complete(Complete("go-carved", (Segment("x"),))).result(), 20)
        assert await ended(stand, 0) == end
        assert (session.anchors["go-carved"] is far) is disturbed
        await warmer.close()


# -- a keystroke while a better prompt is decoded ---------------------------------------------------------------------


STORE = DocumentView(
    "file:///w/store.go",
    "go",
    1,
    "".join(f"func Open{number}(path string, mode int) *Store {{\n}}\n" for number in range(40)),
)
HERE = "\n".join(f"a{number} := Open{number}(" for number in range(40)) + "‸\n"


@pytest.mark.asyncio
@pytest.mark.parametrize("paused", [True, False], ids=["the user pauses, then types on", "nobody warms"])
@pytest.mark.parametrize("far", [True, False], ids=["a closer anchor", "a richer context"])
async def test_a_keystroke_decodes_no_more_because_of_what_is_warmed(far: bool, paused: bool) -> None:
    """What the standing prompt loses to the better one is put aside, however much the two share."""
    settings = Settings(context_chars=300)
    async with open_stand("go-carved", faults=("slow_prompt:2ms",)) as stand:
        await stand.hot("go-carved")
        shown, offset = view(GO, HERE)
        session, memory = Session.of(shown, "go"), WorkingMemory()
        prompts = Prompts(load_catalogue(default_paths()), Pace(), memory)
        warmer = Warmer(stand.pool, stand.engine, prompts, at_once)
        lease = stand.pool.lease("go-carved")
        assert lease is not None
        if far:
            memory.opened(STORE, "go", SETTINGS)
            prompts.at(session, lease, offset, settings)
            at = shown.text.index("a25")
            session.anchors["go-carved"] = replace(place(shown.text, offset, SETTINGS), offset=at, head=shown.text[:at])
        session.offset = offset
        with lease:
            await complete(stand, prompts.at(session, lease, offset, settings))
            memory.opened(STORE, "go", SETTINGS)
            if paused:
                warmer.settle(session, "go-carved", settings)
                await asyncio.wait_for(asked(stand, 2), 20)
                while (await stand.engine.state()).waiting:
                    pass  # until it runs
            session.update(DocumentView(*GO, 2, shown.text[:offset] + "x" + shown.text[offset:]))
            report = await complete(stand, prompts.at(session, lease, offset + 1, settings))
            if paused:
                assert await ended(stand, 1) == "cancelled"
            assert report.prompt_tokens <= 2
        await warmer.close()


async def complete(stand: Stand, segments: tuple[Segment, ...]) -> CompleteReport:
    return await asyncio.wait_for(stand.engine.complete(Complete("go-carved", segments, stop=Stop(4))).result(), 20)


async def asked(stand: Stand, count: int) -> None:
    while len(stand.engine.asked) < count:
        await asyncio.sleep(0)
