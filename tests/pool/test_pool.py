from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from pool.fake_port import Clock, FakePort, model

from lsp_experts.errors import EngineDied, EngineError, NotInstalled
from lsp_experts.pool.model import Model
from lsp_experts.pool.pool import Pool

T = TypeVar("T")


async def soon(awaitable: Awaitable[T]) -> T:
    """A hang guard."""
    return await asyncio.wait_for(awaitable, 10)


@dataclass
class Bench:
    """A pool over experts of 40 bytes each (`general` is pinned), with a budget of 100 bytes."""

    folder: Path
    budget_bytes: int = 100
    engine: FakePort = field(default_factory=FakePort)
    clock: Clock = field(default_factory=Clock)
    missing: set[str] = field(default_factory=set)
    located: list[str] = field(default_factory=list)
    progress: list[tuple[str, float]] = field(default_factory=list)
    changes: int = 0
    predicted: dict[str, int] = field(default_factory=dict)
    pool: Pool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(
            self.engine,
            budget_bytes=self.budget_bytes,
            locate=self.locate,
            clock=self.clock,
            on_change=self.changed,
            on_progress=lambda expert, fraction: self.progress.append((expert, fraction)),
        )

    def locate(self, expert: str) -> Model:
        self.located.append(expert)
        if expert in self.missing:
            raise NotInstalled(f"{expert} is not in the store.", remedy="Pull it.")
        return model(self.folder, expert, 40, pinned=expert == "general")

    def changed(self) -> None:
        self.changes += 1

    def states(self) -> dict[str, str]:
        return {status.expert: status.state for status in self.pool.states()}

    def hot(self) -> str:
        return " ".join(expert for expert, state in self.states().items() if state == "HOT")

    async def want(self, *experts: str) -> bool:
        """Ask for each and wait for it; whether the last one became HOT."""
        outcome = False
        for expert in experts:
            task = self.pool.preload(expert, "test")
            outcome = await soon(task) if task is not None else not self.pool.why_not(expert)
        return outcome


@pytest_asyncio.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    # A prediction adds buffers of many MiB; here sizes are a few bytes, so that sums can be read.
    bench = Bench(tmp_path)

    def predict(model: Model, shape: Any) -> int:
        return bench.predicted.get(model.path.stem, model.file_bytes)

    monkeypatch.setattr("lsp_experts.pool.pool.predict_resident_bytes", predict)
    yield bench
    for gate in bench.engine.gates.values():
        gate.set()
    await soon(bench.pool.close())


@pytest.mark.asyncio
async def test_a_wish_becomes_hot_and_is_told(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    task = bench.pool.preload("go", "didOpen")
    assert task is not None
    assert bench.states() == {"go": "COLD"} and bench.pool.why_not("go") == "waiting for its turn to load"
    assert bench.pool.lease("go") is None
    await soon(bench.engine.begun["go"].wait())
    assert bench.states() == {"go": "LOADING"} and bench.pool.why_not("go") == "loading"
    assert bench.pool.lease("go") is None
    before = bench.changes
    gate.set()
    assert await soon(task) is True
    assert bench.changes > before
    (status,) = bench.pool.states()
    assert (status.state, status.resident_bytes, status.file_bytes, status.load_ms) == ("HOT", 40, 40, 7.0)
    assert status.ready_ms > 0 and status.reason == "" and status.wished_because == "didOpen"
    assert bench.pool.resident_bytes == 40 and bench.pool.why_not("go") == ""
    assert bench.progress == [("go", 0.5)]
    assert bench.pool.preload("go", "didFocus") is None


@pytest.mark.asyncio
async def test_both_stay_when_there_is_room_and_the_oldest_leaves_when_there_is_none(bench: Bench) -> None:
    await bench.want("go", "html")
    assert bench.hot() == "go html"
    await bench.want("css")
    assert bench.hot() == "css html"
    assert bench.pool.why_not("go") == "put out for css"
    assert bench.engine.log == ["load go", "load html", "evict go", "load css"]


@pytest.mark.asyncio
async def test_asking_again_for_a_hot_expert_makes_it_the_youngest(bench: Bench) -> None:
    await bench.want("go", "html", "go", "css")
    assert bench.hot() == "css go"


@pytest.mark.asyncio
async def test_wishes_for_one_expert_join(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    first = bench.pool.preload("go", "didOpen")
    assert bench.pool.preload("go", "didFocus") is first
    await soon(bench.engine.begun["go"].wait())
    assert bench.pool.preload("go", "request") is first
    waiting = asyncio.create_task(bench.pool.ready("go"))
    gate.set()
    assert first is not None and await soon(first) and await soon(waiting)
    assert bench.engine.log == ["load go"]


@pytest.mark.asyncio
async def test_the_newest_wish_goes_first_and_older_ones_are_dropped(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    older = [bench.pool.preload(expert, "didOpen") for expert in ("html", "css", "sql")]
    awaited = asyncio.create_task(bench.pool.ready("css"))
    await asyncio.sleep(0)
    newest = bench.pool.preload("rust", "didFocus")
    gate.set()
    assert newest is not None and await soon(newest)
    assert await soon(awaited)
    assert [await soon(task) for task in older if task is not None] == [False, True, False]
    assert bench.engine.log == ["load go", "load rust", "evict go", "load css"]
    assert bench.pool.why_not("html") == "a newer wish came before it was loaded"


@pytest.mark.asyncio
async def test_a_waiter_that_left_keeps_no_wish_alive(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    bench.pool.preload("html", "request")
    waiting = asyncio.create_task(bench.pool.ready("html"))
    await asyncio.sleep(0)
    newest = bench.pool.preload("css", "didFocus")
    waiting.cancel()
    gate.set()
    assert newest is not None and await soon(newest)
    assert bench.engine.log == ["load go", "load css"]


@pytest.mark.asyncio
async def test_cancelling_a_returned_task_takes_nothing_back(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    task = bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    assert task is not None
    task.cancel()
    waiting = asyncio.create_task(bench.pool.ready("go"))
    gate.set()
    assert await soon(waiting)


@pytest.mark.asyncio
async def test_the_pinned_expert_is_never_dropped_nor_put_out(bench: Bench) -> None:
    first, second = bench.pool.preload("general", "interpreter"), bench.pool.preload("go", "didOpen")
    assert first is not None and await soon(first)
    assert second is not None and await soon(second)
    assert bench.engine.log == ["load general", "load go"]
    for expert in ("html", "css", "go"):
        assert await bench.want(expert)
        assert bench.hot().split() == sorted(["general", expert])


@pytest.mark.asyncio
async def test_a_leased_expert_stays_and_the_wish_comes_back_with_the_release(bench: Bench) -> None:
    await bench.want("general", "go")
    with bench.pool.lease("go") as lease:  # type: ignore[union-attr]
        assert lease.alive and lease.report.resident_bytes == 40
        assert not await bench.want("html")
        assert "does not fit" in bench.pool.why_not("html") and "go (in use)" in bench.pool.why_not("html")
        assert bench.hot() == "general go"
    assert await soon(bench.pool.ready("html"))
    assert bench.hot() == "general html"
    assert not lease.alive


@pytest.mark.asyncio
async def test_a_blocked_wish_does_not_come_back_after_a_newer_one(bench: Bench) -> None:
    await bench.want("general", "go")
    lease = bench.pool.lease("go")
    assert lease is not None
    assert not await bench.want("html")
    bench.missing.add("css")
    assert not await bench.want("css")
    lease.release()
    assert not await bench.pool.ready("html")
    assert bench.hot() == "general go"


@pytest.mark.asyncio
async def test_leases_are_counted(bench: Bench) -> None:
    await bench.want("go")
    first, second = bench.pool.lease("go"), bench.pool.lease("go")
    assert first is not None and second is not None
    assert bench.pool.states()[0].leases == 2
    first.release()
    first.release()
    assert bench.pool.states()[0].leases == 1 and second.alive and not first.alive
    with second:
        pass
    assert bench.pool.states()[0].leases == 0


@pytest.mark.asyncio
async def test_a_lease_that_begins_during_an_eviction_is_respected(bench: Bench) -> None:
    """Both must leave for css; while the first leaves, the second is taken into use: nobody else is put out."""
    bench.predicted["css"] = 90
    await bench.want("go", "html")
    taken: list[Any] = []
    bench.engine.on_evict = lambda expert: taken.append((bench.pool.lease("go"), bench.pool.lease("html")))
    assert not await bench.want("css")
    ((go, html),) = taken
    assert go is None and html.alive
    assert bench.hot() == "html" and "html (in use)" in bench.pool.why_not("css")


@pytest.mark.asyncio
async def test_a_newer_wish_takes_over_between_two_evictions(bench: Bench) -> None:
    bench.predicted["css"] = 90
    await bench.want("go", "html")
    bench.engine.on_evict = lambda expert: bench.pool.preload("sql", "didFocus")
    await bench.want("sql")  # its file is known from here on
    await bench.want("go")
    bench.engine.log.clear()
    assert not await bench.want("css")
    assert await soon(bench.pool.ready("sql"))
    assert bench.engine.log == ["evict sql", "load sql"] and bench.hot() == "go sql"


@pytest.mark.asyncio
async def test_one_expert_may_be_larger_than_the_budget(bench: Bench) -> None:
    bench.engine.sizes["go"] = 500
    assert await bench.want("go")
    assert await bench.want("html")
    assert bench.hot() == "html"
    assert await bench.want("go")
    assert bench.hot() == "go"


@pytest.mark.asyncio
async def test_measured_sizes_count_and_are_remembered(bench: Bench) -> None:
    bench.engine.sizes.update(go=70)
    await bench.want("html", "go")
    assert bench.hot() == "go", "70 + 40 were measured, 40 + 40 were predicted"
    assert "measured" in bench.pool.why_not("html")
    await bench.want("html")
    assert bench.engine.log == ["load html", "load go", "evict html", "evict go", "load html"], "go first: remembered"


@pytest.mark.asyncio
async def test_what_turns_out_too_large_leaves_if_the_others_may_not(bench: Bench) -> None:
    bench.engine.sizes["go"] = 70
    await bench.want("general")
    assert not await bench.want("go")
    assert bench.hot() == "general"
    assert bench.pool.why_not("go").startswith("does not fit: it took 70 bytes")
    assert not await bench.want("go")
    assert bench.engine.log.count("load go") == 1, "its size is known now"


@pytest.mark.asyncio
async def test_growth_is_seen_at_the_next_measurement(bench: Bench) -> None:
    await bench.want("go")
    bench.engine.loaded["go"] = 65
    await bench.want("html")
    assert bench.hot() == "html"


@pytest.mark.asyncio
async def test_what_the_engine_holds_besides_counts(bench: Bench) -> None:
    bench.engine.overhead_bytes = 30
    await bench.want("go", "html")
    assert bench.hot() == "html" and bench.pool.resident_bytes == 70


@pytest.mark.asyncio
async def test_a_smaller_budget_puts_experts_out_at_once_and_leased_ones_at_their_release(bench: Bench) -> None:
    await bench.want("go", "html")
    lease = bench.pool.lease("html")
    assert lease is not None
    bench.pool.set_budget(50)
    assert not await bench.want("css")
    assert bench.hot() == "html"
    bench.pool.set_budget(30)
    lease.release()
    assert await soon(bench.pool.ready("html")), "the last one stays"


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


@pytest.mark.asyncio
async def test_nobody_asked(bench: Bench) -> None:
    assert not await bench.pool.ready("go")
    assert bench.pool.why_not("go") == "not asked for yet"
    assert bench.pool.lease("go") is None and bench.pool.states() == ()
    assert bench.engine.log == [] and bench.located == []
