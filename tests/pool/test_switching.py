"""Parking and coming back, guesses about what comes next, revoked leases: the pool's moves."""

from __future__ import annotations

import asyncio

import pytest
from pool.bench import Bench, soon


def loads(bench: Bench) -> int:
    return sum(entry.startswith("load") for entry in bench.engine.log)


@pytest.mark.asyncio
async def test_switching_to_and_fro_loads_each_expert_once(bench: Bench) -> None:
    bench.pool.set_budget(50)
    for _ in range(20):
        assert await bench.want("go") and bench.engine.held_bytes <= 50
        assert await bench.want("html") and bench.engine.held_bytes <= 50
    assert loads(bench) == 2
    (go, html) = bench.pool.states()
    assert (go.state, go.resident_bytes, html.state, html.resident_bytes) == ("PARKED", 4, "HOT", 40)
    assert go.park_ms > 0 and go.unpark_ms > 0 and go.kv_tokens == 3 and go.load_ms == 7
    assert go.reason == "parked for html" and 0.9 < go.probability <= 1


@pytest.mark.asyncio
async def test_where_only_one_fits_at_all_loading_takes_a_third_of_the_time(bench: Bench) -> None:
    bench.engine.parked_share = 1.0
    bench.pool.set_budget(50)
    start_s = bench.clock.now
    for _ in range(20):
        assert await bench.want("go")
        assert await bench.want("html")
    assert loads(bench) == 40
    assert loads(bench) * 0.007 <= (bench.clock.now - start_s) / 2


@pytest.mark.asyncio
async def test_a_wish_that_waits_says_so_and_a_newer_one_takes_over(bench: Bench) -> None:
    bench.engine.parked_share = 1.0
    bench.pool.set_budget(50)
    naps: list[float] = []
    wake = asyncio.Event()

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        await wake.wait()

    bench.clock.sleep = nap  # type: ignore[method-assign]
    bench.engine.gate("css")
    assert await bench.want("go")
    task = bench.pool.preload("html", "didFocus")
    while not naps:
        await asyncio.sleep(0)
    assert bench.pool.why_not("html") == "waiting: go came in a moment ago"
    assert 0 < naps[0] <= 0.014
    assert bench.pool.preload("go", "back again") is None and bench.pool.lease("go") is not None
    bench.pool.withdraw("html")
    assert task is not None and not await soon(task)
    await soon(bench.pool.settled())
    assert bench.engine.log == ["load go"]


@pytest.mark.asyncio
async def test_ready_waits_for_the_unparking(bench: Bench) -> None:
    await bench.want("go", "html", "css")
    gate = bench.engine.gate("unpark go")
    bench.located.clear()
    bench.pool.preload("go", "didFocus")
    waiting = asyncio.create_task(bench.pool.ready("go"))
    await soon(bench.engine.begun["unpark go"].wait())
    assert bench.pool.state_of("go") == "UNPARKING" and bench.pool.why_not("go") == "loading"
    assert bench.pool.lease("go") is None
    gate.set()
    assert await soon(waiting)
    assert bench.located == [], "what is in the engine needs no file"


# --- leases that may be revoked


@pytest.mark.asyncio
async def test_a_revocable_lease_gives_way_once(bench: Bench) -> None:
    bench.pool.set_budget(50)
    await bench.want("go")
    revoked: list[bool] = []
    lease = bench.pool.lease("go", lambda: revoked.append(lease is not None and lease.alive))
    other = bench.pool.lease("go", lambda: 1 / 0)  # type: ignore[func-returns-value, arg-type, return-value]
    assert lease is not None and other is not None and bench.pool.states()[0].leases == 2
    assert await bench.want("html")
    assert revoked == [False], "it is dead before anybody hears of it"
    lease.release()
    other.release()
    assert bench.engine.log == ["load go", "park go", "load html"]
    assert await bench.want("go")
    assert not lease.alive and bench.pool.states()[0].leases == 0 and revoked == [False]


@pytest.mark.asyncio
async def test_a_revoked_lease_whose_holder_asks_again_at_once(bench: Bench) -> None:
    bench.pool.set_budget(50)
    await bench.want("go")
    lease = bench.pool.lease("go", lambda: bench.pool.preload("go", "a keystroke") and None)
    assert lease is not None
    await bench.want("html")
    await soon(bench.pool.settled())
    assert bench.hot() in ("go", "html") and bench.engine.held_bytes <= 50


@pytest.mark.asyncio
async def test_beside_a_lease_that_stays_none_is_revoked(bench: Bench) -> None:
    bench.pool.set_budget(50)
    await bench.want("go")
    revoked: list[str] = []
    stays, gives_way = bench.pool.lease("go"), bench.pool.lease("go", lambda: revoked.append("go"))
    assert stays is not None and gives_way is not None
    assert not await bench.want("html")
    stays.release()
    assert not await soon(bench.pool.ready("html")) and revoked == []
    gives_way.release()
    assert await soon(bench.pool.ready("html")) and revoked == []


@pytest.mark.asyncio
async def test_a_dead_engine_revokes_nothing(bench: Bench) -> None:
    await bench.want("go")
    revoked: list[str] = []
    lease = bench.pool.lease("go", lambda: revoked.append("go"))
    bench.engine.die()
    assert lease is not None and not lease.alive
    assert await bench.want("go")
    assert revoked == []


# --- guesses, and what nobody wants any more


@pytest.mark.asyncio
async def test_a_guess_comes_in_where_there_is_room_and_is_not_used(bench: Bench) -> None:
    await bench.want("go")
    task = bench.pool.preload("html", "comes next", urgency="next")
    assert task is not None and await soon(task)
    assert bench.hot() == "go html"
    await bench.want("css")
    assert bench.hot() == "css go", "the guess was never used"


@pytest.mark.asyncio
async def test_a_guess_that_does_not_fit_goes_into_the_page_cache_once(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.page_cache.log.clear()
    for _ in range(2):
        task = bench.pool.preload("css", "comes next", urgency="next")
        assert task is not None and not await soon(task)
    assert bench.page_cache.log == ["css"] and bench.engine.log == ["load go", "load html"]
    assert bench.pool.why_not("css").startswith("in the page cache: does not fit: needs")
    bench.pool.preload("css", "didFocus")
    assert bench.page_cache.log == ["css", "cancel"], "the load reads it itself"
    assert await soon(bench.pool.ready("css"))


@pytest.mark.asyncio
async def test_a_wish_for_another_expert_ends_the_reading_ahead(bench: Bench) -> None:
    await bench.want("go", "html")
    await bench.pool.preload("css", "comes next", urgency="next")  # type: ignore[misc]
    await bench.want("html")
    assert "cancel" not in bench.page_cache.log, "it was HOT: nothing has to be read"
    await bench.want("sql")
    assert bench.page_cache.log == ["css", "cancel"]


@pytest.mark.asyncio
async def test_a_likely_guess_parks_what_is_idle(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.pool.expect({"css": 0.9})
    assert not await bench.pool.preload("css", "comes next", urgency="next")  # type: ignore[misc]
    bench.clock.now += 60
    await bench.want("html")
    assert await bench.pool.preload("css", "comes next", urgency="next")  # type: ignore[misc]
    assert bench.hot() == "css html" and bench.parked() == "go"
    assert {status.expert: round(status.probability, 1) for status in bench.pool.states()} == {
        "css": 0.9,
        "go": 0.7,
        "html": 1.0,
    }


@pytest.mark.asyncio
async def test_a_guess_goes_after_every_wish_and_becomes_one(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    bench.pool.preload("html", "comes next", urgency="next")
    bench.pool.preload("css", "comes next", urgency="next")
    bench.pool.preload("sql", "didFocus")
    bench.pool.preload("html", "didFocus")
    gate.set()
    await soon(bench.pool.settled())
    assert bench.engine.log[:2] == ["load go", "load html"] and "load sql" not in bench.engine.log


@pytest.mark.asyncio
async def test_a_withdrawn_wish_never_loads(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    running = bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    task = bench.pool.preload("html", "didOpen")
    waiting = asyncio.create_task(bench.pool.ready("html"))
    await asyncio.sleep(0)
    bench.pool.withdraw("html")
    bench.pool.withdraw("go")
    bench.pool.withdraw("unknown")
    gate.set()
    assert task is not None and not await soon(task) and not await soon(waiting)
    assert running is not None and await soon(running), "what loads already is nearly there"
    assert bench.engine.log == ["load go"] and bench.pool.why_not("html") == "nobody wants it any more"
    assert await bench.want("html")


@pytest.mark.asyncio
async def test_withdrawn_while_its_file_is_looked_for_or_room_is_made(bench: Bench) -> None:
    bench.predicted["css"] = 90
    task = bench.pool.preload("sql", "didOpen")
    await asyncio.sleep(0)
    bench.pool.withdraw("sql")
    assert task is not None and not await soon(task)
    await bench.want("go", "html")
    bench.engine.on_move = lambda move: bench.pool.withdraw("css")
    assert not await bench.want("css")
    await soon(bench.pool.settled())
    assert bench.engine.log == ["load go", "load html", "park go"]


@pytest.mark.asyncio
async def test_a_withdrawn_wish_does_not_come_back_with_a_release(bench: Bench) -> None:
    await bench.want("general", "go")
    lease = bench.pool.lease("go")
    assert lease is not None and not await bench.want("html")
    bench.pool.withdraw("html")
    lease.release()
    await soon(bench.pool.settled())
    assert bench.hot() == "general go"


@pytest.mark.asyncio
async def test_withdrawing_stops_reading_ahead(bench: Bench) -> None:
    await bench.want("go", "html")
    await bench.pool.preload("css", "comes next", urgency="next")  # type: ignore[misc]
    bench.pool.withdraw("html")
    assert bench.page_cache.log == ["css"]
    bench.pool.withdraw("css")
    assert bench.page_cache.log == ["css", "cancel"]


@pytest.mark.asyncio
async def test_cached_is_looked_up_when_it_is_asked_for(bench: Bench) -> None:
    await bench.want("go")
    bench.engine.die()
    bench.page_cache.fraction["go"] = 0.95
    for _ in range(50):
        bench.pool.why_not("go")
        bench.pool.lease("go")
    assert bench.page_cache.looked == 0
    assert bench.pool.state_of("go") == "COLD" and bench.page_cache.looked == 0, "keystrokes ask this"
    assert bench.pool.states()[0].state == "CACHED"
    assert bench.page_cache.looked == 1
    bench.page_cache.fraction["go"] = 0.5
    bench.clock.now += 5
    assert bench.pool.states()[0].state == "COLD"


@pytest.mark.asyncio
async def test_a_wish_that_is_waited_for_is_not_passed_for_ever(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    bench.pool.preload("html", "command")
    waiting = asyncio.create_task(bench.pool.ready("html"))
    await asyncio.sleep(0)
    newer = iter(f"x{number}" for number in range(10))
    bench.engine.on_move = lambda move: move.startswith("x") and bench.pool.preload(next(newer), "didOpen") and None
    bench.pool.preload(next(newer), "didOpen")
    gate.set()
    assert await soon(waiting)
    began = [entry for entry in bench.engine.log if entry.startswith("load")]
    assert began.index("load html") == 4, "after the one that was loading and three newer ones"
