"""Which loads the user sees: those that take longer than a glance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from server.virtual_time import VirtualTime

from lsp_experts.server.capabilities import Client
from lsp_experts.server.language_server import ExpertsServer
from lsp_experts.server.lifetime import Lifetime
from lsp_experts.server.progress import LoadProgress
from lsp_experts.server.progress_bar import SHOWN_AFTER_S, Bar

pytestmark = pytest.mark.asyncio


class Clock:
    """call_later whose time passes when the test says so."""

    def __init__(self) -> None:
        self.timers: list[_Timer] = []

    def call_later(self, delay_s: float, call: Callable[[], None]) -> _Timer:
        assert delay_s == SHOWN_AFTER_S
        self.timers.append(_Timer(call))
        return self.timers[-1]

    def pass_time(self) -> None:
        for timer in self.timers:
            timer.fire()


class _Timer:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self._call = None

    def fire(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()


def told(tmp_path: Path, steps: Callable[[LoadProgress, Clock], None], client: Client) -> list[dict[str, Any]]:
    """What the client is sent while `steps` happen."""
    sent: list[dict[str, Any]] = []
    server = ExpertsServer(lambda settings, host: None, Lifetime(), tmp_path, tmp_path, tmp_path)  # type: ignore[arg-type, return-value]
    server.client = client
    server.protocol.send = lambda body, droppable=False: sent.append(json.loads(body))
    clock = Clock()
    steps(LoadProgress(server, clock.call_later), clock)
    return sent


def quick(progress: LoadProgress, clock: Clock) -> None:
    progress.show({"go": 0.0})
    progress.show({"go": 0.9})
    progress.show({})
    clock.pass_time()


def slow(progress: LoadProgress, clock: Clock) -> None:
    progress.show({"go": 0.0})
    clock.pass_time()
    progress.show({"go": 0.5})
    progress.show({})
    clock.pass_time()


def slow_after_quick(progress: LoadProgress, clock: Clock) -> None:
    quick(progress, clock)
    slow(progress, clock)


@pytest.mark.parametrize(("steps", "lines"), [(quick, 0), (slow, 2), (slow_after_quick, 2)])
async def test_a_quick_load_is_not_shown(tmp_path: Path, steps: Any, lines: int) -> None:
    assert len(told(tmp_path, steps, Client(progress=False))) == lines


async def test_a_token_is_asked_for_when_the_load_turns_out_slow(tmp_path: Path) -> None:
    """The answer to that request, and the bar: test_sessions.py."""
    assert told(tmp_path, quick, Client(progress=True)) == []


async def test_news_that_come_fast_are_told_at_intervals(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []
    server = ExpertsServer(lambda *_: None, Lifetime(), tmp_path, tmp_path, tmp_path)  # type: ignore[arg-type, return-value]
    server.protocol.send = lambda body, droppable=False: sent.append(json.loads(body)["params"]["value"])
    time = VirtualTime()
    bar = Bar(server, "Writing", ("", ""), token="the client's", call_later=time.call_later)
    bar.say("early")
    time.go_on(SHOWN_AFTER_S)
    for number in range(90):
        bar.say(f"line {number}")
        time.go_on(0.01)
    bar.report(0.5)  # nobody knows how much there is to do
    bar.end()
    assert [value.get("message") for value in sent] == ["early", "line 0", "line 24", "line 49", "line 74", None]
    assert (sent[0]["kind"], sent[-1]["kind"], time.waiting) == ("begin", "end", 0)
