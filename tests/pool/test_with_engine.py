"""The pool over the real supervisor, client, pipe and process; only llama.cpp is replaced by the fake's toy model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from lsp_experts.engine.command import engine_spawner, fake_command
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Complete, Segment
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineDied
from lsp_experts.paths import default_paths
from lsp_experts.pool.model import Model
from lsp_experts.pool.pool import Pool

T = TypeVar("T")
MB = 1_000_000
SIZES = [f"size:{expert}={40 * MB}" for expert in ("go", "html", "css")]


async def soon(awaitable: Awaitable[T]) -> T:
    return await asyncio.wait_for(awaitable, 60)


@dataclass
class Stand:
    supervisor: Supervisor
    pool: Pool
    messages: list[str]

    async def want(self, expert: str) -> bool:
        task = self.pool.preload(expert, "test")
        return await soon(task) if task is not None else not self.pool.why_not(expert)

    def hot(self) -> str:
        return " ".join(status.expert for status in self.pool.states() if status.state == "HOT")


@asynccontextmanager
async def stand(folder: Path, *faults: str, budget_bytes: int = 100 * MB) -> AsyncIterator[Stand]:
    paths, messages = default_paths(), []
    supervisor = Supervisor(
        engine_spawner(paths, fake_command(*SIZES, *faults)), ExtraBuftsMemory.of(paths), messages.append
    )
    pool = Pool(
        supervisor,
        budget_bytes=budget_bytes,
        locate=lambda expert: Model(folder / f"{expert}.gguf", 40 * MB),
        clock=time.monotonic,
        on_change=lambda: None,
    )
    try:
        yield Stand(supervisor, pool, messages)
    finally:
        await soon(pool.close())
        await soon(supervisor.close())


Open = Callable[..., AbstractAsyncContextManager[Stand]]


@pytest.fixture
def open_stand(tmp_path: Path) -> Open:
    return lambda *faults, **how: stand(tmp_path, *faults, **how)


@pytest.mark.asyncio
async def test_prediction_lets_one_in_and_measurement_lets_two(open_stand: Open) -> None:
    async with open_stand() as bench:
        hot = []
        for expert in ("go", "html", "css", "go", "html"):
            assert await bench.want(expert)
            hot.append(bench.hot())
            assert bench.pool.resident_bytes <= bench.pool.budget_bytes
        # The first three are predicted with buffers of 150 MiB that a toy does not take.
        assert hot == ["go", "html", "css", "css go", "go html"]
        report = await soon(bench.supervisor.state())
        assert {state.expert for state in report.experts} == {"go", "html"}
        assert bench.pool.resident_bytes == report.resident_bytes


@pytest.mark.asyncio
async def test_an_engine_that_takes_twice_the_memory(open_stand: Open) -> None:
    async with open_stand("rss:2x") as bench:
        for expert in ("go", "html", "go"):
            assert await bench.want(expert)
            assert bench.hot() == expert
            assert bench.pool.resident_bytes <= bench.pool.budget_bytes


@pytest.mark.asyncio
async def test_an_expert_that_kills_the_engine(open_stand: Open) -> None:
    async with open_stand("die:SIGSEGV@load:go") as bench:
        assert await bench.want("html")
        assert not await bench.want("go")
        assert bench.pool.why_not("go").startswith("quarantined: ")
        assert bench.pool.preload("go", "request") is None
        assert len(bench.messages) == 1 and "go" in bench.messages[0]
        assert bench.hot() == ""
        assert await bench.want("html")


@pytest.mark.asyncio
async def test_an_engine_that_dies_under_a_lease(open_stand: Open) -> None:
    async with open_stand("die:SIGABRT@complete:go", budget_bytes=1000 * MB) as bench:
        assert await bench.want("go") and await bench.want("html")
        other, lease = bench.pool.lease("html"), bench.pool.lease("go")
        assert lease is not None and other is not None
        with pytest.raises(EngineDied), lease:
            await soon(bench.supervisor.complete(Complete("go", (Segment("x"),))).result())
        assert not lease.alive and not other.alive and bench.hot() == ""
        assert await bench.want("html")
        again = bench.pool.lease("html")
        assert again is not None
        with again:
            answer = await soon(bench.supervisor.complete(Complete("html", (Segment("x"),))).result())
        assert answer.text


@pytest.mark.asyncio
async def test_a_refused_file(open_stand: Open) -> None:
    async with open_stand("load_failed:go") as bench:
        assert not await bench.want("go")
        assert "refuses go" in bench.pool.why_not("go")
        assert await bench.want("html")
