"""Where memory is short, shared, on a GPU, or was measured in an earlier life."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pool.bench import Bench, soon
from pool.fake_port import MIB

from lsp_experts.engine.protocol import Device
from lsp_experts.errors import EngineDied
from lsp_experts.pool.measured import Figures, MeasuredSizes
from lsp_experts.pool.pool import Pool

# --- short memory


@pytest.mark.asyncio
async def test_short_memory_parks_and_puts_out_the_idle_down_to_none(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.clock.now += 10
    bench.pool.set_budget(50, tight=True)
    await soon(bench.pool.settled())
    assert bench.hot() == "html" and bench.parked() == "go" and bench.pool.tight
    assert bench.pool.why_not("go") == "parked: memory is wanted back"
    bench.pool.set_budget(2, tight=True)
    await soon(bench.pool.settled())
    assert bench.engine.loaded == {} and bench.pool.resident_bytes == 0
    assert await bench.want("go"), "who types is answered all the same"


@pytest.mark.asyncio
async def test_short_memory_waits_until_what_is_used_is_idle(bench: Bench) -> None:
    await bench.want("go")
    lease = bench.pool.lease("go")
    assert lease is not None
    bench.pool.set_budget(10, tight=True)
    await soon(bench.pool.settled())
    assert bench.hot() == "go"
    lease.release()
    while bench.hot():  # the alarm's time passes at once
        await asyncio.sleep(0)
    assert bench.clock.now > 105 and bench.parked() == "go"


@pytest.mark.asyncio
async def test_memory_that_is_there_again_changes_nothing_but_the_rules(bench: Bench) -> None:
    await bench.want("go")
    bench.clock.now += 10
    bench.pool.set_budget(10, tight=True)
    await soon(bench.pool.settled())
    bench.pool.set_budget(100)
    await soon(bench.pool.settled())
    assert bench.parked() == "go" and not bench.pool.tight
    assert await bench.want("go")


# --- models that are shared, and the GPU


@pytest.mark.asyncio
async def test_experts_over_one_base_cost_one_base(bench: Bench) -> None:
    bench.over = {"go": "base", "html": "base", "css": "base"}
    bench.engine.weights = {"base": 30}
    await bench.want("go", "html", "css")
    assert bench.hot() == "css go html" and bench.pool.resident_bytes == 60 == bench.engine.held_bytes
    assert {status.weights_bytes for status in bench.pool.states()} == {30}
    bench.pool.set_budget(45)
    await soon(bench.pool.settled())
    assert bench.hot() == "css" and bench.parked() == "go html" and bench.engine.held_bytes == 42
    assert [status.resident_bytes for status in bench.pool.states()] == [40, 1, 1]
    assert await bench.want("go") and bench.engine.held_bytes <= 45
    assert sum(entry.startswith("load") for entry in bench.engine.log) == 3


@pytest.mark.asyncio
async def test_as_many_layers_as_the_gpu_has_room_for(bench: Bench) -> None:
    """Each layer was predicted as 4 bytes and a buffer, and takes 100 MiB."""
    bench.gpu_layers = 99
    bench.engine.devices = (Device("gpu", 2000 * MIB, 2048 * MIB),)
    bench.engine.layer_bytes = 100 * MIB
    await bench.want("go")
    assert bench.engine.device_layers == {"go": 10}
    assert bench.pool.states()[0].device_bytes == 1000 * MIB
    bench.engine.devices = (Device("gpu", 1100 * MIB, 2048 * MIB),)
    bench.engine.die()
    assert await bench.want("go")
    assert bench.engine.device_layers == {"go": 5}, "measured, ten of them do not fit beside the driver's context"


@pytest.mark.asyncio
async def test_without_a_gpu_or_news_of_it_the_cpu_does_it(bench: Bench) -> None:
    bench.gpu_layers = 99
    assert await bench.want("go")
    assert bench.engine.started and bench.engine.device_layers == {"go": 0}
    bench.engine.devices = (Device("gpu", 2000 * MIB, 2048 * MIB),)
    bench.engine.faults["state"] = [EngineDied("SIGKILL")]
    assert await bench.want("html")
    assert bench.engine.device_layers == {"html": 0}


@pytest.mark.asyncio
async def test_without_a_gpu_what_was_measured_is_known_at_the_next_load(bench: Bench) -> None:
    bench.gpu_layers = 99
    bench.engine.sizes["go"] = 70
    await bench.want("go")
    bench.engine.die()
    await bench.want("html")
    assert bench.pool.lease("html") is not None
    assert not await bench.want("go") and bench.engine.log.count("load go") == 1


# --- sizes that outlive the process


@pytest.mark.asyncio
async def test_the_next_start_plans_with_measured_sizes(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "sizes.json"
    for known in (False, True):
        bench.engine.die()
        bench.engine.log.clear()
        bench.engine.sizes["go"] = 70
        pool = Pool(
            bench.engine,
            budget_bytes=100,
            locate=bench.locate,
            clock=bench.clock,
            on_change=lambda: None,
            shape_of=lambda path: None,
            sizes=MeasuredSizes(file),
        )
        for expert in ("html", "go"):
            task = pool.preload(expert, "test")
            assert task is not None and await soon(task)
        await soon(pool.settled())
        await soon(pool.close())
        order = ["load html", "park html", "load go"] if known else ["load html", "load go", "park html"]
        assert bench.engine.log == order
    model = bench.locate("go")
    assert MeasuredSizes(file).recall(model) == Figures(resident_bytes=70, load_ms=7.0)


@pytest.mark.asyncio
async def test_short_memory_reads_no_guess_ahead(bench: Bench) -> None:
    await bench.want("go")
    bench.pool.set_budget(100, tight=True)
    bench.page_cache.log.clear()
    task = bench.pool.preload("html", "comes next", urgency="next")
    assert task is not None and not await soon(task)
    assert bench.pool.why_not("html") == "memory is short" and bench.page_cache.log == []
