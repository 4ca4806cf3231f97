"""What the supervisor makes of requests: one late process, moves, cancellation, the end."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.supervised import EXPERTS, Make, load, request, score

from lsp_experts.engine.protocol import Load, Logits, MoveReport, Segment, Tokenize
from lsp_experts.errors import EngineError


@pytest.mark.asyncio
async def test_nothing_runs_before_the_first_load(world: Make) -> None:
    w = world()
    engine = w.supervisor
    assert (engine.generation, engine.pid, (await engine.state()).resident_bytes) == (0, None, 0)
    await engine.ping()
    assert await engine.evict("go") == MoveReport(0.0)
    await w.fails(engine.park("go"), "unknown_expert")
    await w.fails(engine.complete(request()).result(), "unknown_expert")
    await w.fails(engine.score(score()).result(), "unknown_expert")
    assert w.starts == 0
    assert (await engine.load(load())).file_bytes == 1000
    assert (engine.generation, w.starts, engine.pid) == (1, 1, w.clients[0].pid)
    assert (await engine.complete(request()).result()).decoded_tokens > 0
    assert [(await move("go")).resident_bytes for move in (engine.park, engine.unpark)] == [100, 1000]
    assert len((await engine.score(score()).result()).scores) == 1
    assert len(await engine.tokenize(Tokenize("go", ("a b",)))) == 1
    assert len(await engine.logits(Logits("go", (Segment("a"),)))) == 2
    await engine.park("go")
    assert (await engine.evict("go")).resident_bytes == 0
    assert (dict(engine.loaded), (await engine.state()).experts) == ({}, ())
    await w.fails(engine.unpark("go"), "unknown_expert")


@pytest.mark.asyncio
async def test_saved_kv_outlives_an_eviction_unless_it_is_forgotten(world: Make) -> None:
    engine = world().supervisor
    restored = []
    for forget in (False, True, False):
        restored.append((await engine.load(load())).kv_tokens)
        await engine.complete(request()).result()
        await engine.evict("go", forget=forget)
    assert restored[0] == restored[2] == 0 < restored[1]


@pytest.mark.asyncio
async def test_no_memory_is_told_and_held_against_nobody(world: Make) -> None:
    w = world(("oom:go=3", "capacity:1400"))
    for _ in range(3):
        await w.fails(w.supervisor.load(load()), "out_of_memory")
    await w.supervisor.load(load())
    await w.fails(w.supervisor.load(load("html")), "out_of_memory")
    await w.supervisor.park("go")
    await w.supervisor.load(load("html"))
    await w.fails(w.supervisor.unpark("go"), "out_of_memory")
    await w.supervisor.evict("html")
    await w.supervisor.unpark("go")
    assert (w.starts, w.messages, dict(w.supervisor.quarantined)) == (1, [], {})


@pytest.mark.asyncio
async def test_every_partner_must_be_loaded(world: Make) -> None:
    w = world()
    for expert in ("go", "html"):
        await w.supervisor.load(load(expert))
    together = replace(request(), partners=("html", "css"))
    missing = await w.fails(w.supervisor.complete(together).result(), "unknown_expert")
    assert "css" in missing.message
    await w.supervisor.load(load("css"))
    assert (await w.supervisor.complete(together).result()).decoded_tokens > 0


@pytest.mark.parametrize("adapter", ["", "go-adapter.gguf"])
@pytest.mark.asyncio
async def test_paths_do_not_depend_on_the_engines_folder(world: Make, adapter: str) -> None:
    w = world()
    await w.supervisor.load(Load("go", "go.gguf", adapter=adapter))
    loaded = w.supervisor.loaded["go"]
    assert (loaded.path, loaded.adapter) == (str(Path.cwd() / "go.gguf"), adapter and str(Path.cwd() / adapter))


@pytest.mark.asyncio
async def test_start_shows_the_build(world: Make) -> None:
    assert await world().supervisor.start() == {"engine": "fake"}


@pytest.mark.asyncio
async def test_concurrent_loads_start_one_process(world: Make) -> None:
    w = world()
    reports = await asyncio.gather(*(w.supervisor.load(load(expert)) for expert in EXPERTS))
    assert [report.file_bytes for report in reports] == [1000, 500, 300]
    assert (w.starts, sorted(w.supervisor.loaded)) == (1, sorted(EXPERTS))


@pytest.mark.asyncio
async def test_a_cancelled_load_leaves_nothing_loaded(world: Make) -> None:
    w = world(("slow_load:200ms",))
    begun = asyncio.Event()
    task = asyncio.create_task(w.supervisor.load(load(), lambda fraction: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await w.supervisor.load(load())).file_bytes == 1000
    await w.supervisor.evict("go")
    assert (dict(w.supervisor.loaded), (await w.supervisor.state()).experts) == ({}, ())


@pytest.mark.asyncio
async def test_evict_during_a_load_wins(world: Make) -> None:
    w = world(("slow_load:100ms",))
    begun = asyncio.Event()
    task = asyncio.create_task(w.supervisor.load(load(), lambda fraction: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    await w.supervisor.evict("go")
    await task
    assert (dict(w.supervisor.loaded), (await w.supervisor.state()).experts) == ({}, ())


@pytest.mark.parametrize("stage", ["starting", "loading", "completing", "dying"])
@pytest.mark.asyncio
async def test_close_answers_everybody(world: Make, stage: str) -> None:
    w = world(("slow_load:60s",) if stage == "loading" else ("slow:60s",))
    waiting: list[asyncio.Future[Any]] = []
    if stage == "starting":
        waiting = [asyncio.ensure_future(w.supervisor.load(load())) for _ in range(3)]
        await asyncio.sleep(0)
    elif stage == "loading":
        begun = asyncio.Event()
        waiting = [asyncio.ensure_future(w.supervisor.load(load(), lambda fraction: begun.set()))]
        await asyncio.wait_for(begun.wait(), 30)
    else:
        await w.supervisor.load(load())
        waiting = [asyncio.ensure_future(w.supervisor.complete(request()).result()) for _ in range(3)]
        await asyncio.sleep(0)
        if stage == "dying":
            os.kill(w.clients[0].pid, signal.SIGKILL)
    await asyncio.gather(w.supervisor.close(), w.supervisor.close())
    for end in await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30):
        assert isinstance(end, EngineError)
    await w.fails(w.supervisor.load(load()), "cancelled")
    await w.fails(w.supervisor.start(), "cancelled")
