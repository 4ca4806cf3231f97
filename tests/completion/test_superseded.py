"""Who asks again, closes the document or switches completion off ends the requests before, wherever they are."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from completion.completer_stand import GO, HTML, open_stand, view

from lsp_experts.completion.answering import Answering
from lsp_experts.completion.silence import Silence
from lsp_experts.settings import Settings

IN_PAGE = "<script>\n  let a = 1;\n</script>\n<‸\n"
IN_SCRIPT = "<script>\n  let a = ‸1;\n</script>\n<\n"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("first", "then"),
    [
        (IN_SCRIPT, IN_PAGE),
        (IN_PAGE, IN_SCRIPT),
        (IN_SCRIPT, IN_SCRIPT.replace("<script>", '<script lang="ts">')),
    ],
)
async def test_a_request_elsewhere_in_the_page_ends_the_one_that_runs(first: str, then: str) -> None:
    settings = Settings(preload=False, speculate=False, warm=False)
    async with open_stand("javascript-carved", "html-carved", faults=("slow:60s",), settings=settings) as stand:
        await stand.hot("javascript-carved", "html-carved")
        asking = asyncio.ensure_future(stand.ask(HTML, first))
        while not stand.engine.asked:
            await asyncio.sleep(0)
        newer = asyncio.ensure_future(stand.ask(HTML, then, 2))
        answer = await asyncio.wait_for(asking, 20)
        assert isinstance(answer, Silence)
        assert answer.reason == "superseded"
        newer.cancel()
        await asyncio.gather(newer, return_exceptions=True)


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["closed", "switched off", "opened again"])
async def test_nothing_is_asked_for_what_ended_during_a_pause(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    pauses, go_on = asyncio.Event(), asyncio.Event()

    async def pause(*_: object) -> None:
        pauses.set()
        await go_on.wait()

    monkeypatch.setattr(Answering, "_pause", pause)
    async with open_stand("go-carved", settings=Settings(preload=False, warm=False)) as stand:
        await stand.hot("go-carved")
        asking = asyncio.ensure_future(stand.ask(GO, "x = ‸\n"))
        await asyncio.wait_for(pauses.wait(), 20)
        if what == "closed":
            stand.completer.closed(GO[0])
        elif what == "switched off":
            stand.completer.configure(replace(stand.completer.settings, enabled=False))
        else:
            stand.completer.opened(view(GO, "x = ‸\n")[0])
        go_on.set()
        answer = await asyncio.wait_for(asking, 20)
        assert isinstance(answer, Silence)
        assert answer.reason == "superseded"
        assert not stand.engine.asked
