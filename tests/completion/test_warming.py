"""Moving an anchor while nobody types: only to a prompt that was decoded to its end."""

from __future__ import annotations

import asyncio

import pytest
from completion.completer_stand import GO, Stand, open_stand, view

from lsp_experts.completion.anchor import place
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.session import Session
from lsp_experts.completion.warming import Warmer
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.engine.protocol import Complete, Segment
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
        session = Session(shown, "go", offset=offset)
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
