"""Deaths, and what the supervisor makes of them: restarts, quarantine, the pause, the build that cannot do AMX."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import psutil
import pytest
from engine.supervised import EXPERTS, Make, World, load, request, score

from lsp_experts.engine.client import Patience
from lsp_experts.engine.protocol import MoveReport
from lsp_experts.errors import EngineDied


@pytest.mark.parametrize("fault", ["die:SIGSEGV@complete", "exit0@complete", "garbage@complete", "half@complete"])
@pytest.mark.asyncio
async def test_a_death_costs_one_restart(world: Make, fault: str) -> None:
    w = world((fault,), ())
    await w.supervisor.load(load())
    await w.supervisor.load(load("html"))
    calls = [w.supervisor.complete(request()) for _ in range(3)]
    for call in calls:
        died = await w.fails(call.result())
        assert isinstance(died, EngineDied)
        assert "the last words" in died.tail
    assert w.supervisor.generation == 2, "what was loaded is known to be gone before the restart"
    assert not w.supervisor.loaded
    assert w.starts == 1, "nothing is started before somebody needs it"
    await w.fails(w.supervisor.complete(request()).result(), "unknown_expert")
    await w.supervisor.load(load())
    assert (await w.supervisor.complete(request()).result()).decoded_tokens > 0
    assert (w.supervisor.generation, w.starts, len(w.deaths)) == (2, 2, 1)
    assert (w.messages, dict(w.supervisor.quarantined)) == ([], {})


@pytest.mark.asyncio
async def test_a_death_while_idle_is_noticed(world: Make) -> None:
    w = world()
    await w.supervisor.load(load())
    os.kill(w.clients[0].pid, signal.SIGKILL)
    await asyncio.wait_for(w.clients[0].ended(), 30)
    assert (w.supervisor.generation, dict(w.supervisor.loaded)) == (2, {})
    await w.supervisor.load(load())
    assert w.deaths[0].expert == ""
    assert w.deaths[0].error.signal_name == "SIGKILL"


async def check_respawn(w: World, calls: list[asyncio.Future[Any]], reason: str) -> None:
    """All `calls` end as deaths for `reason`, nothing of the old process is left, and the next load starts another."""
    for end in await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 60):
        assert isinstance(end, EngineDied), end
        assert reason in end.signal_name
    assert (len(w.deaths), w.supervisor.generation, dict(w.supervisor.loaded)) == (1, 2, {})
    await w.supervisor.load(load("html"))
    assert (await w.supervisor.complete(request("html")).result()).decoded_tokens > 0
    assert (w.starts, list(w.supervisor.loaded), w.supervisor.pid) == (2, ["html"], w.clients[1].pid)
    assert not [client.pid for client in w.clients[:-1] if psutil.pid_exists(client.pid)]
    assert (len(w.deaths), w.messages, dict(w.supervisor.quarantined)) == (1, [], {})


PINGS = Patience(ping_every_s=0.05, pong_s=1.0)


async def complete(w: World) -> Any:
    return await w.supervisor.complete(request()).result()


@pytest.mark.parametrize("busy_with", ["load", "complete", "park"])
@pytest.mark.parametrize(("number", "reason"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSTOP, "no answer")])
@pytest.mark.asyncio
async def test_a_signal_from_outside_ends_every_call(
    world: Make, busy_with: str, number: signal.Signals, reason: str
) -> None:
    w = world(("slow_load:60s",) if busy_with == "load" else ("slow:60s", "slow_park:60s"), (), patience=PINGS)
    begun = asyncio.Event()
    calls = [asyncio.ensure_future(w.supervisor.load(load(), lambda fraction: begun.set()))]
    await asyncio.wait_for(begun.wait(), 30)
    if busy_with != "load":
        await calls[0]
        first = w.supervisor.park("go") if busy_with == "park" else complete(w)
        calls = [asyncio.ensure_future(first), asyncio.ensure_future(complete(w))]
    await asyncio.wait_for(w.supervisor.ping(), 30)
    os.kill(w.clients[0].pid, number)
    await check_respawn(w, calls, reason)


@pytest.mark.parametrize(
    ("fault", "patience", "reason"),
    [
        ("exit0@load:go", PINGS, "exit 0"),
        ("hang@load:go", PINGS, "no answer"),
        ("stall@load:go", Patience(ping_every_s=0.05, progress_s=1.0), "no progress"),
    ],
)
@pytest.mark.asyncio
async def test_a_load_that_ends_or_hangs_the_engine(world: Make, fault: str, patience: Patience, reason: str) -> None:
    w = world((fault,), (), patience=patience)
    await check_respawn(w, [asyncio.ensure_future(w.supervisor.load(load()))], reason)


@pytest.mark.asyncio
async def test_an_exit_that_comes_late_leaves_the_next_process_alone(world: Make) -> None:
    """The old process closes its pipe and lives on until it is killed; a load goes down to it in between."""
    w = world(("close@load:go",), ())
    go, _ = await asyncio.wait_for(
        asyncio.gather(w.supervisor.load(load()), w.supervisor.load(load("html")), return_exceptions=True), 30
    )
    assert isinstance(go, EngineDied)
    await asyncio.wait_for(w.clients[0].ended(), 30)
    assert (w.starts, w.supervisor.generation, list(w.supervisor.loaded)) == (2, 2, ["html"])
    assert [(death.op, death.expert, death.error.signal_name) for death in w.deaths] == [("load", "go", "SIGKILL")]


@pytest.mark.parametrize("fault", ["die:SIGABRT@load:go", "die:SIGKILL@complete:go", "exit0@token:go"])
@pytest.mark.asyncio
async def test_two_deaths_quarantine_the_expert_and_no_other(world: Make, fault: str) -> None:
    w = world((fault,))

    async def use_go() -> None:
        await w.supervisor.load(load())
        await w.supervisor.complete(request()).result()

    await w.fails(use_go())
    assert not w.messages
    w.now += 500
    await w.fails(use_go())
    assert list(w.supervisor.quarantined) == ["go"]
    (message,) = w.messages
    assert "go is switched off" in message
    assert "lsp-experts verify go" in message
    assert message.endswith("the last words")
    starts = w.starts
    await w.fails(w.supervisor.load(load()), "load_failed")
    await w.fails(w.supervisor.complete(request()).result(), "unknown_expert")
    assert w.starts == starts, "a quarantined expert starts nothing"
    await w.supervisor.load(load("html"))
    assert (await w.supervisor.complete(request("html")).result()).decoded_tokens > 0
    assert len(w.messages) == 1


@pytest.mark.parametrize(
    ("move", "blamed"), [("park", []), ("evict", []), ("unpark", ["go"])], ids=["park", "evict", "unpark"]
)
@pytest.mark.asyncio
async def test_only_a_move_that_uses_the_file_blames_the_expert(world: Make, move: str, blamed: list[str]) -> None:
    w = world((f"die:SIGSEGV@{move}",))
    for _ in range(2):
        await w.supervisor.load(load())
        if move == "unpark":
            await w.supervisor.park("go")
        if move == "evict":
            assert await w.supervisor.evict("go") == MoveReport(0.0), "it is gone all the same"
        else:
            assert isinstance(await w.fails(getattr(w.supervisor, move)("go")), EngineDied)
        assert not w.supervisor.loaded
    assert [(death.op, death.expert) for death in w.deaths] == [(move, "go")] * 2
    assert list(w.supervisor.quarantined) == blamed


@pytest.mark.asyncio
async def test_deaths_far_apart_do_not_add_up_and_a_new_file_is_tried(world: Make) -> None:
    w = world(("die@load",))
    for _ in range(4):
        await w.fails(w.supervisor.load(load()))
        w.now += 601
    assert not w.supervisor.quarantined
    await w.fails(w.supervisor.load(load()))
    await w.fails(w.supervisor.load(load()))
    assert "go" in w.supervisor.quarantined
    w.supervisor.forgive("go")
    w.lives = [()]
    await w.supervisor.load(load())


@pytest.mark.asyncio
async def test_the_one_that_ran_is_blamed_not_the_ones_that_waited(world: Make) -> None:
    w = world(("slow:20ms", "die@token5:go"), ())
    for expert in ("go", "html"):
        await w.supervisor.load(load(expert))
    calls = [w.supervisor.complete(request("go"))] + [w.supervisor.complete(request("html")) for _ in range(3)]
    for call in calls:
        await w.fails(call.result())
    assert [(death.op, death.expert) for death in w.deaths] == [("complete", "go")]


@pytest.mark.asyncio
async def test_deaths_during_scores_quarantine_the_expert(world: Make) -> None:
    w = world(("die:SIGSEGV@score:go",))
    for _ in range(2):
        for expert in ("go", "html"):
            await w.supervisor.load(load(expert))
        assert len((await w.supervisor.score(score("html")).result()).scores) == 1
        calls = [w.supervisor.score(score("go")), w.supervisor.score(score("html"))]
        for call in calls:
            assert isinstance(await w.fails(call.result()), EngineDied)
    assert [(death.op, death.expert) for death in w.deaths] == [("score", "go")] * 2
    assert list(w.supervisor.quarantined) == ["go"]
    await w.fails(w.supervisor.score(score("go")).result(), "unknown_expert")


@pytest.mark.asyncio
async def test_a_score_that_waits_behind_completions_is_not_blamed_for_them(world: Make) -> None:
    w = world(("slow:20ms", "die@complete2"))
    for expert in EXPERTS:
        await w.supervisor.load(load(expert))
    calls = [w.supervisor.complete(request("go")), w.supervisor.score(score("html"))]
    calls.append(w.supervisor.complete(request("css")))
    assert (await calls[0].result()).decoded_tokens > 0
    for call in calls[1:]:
        await w.fails(call.result())
    assert [(death.op, death.expert) for death in w.deaths] == [("complete", "css")]


@pytest.mark.asyncio
async def test_a_load_that_only_waited_is_tried_again(world: Make) -> None:
    w = world(("slow_load:20ms", "die@load:go"), ("die@load:go",))
    go, html = await asyncio.gather(w.supervisor.load(load()), w.supervisor.load(load("html")), return_exceptions=True)
    assert isinstance(go, EngineDied)
    assert not isinstance(html, BaseException)
    assert sorted(w.supervisor.loaded) == ["html"]


@pytest.mark.asyncio
async def test_a_file_that_does_not_load_is_quarantined_at_once(world: Make) -> None:
    w = world(("load_failed:go",))
    await w.fails(w.supervisor.load(load()), "load_failed")
    await w.fails(w.supervisor.load(load()), "load_failed")
    assert w.supervisor.quarantined["go"] == "the script refuses go"
    assert len(w.messages) == 1
    assert w.supervisor.generation == 1
    await w.fails(w.supervisor.load(load("html", n_ctx=1)), "bad_request")
    assert list(w.supervisor.quarantined) == ["go"], "our own mistake is not the file's"


@pytest.mark.asyncio
async def test_three_deaths_in_a_minute_open_a_pause(world: Make) -> None:
    w = world(("die@load",))
    for expert in EXPERTS:
        await w.fails(w.supervisor.load(load(expert)))
    (message,) = w.messages
    assert "3 times within 60 s" in message
    assert "no completion for 5 minutes" in message
    assert "doctor" in message
    starts, w.lives = w.starts, [()]
    w.now += 299
    await w.fails(w.supervisor.load(load()))
    assert (w.starts, len(w.messages)) == (starts, 1)
    w.now += 2
    await w.supervisor.load(load())
    assert not w.supervisor.quarantined


@pytest.mark.asyncio
async def test_a_process_that_never_comes_up_opens_the_pause_too(world: Make) -> None:
    w = world(("protocol:9",))
    for _ in range(5):
        await w.fails(w.supervisor.load(load()))
    assert (w.starts, len(w.messages)) == (3, 1)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGILL", "SIGBUS", "SIGABRT"])
@pytest.mark.asyncio
async def test_a_build_that_crashes_with_extra_buffers_is_remembered(world: Make, name: str) -> None:
    w = world((f"die:{name}@load+extra_bufts",))
    report = await w.supervisor.load(load(use_extra_bufts=True))
    assert report.file_bytes == 1000
    assert (w.starts, w.memory.refused, w.messages) == (2, True, [])
    assert w.supervisor.loaded["go"].use_extra_bufts is False
    await w.supervisor.load(load("html", use_extra_bufts=True))
    assert w.starts == 2, "the next load starts without"
    other = world((f"die:{name}@load+extra_bufts",))
    await other.supervisor.load(load(use_extra_bufts=True))
    assert other.starts == 1, "and so does the next server"


@pytest.mark.asyncio
async def test_a_file_that_crashes_either_way_does_not_blame_the_build(world: Make) -> None:
    w = world(("die:SIGSEGV@load",))
    await w.fails(w.supervisor.load(load(use_extra_bufts=True)))
    assert (w.starts, w.memory.refused, dict(w.supervisor.quarantined)) == (2, False, {})
    killed = world(("die:SIGKILL@load+extra_bufts",))
    await killed.fails(killed.supervisor.load(load(use_extra_bufts=True)))
    assert (killed.starts, killed.memory.refused) == (1, False), "out of memory is no reason to doubt the build"


@pytest.mark.asyncio
async def test_both_experts_of_a_crash_with_extra_buffers_load_without(world: Make) -> None:
    w = world(("slow_load:20ms", "die:SIGSEGV@load+extra_bufts"))
    await asyncio.gather(*(w.supervisor.load(load(expert, use_extra_bufts=True)) for expert in EXPERTS))
    assert (w.starts, w.memory.refused, len(w.supervisor.loaded)) == (2, True, 3)


@pytest.mark.asyncio
async def test_requests_while_the_dead_are_buried_neither_hang_nor_mix(world: Make) -> None:
    w = world((), ())
    await w.supervisor.load(load())
    w.clients[0]._break_off("a test")
    died = await w.fails(w.supervisor.complete(request()).result())
    assert isinstance(died, EngineDied)
    await w.supervisor.load(load("html"))
    assert (list(w.supervisor.loaded), w.supervisor.generation, len(w.deaths)) == (["html"], 2, 1)


@pytest.mark.parametrize("last_words", ["GGML_ASSERT(ctx->mem_buffer != NULL) failed", "what():  std::bad_alloc"])
@pytest.mark.asyncio
async def test_an_engine_that_dies_for_want_of_memory_says_so_and_blames_nobody(world: Make, last_words: str) -> None:
    starved = (f"stderr:{last_words}", "die:SIGABRT@load:go")
    w = world(starved, starved, ())
    for extra_bufts in (False, True):
        await w.fails(w.supervisor.load(load(use_extra_bufts=extra_bufts)), "out_of_memory")
    await w.supervisor.load(load())
    assert (len(w.deaths), dict(w.supervisor.quarantined), w.memory.refused) == (2, {}, False)
