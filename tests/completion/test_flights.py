"""An answer on its way is waited for by whoever types along it, and given up by whoever does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from completion.completer_stand import GO, HTML, Stand, open_stand, says, view

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.silence import Silence
from lsp_experts.settings import Settings

CALM = Settings(preload=False, warm=False, speculate=False)
SLOW = ("slow:40ms",)
BLOCK = "if a {\n\t\tb()\n\t}\n\treturn a"


async def leave(stand: Stand, marked: str, until: Callable[[str], bool]) -> None:
    """Ask, and give up asking as an editor does when the next key comes: as soon as `until` holds of what is said."""
    shown, offset = view(GO, marked)
    asking = asyncio.create_task(stand.completer.complete(shown, offset, manual=False))
    async with asyncio.timeout(20):
        said = ""
        while not stand.engine.calls:
            await asyncio.sleep(0)
        while not until(said):
            await asyncio.sleep(0.001)
            flight = stand.completer._flights._flight
            said = flight.text if flight is not None else ""
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("then", "text", "calls"),
    [
        ("func f() {\n\tone‸\n}\n", " + two + three", 1),
        ("func f() {\n\tone +‸\n}\n", " two + three", 1),
        ("func f() {\n\ton‸\n}\n", "e + two + three", 1),
        ("func f() {\n\tonx‸\n}\n", None, 2),
        ("func g() {\n\tone‸\n}\n", " + two + three", 2),
        ("func f() {\n\tone‸ x\n}\n", None, 2),
    ],
)
async def test_the_next_key(monkeypatch: pytest.MonkeyPatch, then: str, text: str | None, calls: int) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "one + two + three")
    async with open_stand("go-carved", settings=CALM, faults=SLOW) as stand:
        await stand.hot("go-carved")
        await leave(stand, "func f() {\n\ton‸\n}\n", lambda said: said.startswith("e"))
        answer = await stand.ask(GO, then, 2)
        assert len(stand.engine.calls) == calls
        if text is not None:
            assert isinstance(answer, Suggestion), answer
            assert answer.text == text


@pytest.mark.asyncio
async def test_an_answer_that_nobody_waits_for_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "one + two")
    async with open_stand("go-carved", settings=CALM, faults=SLOW) as stand:
        await stand.hot("go-carved")
        await leave(stand, "func f() {\n\ton‸\n}\n", lambda said: said.startswith("e"))
        await asyncio.wait_for(stand.engine.calls[0].result(), 20)
        for _ in range(5):
            await asyncio.sleep(0)
        answer = await stand.ask(GO, "func f() {\n\tone +‸\n}\n", 2)
        assert isinstance(answer, Suggestion) and answer.reused
        assert len(stand.engine.calls) == 1


@pytest.mark.asyncio
async def test_the_first_lines_of_a_long_block_are_shown_alone_and_the_rest_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", BLOCK)
    fast_clock = lambda: time.monotonic() * 100  # noqa: E731  # half a second of it is five milliseconds
    async with open_stand("go-carved", settings=CALM, faults=SLOW, clock=fast_clock) as stand:
        await stand.hot("go-carved")
        first = await stand.ask(GO, "func f() {\n\t‸\n}\n")
        assert isinstance(first, Suggestion), first
        assert BLOCK.startswith(first.text) and first.text != BLOCK
        rest = await stand.ask(GO, f"func f() {{\n\t{first.text}‸\n}}\n", 2)
        assert isinstance(rest, Suggestion), rest
        assert BLOCK.startswith(first.text + rest.text)
        assert len(stand.engine.calls) == 1


@pytest.mark.asyncio
async def test_a_request_in_another_document_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "one + two + three")
    async with open_stand("go-carved", "html-carved", settings=CALM, faults=SLOW) as stand:
        await stand.hot("go-carved", "html-carved")
        shown, offset = view(GO, "func f() {\n\ton‸\n}\n")
        waiting = asyncio.create_task(stand.completer.complete(shown, offset, manual=False))
        while not stand.engine.calls:
            await asyncio.sleep(0)
        other = await stand.ask(HTML, "<p>on‸</p>\n")
        assert isinstance(other, Suggestion), other
        first = await asyncio.wait_for(waiting, 20)
        assert isinstance(first, Silence) and first.reason == "superseded"


@pytest.mark.asyncio
async def test_nothing_flies_on_in_a_closed_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", "one + two + three")
    async with open_stand("go-carved", settings=CALM, faults=SLOW) as stand:
        await stand.hot("go-carved")
        await leave(stand, "func f() {\n\ton‸\n}\n", lambda said: said.startswith("e"))
        stand.completer.closed(GO[0])
        with pytest.raises(Exception, match="cancel"):
            await asyncio.wait_for(stand.engine.calls[0].result(), 20)


@pytest.mark.asyncio
async def test_what_is_shown_elsewhere_does_not_end_an_answer_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one + two", "html-carved": "<p>one</p>"}))
    settings = Settings(preload=False, warm=False, debounce="off")
    async with open_stand("go-carved", "html-carved", settings=settings, faults=SLOW) as stand:
        shown = await stand.answered(GO, "func f() {\n\tone‸\n}\n")
        assert isinstance(shown, Suggestion), shown
        await stand.hot("html-carved")
        asking = asyncio.create_task(stand.ask(HTML, "<body>\n<p‸\n</body>\n"))
        async with asyncio.timeout(20):
            while len(stand.engine.calls) < 2:
                await asyncio.sleep(0)
        stand.completer.shown(GO[0], shown)
        answer = await asking
        assert isinstance(answer, Suggestion), answer
