from __future__ import annotations

import asyncio

import pytest
from pool.bench import Bench, soon
from pool.fake_port import FakePort

from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.pool import Pool


@pytest.mark.asyncio
async def test_a_restart_makes_everything_cold_and_leases_dead(bench: Bench) -> None:
    await bench.want("go", "html")
    lease, other = bench.pool.lease("go"), bench.pool.lease("html")
    assert lease is not None and other is not None
    bench.engine.die()
    assert not lease.alive
    assert bench.states() == {"go": "COLD", "html": "COLD"}
    assert bench.pool.why_not("go") == "the engine was restarted" and bench.pool.resident_bytes == 0
    assert await bench.want("go")
    lease.release()
    new = bench.pool.lease("go")
    assert new is not None and new.alive and not other.alive
    assert bench.pool.states()[0].leases == 1, "the dead lease's end counts nothing"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("error", "left"),
    [
        pytest.param(EngineDied("SIGSEGV"), "", id="the engine died"),
        pytest.param(EngineError("unknown_expert", "go is not loaded"), "html", id="the engine lost this one"),
        pytest.param(EngineError("cancelled", "cancelled"), "go html", id="any other end means nothing"),
    ],
)
async def test_a_lease_tells_the_pool_what_ended_it(bench: Bench, error: EngineError, left: str) -> None:
    await bench.want("go", "html")
    lease = bench.pool.lease("go")
    assert lease is not None
    with pytest.raises(EngineError), lease:
        raise error
    assert bench.hot() == left
    assert bench.pool.states()[0].leases == 0


@pytest.mark.asyncio
async def test_a_death_during_a_load_is_answered_by_one_more_try(bench: Bench) -> None:
    await bench.want("html")
    bench.engine.faults["go"] = [EngineDied("SIGSEGV")]
    assert await bench.want("go")
    assert bench.engine.log == ["load html", "load go", "load go"]
    assert bench.states() == {"go": "HOT", "html": "COLD"}


@pytest.mark.asyncio
async def test_two_deaths_end_the_wish(bench: Bench) -> None:
    bench.engine.faults["go"] = [EngineDied("SIGSEGV"), EngineDied("SIGSEGV"), EngineDied("SIGSEGV")]
    assert not await bench.want("go")
    assert bench.pool.why_not("go") == "the engine ended (SIGSEGV) while it was loaded"
    assert bench.engine.log == ["load go", "load go"]


@pytest.mark.asyncio
async def test_a_quarantined_expert_is_not_tried(bench: Bench) -> None:
    bench.engine.quarantined = {"go": "it killed the engine twice"}
    assert bench.pool.preload("go", "didOpen") is None
    assert bench.pool.why_not("go") == "quarantined: it killed the engine twice"
    assert bench.engine.log == []


@pytest.mark.asyncio
async def test_a_wish_whose_expert_is_quarantined_meanwhile_is_not_loaded(bench: Bench) -> None:
    gate = bench.engine.gate("html")
    bench.pool.preload("html", "didOpen")
    await soon(bench.engine.begun["html"].wait())
    task = bench.pool.preload("go", "didOpen")
    bench.engine.quarantined = {"go": "bad"}
    gate.set()
    assert task is not None and not await soon(task)
    assert bench.engine.log == ["load html"]


@pytest.mark.asyncio
async def test_a_refused_load_is_kept_as_reason_and_not_tried_at_every_keystroke(bench: Bench) -> None:
    bench.engine.faults["go"] = [EngineError("load_failed", "no tensors", remedy="Pull it again.")] * 2
    assert not await bench.want("go")
    assert bench.pool.why_not("go") == "no tensors Pull it again."
    assert bench.pool.preload("go", "request") is None
    bench.clock.now += 6
    assert not await bench.want("go")
    bench.clock.now += 6
    assert bench.pool.preload("go", "request") is None, "the second pause is longer"
    bench.pool.file_changed("go")
    assert await bench.want("go")
    assert bench.engine.log == ["load go"] * 3


@pytest.mark.asyncio
async def test_a_missing_file_is_a_reason(bench: Bench) -> None:
    bench.missing.add("go")
    assert not await bench.want("go")
    assert bench.pool.why_not("go") == "go is not in the store. Pull it."
    assert bench.states() == {"go": "COLD"} and bench.engine.log == []


@pytest.mark.asyncio
async def test_an_unexpected_error_reaches_no_caller(bench: Bench) -> None:
    bench.engine.faults["go"] = [BrokenPipeError("pipe")]
    assert not await bench.want("go")
    assert bench.pool.why_not("go") == "BrokenPipeError: pipe"
    assert await bench.want("html")


@pytest.mark.asyncio
async def test_a_failed_eviction_is_made_up_for(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.engine.faults["evict go"] = [EngineError("busy", "too many requests")]
    assert await bench.want("css")
    assert bench.hot() == "css html" and bench.engine.loaded.keys() == {"css", "html"}


@pytest.mark.asyncio
async def test_a_death_during_an_eviction(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.engine.faults["evict go"] = [EngineDied("SIGKILL")]
    assert await bench.want("css")
    assert bench.hot() == "css"


@pytest.mark.asyncio
async def test_a_display_that_fails_stops_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(FakePort(), budget_bytes=100, locate=bench.locate, clock=bench.clock, on_change=lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    task = pool.preload("go", "didOpen")
    assert task is not None and await soon(task)
    await pool.close()


@pytest.mark.asyncio
async def test_close_answers_everybody(bench: Bench) -> None:
    bench.engine.gate("go")
    loading = bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    pending = bench.pool.preload("html", "didOpen")
    waiting = asyncio.create_task(bench.pool.ready("html"))
    await asyncio.sleep(0)
    await soon(bench.pool.close())
    assert loading is not None and loading.done() and not loading.result()
    assert pending is not None and pending.done() and not pending.result()
    assert not await soon(waiting)
    assert bench.pool.preload("css", "didOpen") is None and bench.pool.lease("go") is None
    await bench.pool.close()
