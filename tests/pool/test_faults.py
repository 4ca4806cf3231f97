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
@pytest.mark.parametrize(
    ("parked_share", "faults"),
    [
        pytest.param(1.0, ["evict go"], id="eviction"),
        pytest.param(0.1, ["park go"], id="parking: evicted instead"),
        pytest.param(0.1, ["park go", "evict go"], id="parking, and the eviction instead of it"),
    ],
)
async def test_what_fails_to_leave_is_put_out(bench: Bench, parked_share: float, faults: list[str]) -> None:
    bench.engine.parked_share = parked_share
    await bench.want("go", "html")
    for fault in faults:
        bench.engine.faults[fault] = [EngineError("busy", "too many requests")]
    assert await bench.want("css")
    assert bench.hot() == "css html" and bench.engine.loaded.keys() == {"css", "html"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("parked_share", "fault", "wanted"),
    [
        pytest.param(1.0, "evict go", "css", id="an eviction"),
        pytest.param(0.1, "park go", "css", id="a parking"),
        pytest.param(0.1, "state", "css", id="a measurement"),
        pytest.param(0.1, "css", "css", id="a load"),
        pytest.param(0.1, "unpark go", "go", id="an unparking"),
    ],
)
async def test_a_death_during_any_move_is_survived(bench: Bench, parked_share: float, fault: str, wanted: str) -> None:
    bench.engine.parked_share = parked_share
    await bench.want("go", "html")
    if wanted == "go":
        await bench.want("css")
        assert bench.pool.state_of("go") == "PARKED"
    lease = bench.pool.lease("html")
    assert lease is not None
    bench.engine.faults[fault] = [EngineDied("SIGKILL")]
    assert await bench.want(wanted)
    assert bench.hot() == wanted and bench.parked() == "" and not lease.alive
    assert bench.engine.loaded.keys() == {wanted}


@pytest.mark.asyncio
async def test_what_cannot_be_unparked_is_loaded_anew(bench: Bench) -> None:
    await bench.want("go", "html", "css")
    bench.engine.faults["unpark go"] = [EngineError("load_failed", "no context")]
    assert await bench.want("go")
    assert bench.engine.log[-3:] == ["unpark go", "evict go", "load go"]


@pytest.mark.asyncio
async def test_what_the_engine_lost_or_holds_otherwise_is_noticed(bench: Bench) -> None:
    await bench.want("go", "html")
    lease = bench.pool.lease("go")
    assert lease is not None
    del bench.engine.loaded["go"]
    bench.engine.parked.add("html")
    bench.pool.set_budget(90)
    await soon(bench.pool.settled())
    assert bench.hot() == "" and not lease.alive and bench.engine.loaded == {}


NO_MEMORY = EngineError("out_of_memory", "no memory for the context")


@pytest.mark.asyncio
async def test_out_of_memory_puts_the_others_out_and_tries_once_more(bench: Bench) -> None:
    bench.pool.set_budget(1000)
    await bench.want("general", "go", "html", "sql", "go")
    used = bench.pool.lease("go")
    bench.engine.faults["css"] = [NO_MEMORY]
    assert await bench.want("css")
    assert bench.hot() == "css general go" and used is not None and used.alive
    assert "memory ran out" in bench.pool.why_not("html")
    assert bench.engine.log[-4:] == ["load css", "forget html", "forget sql", "load css"]


@pytest.mark.asyncio
async def test_out_of_memory_twice_is_said_and_not_tried_at_every_keystroke(bench: Bench) -> None:
    await bench.want("go")
    bench.engine.faults["css"] = [NO_MEMORY] * 2
    assert not await bench.want("css")
    assert bench.pool.why_not("css") == (
        "memory ran out while css came in."
        " Close other programs, lower lspExperts.memoryBudgetBytes, or use a smaller expert."
    )
    assert bench.pool.preload("css", "request") is None
    assert await bench.want("go")
    assert bench.engine.log == ["load go", "load css", "forget go", "load css", "load go"]


@pytest.mark.asyncio
async def test_out_of_memory_with_nobody_to_put_out_fails_at_once(bench: Bench) -> None:
    bench.engine.faults["css"] = [NO_MEMORY]
    assert not await bench.want("css")
    assert bench.engine.log == ["load css"]


@pytest.mark.asyncio
async def test_out_of_memory_while_it_is_unparked(bench: Bench) -> None:
    await bench.want("go", "html", "css")
    bench.engine.faults["unpark go"] = [NO_MEMORY]
    assert await bench.want("go")
    assert bench.hot() == "go" and bench.engine.loaded.keys() == {"go"}


@pytest.mark.asyncio
async def test_a_withdrawn_wish_is_not_tried_again_after_a_death(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    task = bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    bench.pool.withdraw("go")
    bench.engine.faults["go"] = [EngineDied("SIGKILL")]
    gate.set()
    assert task is not None and not await soon(task)
    assert bench.engine.log == ["load go"] and bench.pool.why_not("go") == "nobody wants it any more"


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


@pytest.mark.asyncio
async def test_a_death_right_after_a_load_is_not_taken_for_a_success(bench: Bench) -> None:
    bench.engine.faults["state"] = [EngineDied("SIGKILL")]
    assert not await bench.want("go")
    assert bench.states() == {"go": "COLD"} and "SIGKILL" in bench.pool.why_not("go")
    assert await bench.want("go")
