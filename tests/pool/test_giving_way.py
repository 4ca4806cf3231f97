"""What gives way to what: a guess to everybody, saved KV of experts that left to those that are needed."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pool.bench import Bench, soon

from lsp_experts.errors import EngineError
from lsp_experts.pool.model import Model


async def guess(bench: Bench, expert: str) -> bool:
    bench.pool.expect({expert: 0.9})
    task = bench.pool.preload(expert, "likely next", urgency="next")
    assert task is not None
    outcome = await soon(task)
    await soon(bench.pool.settled())
    return outcome


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("size", "parked_share", "left", "parked"),
    [
        pytest.param(70, 0.1, "go", "css", id="parked, that is enough"),
        pytest.param(700, 0.5, "go", "", id="put out"),
    ],
)
async def test_a_guess_that_turns_out_too_large_displaces_nobody(
    bench: Bench, size: int, parked_share: float, left: str, parked: str
) -> None:
    bench.engine.parked_share = parked_share
    await bench.want("go")
    bench.engine.sizes["css"] = size
    assert not await guess(bench, "css")
    assert (bench.hot(), bench.parked()) == (left, parked)
    assert "park go" not in bench.engine.log and "evict go" not in bench.engine.log
    assert bench.engine.held_bytes <= 100
    assert bench.pool.why_not("css").startswith("does not fit: it took")


@pytest.mark.asyncio
async def test_a_guess_that_is_alone_may_be_too_large(bench: Bench) -> None:
    bench.engine.sizes["css"] = 700
    assert await guess(bench, "css")


@pytest.mark.asyncio
async def test_a_guess_that_is_pinned_stays(bench: Bench) -> None:
    await bench.want("go")
    bench.engine.sizes["general"] = 700
    assert await guess(bench, "general")
    assert bench.hot() == "general" and bench.engine.loaded.keys() == {"general"}


@pytest.mark.asyncio
async def test_no_expert_leaves_because_a_guess_found_no_memory(bench: Bench) -> None:
    await bench.want("go", "html")
    bench.pool.set_budget(1000)
    bench.engine.faults["css"] = [EngineError("out_of_memory", "no memory for the context")]
    assert not await guess(bench, "css")
    assert bench.hot() == "go html" and bench.engine.log == ["load go", "load html", "load css"]
    assert bench.pool.why_not("css") == "memory ran out"
    bench.clock.now += 5
    assert await bench.want("css"), "who needs it tries it again"


@pytest.mark.asyncio
async def test_nobody_waits_for_the_file_of_a_guess(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    found, locate = threading.Event(), bench.locate

    def slowly(expert: str) -> Model:
        assert expert != "sql" or found.wait(20)
        return locate(expert)

    monkeypatch.setattr(bench.pool._runner, "_locate", slowly)
    bench.pool.set_budget(1000)
    bench.pool.expect({"sql": 0.9})
    guessed = bench.pool.preload("sql", "likely next", urgency="next")
    await asyncio.sleep(0)
    assert await bench.want("go", "html")
    assert bench.engine.log == ["load go", "load html"]
    found.set()
    assert guessed is not None and await soon(guessed)


@pytest.mark.asyncio
async def test_a_pool_that_closes_waits_for_no_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()
    monkeypatch.setattr(bench.pool._runner, "_locate", lambda expert: found.wait(20))
    guessed = bench.pool.preload("sql", "likely next", urgency="next")
    await asyncio.sleep(0)
    await soon(bench.pool.close())
    found.set()
    assert guessed is not None and not await soon(guessed)


@pytest.mark.asyncio
async def test_saved_kv_of_experts_that_left_keeps_nobody_out(bench: Bench) -> None:
    """The pinned one and one more fit; beside the KV of a third they would not."""
    bench.engine.parked_share = 1.0
    bench.engine.kv_bytes = 15
    bench.pool.set_budget(90)
    await bench.want("general", "go")
    bench.clock.now += 10
    assert await bench.want("html"), bench.pool.why_not("html")
    assert bench.hot() == "general html" and bench.engine.held_bytes <= 90
    assert bench.engine.log[-3:] == ["evict go", "forget go", "load html"]


@pytest.mark.asyncio
async def test_saved_kv_is_no_part_of_what_the_next_load_will_take(bench: Bench) -> None:
    await bench.want("go")
    bench.engine.sizes["go"] = bench.engine.loaded["go"] = 60
    bench.engine.saved_kv["go"] = 20
    bench.pool.set_budget(95)
    await soon(bench.pool.settled())
    assert bench.pool.states()[0].resident_bytes == 60
    bench.engine.die()
    bench.engine.sizes["go"] = 40
    await bench.want("html")
    assert bench.pool.lease("html") is not None
    assert await bench.want("go"), bench.pool.why_not("go")


@pytest.mark.asyncio
async def test_saved_kv_that_fits_stays(bench: Bench) -> None:
    bench.engine.parked_share = 1.0
    bench.engine.kv_bytes = 15
    await bench.want("general", "go")
    bench.clock.now += 10
    assert await bench.want("html")
    assert bench.engine.kept == {"go"} and bench.engine.held_bytes == 95


@pytest.mark.asyncio
@pytest.mark.parametrize("tight", [False, True])
async def test_saved_kv_leaves_when_the_budget_shrinks(bench: Bench, tight: bool) -> None:
    bench.engine.parked_share = 1.0
    bench.engine.kv_bytes = 15
    await bench.want("general", "go")
    bench.clock.now += 10
    await bench.want("html")
    used = bench.pool.lease("html")
    bench.pool.set_budget(85, tight=tight)
    await soon(bench.pool.settled())
    assert bench.engine.kept == set() and bench.engine.held_bytes == 80
    assert bench.hot() == "general html" and used is not None and used.alive


@pytest.mark.asyncio
async def test_saved_kv_that_the_engine_does_not_give_back_is_asked_for_once(bench: Bench) -> None:
    await bench.want("general", "go")
    used = bench.pool.lease("go")
    assert used is not None
    bench.engine.kept, bench.engine.kv_bytes = {"another"}, 20
    bench.pool.set_budget(95)
    await soon(bench.pool.settled())
    bench.pool.set_budget(125)
    assert not await bench.want("html"), "it would fit without"
    assert bench.engine.log == ["load general", "load go"]


@pytest.mark.asyncio
async def test_what_could_not_be_put_out_is_put_out_before_it_is_loaded_again(bench: Bench) -> None:
    await bench.want("go")
    bench.engine.faults["evict go"] = [EngineError("busy", "too many requests wait")]
    bench.over["go"] = "another"
    bench.pool.file_changed("go")
    await soon(bench.pool.settled())
    assert bench.states() == {"go": "COLD"}
    assert await bench.want("go"), bench.pool.why_not("go")
    assert bench.engine.log.count("load go") == 2 and bench.engine.held_bytes == 40


@pytest.mark.asyncio
async def test_what_could_not_be_put_out_is_tried_again_later(bench: Bench) -> None:
    bench.engine.parked_share = 1.0
    await bench.want("go", "html")
    bench.engine.faults["evict go"] = [EngineError("busy", "too many requests wait")]
    bench.pool.set_budget(60)
    while "go" in bench.engine.loaded:
        await asyncio.sleep(0)
        await soon(bench.pool.settled())
    assert bench.engine.log == ["load go", "load html", "evict go", "evict go"]
    assert bench.hot() == "html" and bench.engine.held_bytes == 40
