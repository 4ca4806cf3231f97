"""Once a suggestion is shown, what follows it is computed; whoever accepts it waits for nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

import pytest
from completion.completer_stand import GO, HTML, MB, Stand, eager, open_stand, says

from lsp_experts.completion.answer import Suggestion
from lsp_experts.errors import EngineError
from lsp_experts.settings import Settings

CALM = Settings(preload=False, debounce="off", warm=False, max_tokens=3)
BEFORE = "func f() {\n\tone‸\n}\n"
ACCEPTED = "func f() {\n\tone()‸\n}\n"


async def shown(stand: Stand, marked: str = BEFORE) -> Suggestion:
    answer = await stand.answered(GO, marked)
    assert isinstance(answer, Suggestion), answer
    stand.completer.shown(GO[0], answer)
    return answer


async def finished(stand: Stand, calls: int) -> None:
    """Wait until the engine has answered so many requests."""
    async with asyncio.timeout(20):
        while len(stand.engine.calls) < calls:
            await asyncio.sleep(0)
        await stand.engine.calls[calls - 1].result()
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_what_follows_an_accepted_suggestion_is_there_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one() + two"}))
    async with open_stand("go-carved", settings=CALM) as stand:
        first = await shown(stand)
        assert first.text == "()"
        await finished(stand, 2)
        assert stand.engine.asked[1].priority > stand.engine.asked[0].priority
        follows = await stand.ask(GO, ACCEPTED, 2)
        assert isinstance(follows, Suggestion), follows
        assert follows.reused
        assert len(stand.engine.asked) == 2


@pytest.mark.asyncio
async def test_who_types_something_else_takes_the_engine_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one() + two"}))
    async with open_stand("go-carved", settings=CALM, faults=("slow:200ms",)) as stand:
        await shown(stand)
        async with asyncio.timeout(20):
            while len(stand.engine.calls) < 2:
                await asyncio.sleep(0)
        answer = await stand.ask(GO, "func f() {\n\tone.‸\n}\n", 2)
        assert isinstance(answer, Suggestion), answer
        assert not answer.reused
        with pytest.raises(Exception, match="cancel"):
            await stand.engine.calls[1].result()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "settings",
    [
        Settings(preload=False, debounce="off", warm=False, speculate=False),
        Settings(preload=False, debounce="off", warm=False, combine="rank"),
    ],
)
async def test_nothing_is_computed_ahead_where_that_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one() + two"}))
    async with open_stand("go-carved", settings=settings) as stand:
        await shown(stand)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(stand.engine.asked) == 1


@pytest.mark.asyncio
async def test_a_suggestion_that_is_not_the_newest_one_is_nothing_to_go_on_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one() + two"}))
    async with open_stand("go-carved", settings=CALM) as stand:
        answer = await stand.answered(GO, BEFORE)
        assert isinstance(answer, Suggestion), answer
        stand.completer.shown(GO[0], Suggestion("another", 0, "go-carved", "expert"))
        stand.completer.shown("file:///w/never.go", answer)
        stand.completer.closed(GO[0])
        stand.completer.shown(GO[0], answer)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(stand.engine.asked) == 1


@pytest.mark.asyncio
async def test_battery_is_not_spent_on_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one() + two"}))
    async with open_stand("go-carved", settings=CALM, saving=lambda: "save") as stand:
        await shown(stand)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(stand.engine.asked) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("document", "marked", "said"),
    [
        (GO, "func f() {\r\n\tone(‸)\r\n}\r\n", "one(a) + two"),  # over the bracket that the editor closed
        (HTML, "<script>\r\n    f(a);\r\n    one‸\r\n</script>\r\n", "one() + two"),
        (HTML, '<a onclick="one(‸)">b</a>', "one(a) + two"),
    ],
)
async def test_it_is_found_after_the_whole_was_accepted(
    monkeypatch: pytest.MonkeyPatch, document: tuple[str, str], marked: str, said: str
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", said)
    settings = replace(CALM, max_tokens=4)
    async with open_stand("go-carved", "javascript-carved", settings=settings) as stand:
        first = await stand.answered(document, marked)
        assert isinstance(first, Suggestion), first
        stand.completer.shown(document[0], first)
        await finished(stand, 2)
        before, after = marked.split("‸")
        follows = await stand.ask(document, f"{before}{first.text}‸{after[first.replace_right :]}", 2)
        assert isinstance(follows, Suggestion), follows
        assert follows.reused, (first, follows)
        assert len(stand.engine.asked) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["closed", "switched off", "engine died", "taken away"])
async def test_a_speculation_that_is_ended_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "one() + two"}))
    experts = ("go-carved", "html-carved")
    async with open_stand(*experts, settings=CALM, faults=("slow:200ms",), budget_bytes=700 * MB) as stand:
        await shown(stand)
        async with asyncio.timeout(20):
            while len(stand.engine.calls) < 2:
                await asyncio.sleep(0)
        if what == "closed":
            stand.completer.closed(GO[0])
        elif what == "switched off":
            stand.completer.configure(replace(stand.completer.settings, enabled=False))
        elif what == "engine died":
            assert stand.engine.pid is not None
            os.kill(stand.engine.pid, signal.SIGKILL)
        else:
            stand.pool.preload("html-carved", "test")
        with pytest.raises(EngineError):
            await asyncio.wait_for(stand.engine.calls[1].result(), 20)
        stand.completer.configure(eager(CALM))
        answer = await stand.answered(GO, ACCEPTED, 2)
        assert isinstance(answer, Suggestion), answer
        assert not answer.reused
    assert not caplog.records
