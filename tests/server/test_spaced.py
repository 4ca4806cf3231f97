"""Bursts of news: told at once, then at intervals, and the last of them always."""

from __future__ import annotations

import asyncio

import pytest

from lsp_experts.server.spaced import Spaced

pytestmark = pytest.mark.asyncio


class Bench:
    """Counts what was done; time passes when `pass_time` says so."""

    def __init__(self) -> None:
        self.done = 0
        self.slept: list[float] = []
        self.fails = False
        self._time = asyncio.Event()
        self.spaced = Spaced(self.act, 0.25, "the test", self.sleep)

    async def act(self) -> None:
        self.done += 1
        if self.fails:
            raise OSError("canary4711")

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._time.clear()
        await self._time.wait()

    async def pass_time(self) -> None:
        self._time.set()
        await self.turns()

    async def turns(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def ask(self, times: int = 1) -> None:
        for _ in range(times):
            self.spaced.ask()
        await self.turns()


async def test_once_per_interval_and_once_after_the_last() -> None:
    bench = Bench()
    await bench.ask(7)
    assert (bench.done, bench.slept) == (1, [0.25])
    await bench.ask(7)
    assert bench.done == 1
    await bench.pass_time()
    assert bench.done == 2
    await bench.pass_time()
    assert bench.done == 2
    await bench.ask()
    assert bench.done == 3


async def test_a_failure_is_told_once_without_its_text_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.fails = True
    for _ in range(3):
        await bench.ask()
        await bench.pass_time()
    assert bench.done == 3
    assert caplog.text.count("the test failed: OSError") == 1
    assert "canary4711" not in caplog.text


async def test_closing_says_whether_something_was_left() -> None:
    bench = Bench()
    assert not await bench.spaced.close()
    bench = Bench()
    await bench.ask()
    assert not await bench.spaced.close()
    bench = Bench()
    await bench.ask()
    await bench.ask()
    assert await bench.spaced.close()
    await bench.ask()
    assert bench.done == 1


async def test_closing_waits_for_what_runs() -> None:
    started, finish = asyncio.Event(), asyncio.Event()
    steps: list[str] = []

    async def act() -> None:
        started.set()
        await finish.wait()
        steps.append("acted")

    spaced = Spaced(act, 600, "the test")
    spaced.ask()
    await asyncio.wait_for(started.wait(), 20)
    closing = asyncio.ensure_future(spaced.close())
    await asyncio.sleep(0)
    finish.set()
    await asyncio.wait_for(closing, 20)
    assert steps == ["acted"]
