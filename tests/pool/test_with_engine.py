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
from lsp_experts.engine.protocol import Complete, Segment, Stop
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.paths import default_paths
from lsp_experts.pool.header import Shape
from lsp_experts.pool.model import Model
from lsp_experts.pool.pool import Pool

T = TypeVar("T")
MB = 1_000_000
LARGE = 1000 * MB  # of which a small vocabulary and the compute buffers are little; parked, a tenth
SMALL = Shape(n_layer=9, n_head_kv=1, head_dim=1, n_vocab=10)


async def soon(awaitable: Awaitable[T]) -> T:
    return await asyncio.wait_for(awaitable, 60)


@dataclass
class Stand:
    supervisor: Supervisor
    pool: Pool
    messages: list[str]
    began: list[str]

    async def want(self, expert: str) -> bool:
        task = self.pool.preload(expert, "test")
        return await soon(task) if task is not None else not self.pool.why_not(expert)

    def hot(self) -> str:
        return " ".join(status.expert for status in self.pool.states() if status.state == "HOT")

    def states(self) -> dict[str, str]:
        return {status.expert: status.state for status in self.pool.states()}

    async def measured(self) -> int:
        return (await soon(self.supervisor.state())).resident_bytes


@asynccontextmanager
async def stand(
    folder: Path,
    *faults: str,
    budget_bytes: int = 100 * MB,
    size: int = 40 * MB,
    over: str = "",
    gpu_layers: int = 0,
    shape: Shape | None = None,
) -> AsyncIterator[Stand]:
    paths, messages = default_paths(), []
    began: list[str] = []
    sizes = [f"size:{expert}={size}" for expert in ("go", "html", "css")]
    supervisor = Supervisor(
        engine_spawner(paths, fake_command(*sizes, *faults)), ExtraBuftsMemory.of(paths), messages.append
    )
    pool = Pool(
        supervisor,
        budget_bytes=budget_bytes,
        locate=lambda expert: Model(folder / f"{over or expert}.gguf", size, n_gpu_layers=gpu_layers),
        clock=time.monotonic,
        on_change=lambda: None,
        on_progress=lambda expert, fraction: None if fraction else began.append(expert),
        shape_of=lambda path: shape,
    )
    try:
        yield Stand(supervisor, pool, messages, began)
    finally:
        await soon(pool.close())
        await soon(supervisor.close())


Open = Callable[..., AbstractAsyncContextManager[Stand]]


@pytest.fixture
def open_stand(tmp_path: Path) -> Open:
    return lambda *faults, **how: stand(tmp_path, *faults, **how)


@pytest.mark.asyncio
async def test_prediction_lets_one_in_and_measurement_lets_two(open_stand: Open) -> None:
    async with open_stand("slow_load:100ms") as bench:  # toys load in no time, which would be all chance
        hot = []
        for expert in ("go", "html", "css", "go", "html"):
            assert await bench.want(expert)
            hot.append(bench.hot())
            assert bench.pool.resident_bytes <= bench.pool.budget_bytes
        # The first three are predicted with buffers of 150 MiB that a toy does not take.
        assert hot == ["go", "html", "css", "css go", "go html"]
        report = await soon(bench.supervisor.state())
        assert {state.expert for state in report.experts if not state.parked} == set(hot[4].split())
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


@pytest.mark.asyncio
async def test_two_hundred_swaps_stay_within_the_budget(open_stand: Open) -> None:
    """Sampled while they run: two of three experts fit, the third is parked; each is loaded once."""
    async with open_stand(budget_bytes=2300 * MB, size=LARGE, shape=SMALL) as bench:
        samples: list[int] = []

        async def sample() -> None:
            while True:
                samples.append(await bench.measured())
                await asyncio.sleep(0.002)

        assert await bench.want("go")
        sampling = asyncio.create_task(sample())
        for number in range(200):
            assert await bench.want(("go", "html", "css")[number % 3])
            samples.append(await bench.measured())
            assert list(bench.states().values()).count("HOT") <= 2
        sampling.cancel()
        assert len(samples) > 300 and max(samples) <= 2300 * MB * 1.05
        assert bench.supervisor.generation == 1 and bench.began == ["go", "html", "css"]
        statuses = bench.pool.states()
        assert all(status.park_ms >= 0 and status.unpark_ms >= 0 and status.kv_tokens == 0 for status in statuses)
        assert max(samples[-50:]) <= max(samples[:150]), "no growth"


@pytest.mark.asyncio
async def test_a_completion_gives_way_to_a_wish(open_stand: Open) -> None:
    async with open_stand("slow:20ms", budget_bytes=1300 * MB, size=LARGE, shape=SMALL) as bench:
        assert await bench.want("go")
        call = bench.supervisor.complete(Complete("go", (Segment("x"),), stop=Stop(max_tokens=1000)))
        revoked = asyncio.Event()
        lease = bench.pool.lease("go", revoked.set)
        assert lease is not None
        with pytest.raises(EngineError) as ended, lease:
            wish = bench.pool.preload("html", "didFocus")
            await soon(call.result())
        assert ended.value.code == "cancelled" and revoked.is_set() and not lease.alive
        assert wish is not None and await soon(wish)
        assert bench.states() == {"go": "PARKED", "html": "HOT"}
        assert await bench.want("go")
        again = bench.pool.lease("go")
        assert again is not None
        with again:
            assert (await soon(bench.supervisor.complete(Complete("go", (Segment("x"),))).result())).text


@pytest.mark.asyncio
@pytest.mark.parametrize("move", ["park", "unpark", "evict", "state"])
async def test_an_engine_that_dies_in_a_move(open_stand: Open, move: str, tmp_path: Path) -> None:
    fault, once = f"die:SIGKILL@{move}", f"once:{tmp_path / 'died'}"
    async with open_stand(fault, once, budget_bytes=1300 * MB, size=LARGE, shape=SMALL) as bench:
        await bench.want("go")
        await bench.want("html")
        await bench.want("go")
        if move == "evict":
            bench.pool.set_budget(1050 * MB)
        await soon(bench.pool.settled())
        assert (tmp_path / "died").exists()
        assert await bench.want("css") and "css" in bench.hot()
        held = {state.expert: state.parked for state in (await soon(bench.supervisor.state())).experts}
        assert held == {name: state == "PARKED" for name, state in bench.states().items() if state != "COLD"}


@pytest.mark.asyncio
async def test_memory_that_runs_out_though_the_budget_was_kept(open_stand: Open) -> None:
    async with open_stand(f"capacity:{1050 * MB}", budget_bytes=1300 * MB, size=LARGE, shape=SMALL) as bench:
        assert await bench.want("go") and await bench.want("html")
        assert bench.hot() == "html" and "memory ran out" in bench.pool.why_not("go")
    async with open_stand(f"capacity:{300 * MB}", size=LARGE, shape=SMALL) as bench:
        assert not await bench.want("go")
        assert bench.pool.why_not("go").startswith("memory ran out while go came in.")
        assert bench.messages == [], "nobody is to blame"


@pytest.mark.asyncio
async def test_experts_over_one_base(open_stand: Open) -> None:
    """The base is 800 MB, each expert has 200 MB of its own; the process takes one."""
    async with open_stand(budget_bytes=1500 * MB, size=LARGE, over="base", shape=SMALL) as bench:
        for expert in ("go", "html", "css"):
            assert await bench.want(expert)
        assert bench.hot() == "css go html"
        assert bench.pool.resident_bytes == await bench.measured() == 1401 * MB


@pytest.mark.asyncio
async def test_layers_of_a_gpu(open_stand: Open) -> None:
    async with open_stand(f"gpu:{1200 * MB}/{2000 * MB}", size=LARGE, gpu_layers=99, shape=SMALL) as bench:
        assert await bench.want("go")
        (go,) = bench.pool.states()
        assert go.device_bytes == 5 * 80 * MB, "of 111 MB predicted for a layer, five fit beside context and buffers"
