"""What a request gets from an engine that dies or has too much to do, and who is loaded afterwards."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from completion.completer_stand import GO, HTML, open_stand, view

from lsp_experts.completion.silence import Silence
from lsp_experts.engine.protocol import Complete, Segment, Stop
from lsp_experts.settings import Settings


@pytest.mark.asyncio
async def test_a_death_under_a_request_of_another_document_reloads_the_focused_one() -> None:
    settings = Settings(warm=False)
    async with open_stand("go-carved", "html-carved", faults=("slow:60s",), settings=settings) as stand:
        await stand.hot("html-carved", "go-carved")
        asking = asyncio.ensure_future(stand.ask(GO, "x = ‸\n"))
        while not stand.engine.asked:
            await asyncio.sleep(0)
        stand.completer.focused(view(HTML, "<p>‸</p>")[0])
        assert stand.engine.pid is not None
        os.kill(stand.engine.pid, signal.SIGKILL)
        answer = await asyncio.wait_for(asking, 20)
        assert isinstance(answer, Silence) and answer.reason == "engine died"
        await stand.until(lambda: stand.state("html-carved") == "HOT")
        await stand.hot()
        assert stand.state("go-carved") == "COLD", "nobody works in it"


@pytest.mark.asyncio
async def test_an_engine_with_too_many_requests_is_a_silence_and_a_load_that_failed() -> None:
    settings = Settings(warm=False, preload=False)
    async with open_stand("go-carved", "html-carved", faults=("slow:60s",), settings=settings) as stand:
        await stand.hot("go-carved")
        request = Complete("go-carved", (Segment("a"),), heal=False, stop=Stop())
        calls = [stand.engine.complete(request) for _ in range(300)]  # one runs, 256 wait
        while not calls[-1].ended:
            await asyncio.sleep(0)
        assert await stand.ask(GO, "x = ‸\n") == Silence("engine error", "too many requests wait")
        assert stand.state("go-carved") == "HOT", "the expert is not to blame"

        refused = stand.pool.preload("html-carved", "test")
        assert refused is not None and not await asyncio.wait_for(refused, 20)
        assert stand.pool.why_not("html-carved") == "too many requests wait"
        assert stand.pool.preload("html-carved", "test") is None, "not at every keystroke"
        assert not stand.engine.quarantined
        for call in calls:
            call.cancel()
        stand.pool.file_changed("html-carved")  # the end of the pause, without waiting for it
        await stand.hot("html-carved")
