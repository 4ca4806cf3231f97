from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pool.bench import Bench, soon


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
async def test_both_stay_when_there_is_room_and_the_oldest_is_parked_when_there_is_none(bench: Bench) -> None:
    await bench.want("go", "html")
    assert bench.hot() == "go html"
    await bench.want("css")
    assert bench.hot() == "css html"
    assert bench.pool.why_not("go") == "parked for css" and bench.pool.state_of("go") == "PARKED"
    assert bench.engine.log == ["load go", "load html", "park go", "load css"]
    assert bench.pool.resident_bytes == 84 == bench.engine.held_bytes


@pytest.mark.asyncio
async def test_where_parking_gains_nothing_the_oldest_leaves(bench: Bench) -> None:
    bench.engine.parked_share = 1.0
    await bench.want("go", "html", "css")
    assert bench.hot() == "css html"
    assert bench.pool.why_not("go") == "put out for css" and bench.pool.state_of("go") == "COLD"
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
    assert bench.engine.log == ["load go", "load rust", "park go", "load css"]
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
    bench.engine.on_move = lambda move: taken.append((bench.pool.lease("go"), bench.pool.lease("html")))
    assert not await bench.want("css")
    ((go, html),) = taken
    assert go is None and html.alive
    assert bench.hot() == "html" and "html (in use)" in bench.pool.why_not("css")
    assert bench.parked() == "go", "nothing was lost for what did not come in"


@pytest.mark.asyncio
async def test_a_newer_wish_takes_over_between_two_moves(bench: Bench) -> None:
    bench.predicted["css"] = 90
    await bench.want("go", "html", "sql")
    bench.engine.log.clear()
    bench.engine.on_move = lambda move: bench.pool.preload("go", "didFocus")
    assert not await bench.want("css")
    assert await soon(bench.pool.ready("go"))
    assert bench.engine.log == ["park html", "unpark go"] and bench.hot() == "go sql"


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
    assert bench.engine.log == ["load html", "load go", "park html", "park go", "unpark html"], "go first: remembered"


@pytest.mark.asyncio
async def test_what_turns_out_too_large_leaves_if_the_others_may_not(bench: Bench) -> None:
    bench.engine.sizes["go"] = 70
    await bench.want("general")
    lease = bench.pool.lease("general")
    assert lease is not None and not await bench.want("go")
    assert bench.hot() == "general"
    assert bench.pool.why_not("go").startswith("does not fit: it took 70 bytes")
    assert not await bench.want("go")
    assert bench.engine.log.count("load go") == 1, "its size is known now"


@pytest.mark.asyncio
async def test_the_pinned_expert_is_parked_for_one_that_could_not_come_in_otherwise(bench: Bench) -> None:
    bench.engine.sizes["go"] = 70
    await bench.want("general", "go")
    assert bench.hot() == "go" and bench.parked() == "general", "70 bytes were measured, 40 predicted"
    await bench.want("html")
    assert bench.hot() == "html" and bench.parked() == "general go"
    assert await bench.want("go") and bench.parked() == "general html", "70 bytes are known now"
    assert not await bench.want("general", urgency="next") and bench.hot() == "go"
    bench.pool.set_budget(200)
    assert await bench.want("general", urgency="next") and bench.hot() == "general go"


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
    assert bench.hot() == "html" and bench.pool.resident_bytes == 74 and bench.parked() == "go"


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
async def test_nobody_asked(bench: Bench) -> None:
    assert not await bench.pool.ready("go")
    assert bench.pool.why_not("go") == "not asked for yet"
    assert bench.pool.lease("go") is None and bench.pool.states() == ()
    assert bench.engine.log == [] and bench.located == []


@pytest.mark.asyncio
async def test_what_was_replaced_on_disk_leaves_and_what_was_not_stays(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.pool.file_changed("html")
    bench.over["go"] = "new_go"
    bench.pool.file_changed("go")
    await soon(bench.pool.settled())
    assert bench.hot() == "html" and bench.pool.why_not("go") == "its file was replaced"
    await bench.want("go")
    assert bench.engine.paths["go"].endswith("new_go.gguf")


@pytest.mark.asyncio
async def test_a_file_that_is_gone_goes_on_serving_and_one_that_is_leased_stays(bench: Bench) -> None:
    await bench.want("go", "html")
    lease = bench.pool.lease("html")
    bench.missing.add("go")
    bench.over["html"] = "new_html"
    for expert in ("go", "html", "never seen"):
        bench.pool.file_changed(expert)
    await soon(bench.pool.settled())
    assert bench.hot() == "go html" and lease is not None and lease.alive


@pytest.mark.asyncio
async def test_another_interpreter_is_pinned_while_both_are_there(bench: Bench) -> None:
    await bench.want("general", "go")
    bench.pinned = "go"
    bench.pool.settings_changed()
    await soon(bench.pool.settled())
    assert {status.expert for status in bench.pool.states() if status.pinned} == {"go"}
    await bench.want("css")
    assert bench.hot() == "css go"
