"""Deaths, and what the supervisor makes of them: restarts, quarantine, the pause, the build that cannot do AMX."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.command import engine_spawner, fake_command
from lsp_experts.engine.death import Death
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Complete, Load, Logits, Segment, Stop, Tokenize
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.paths import default_paths

SIZES = ("size:go=1000", "size:html=500", "size:css=300", "stderr:the last words")
EXPERTS = ("go", "html", "css")


def load(expert: str = "go", **how: Any) -> Load:
    return Load(expert, f"/nowhere/{expert}.gguf", **how)


def request(expert: str = "go", **stop: Any) -> Complete:
    return Complete(expert, (Segment("return "),), stop=Stop(**stop))


@dataclass
class World:
    """A supervisor over fakes: the n-th process gets the n-th entry of `lives` (the last one for all that follow)."""

    memory_file: Path
    lives: list[tuple[str, ...]] = field(default_factory=lambda: [()])
    now: float = 1000.0
    messages: list[str] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    clients: list[EngineClient] = field(default_factory=list)
    spawning: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        self.memory = ExtraBuftsMemory(self.memory_file, lambda: "this build")
        self.supervisor = Supervisor(
            self.spawn, self.memory, self.messages.append, lambda: self.now, on_death=self.deaths.append
        )

    async def spawn(self) -> EngineClient:
        assert self.spawning == 0, "one start at a time"
        assert not [client for client in self.clients if psutil.pid_exists(client.pid)], "one process at a time"
        faults = self.lives[min(self.starts, len(self.lives) - 1)]
        self.starts += 1
        self.spawning += 1
        try:
            client = await engine_spawner(default_paths(), fake_command(*SIZES, *faults))()
        finally:
            self.spawning -= 1
        self.clients.append(client)
        return client

    async def fails(self, awaitable: Any, code: str = "died") -> EngineError:
        with pytest.raises(EngineError) as caught:
            await asyncio.wait_for(awaitable, 30)
        assert caught.value.code == code, caught.value
        return caught.value


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(*lives: tuple[str, ...]) -> World:
        worlds.append(World(tmp_path / "state" / "extra_bufts.json", list(lives) or [()]))
        return worlds[-1]

    yield make
    for one in worlds:
        await one.supervisor.close()
        await one.supervisor.close()
        assert not [client for client in one.clients if psutil.pid_exists(client.pid)]


Make = Callable[..., World]


@pytest.mark.asyncio
async def test_nothing_runs_before_the_first_load(world: Make) -> None:
    w = world()
    engine = w.supervisor
    assert (engine.generation, engine.pid, (await engine.state()).resident_bytes) == (0, None, 0)
    await engine.ping()
    await engine.evict("go")
    await w.fails(engine.park("go"), "unknown_expert")
    await w.fails(engine.complete(request()).result(), "unknown_expert")
    assert w.starts == 0
    assert (await engine.load(load())).file_bytes == 1000
    assert (engine.generation, w.starts, engine.pid) == (1, 1, w.clients[0].pid)
    assert (await engine.complete(request()).result()).decoded_tokens > 0
    await engine.park("go")
    await engine.unpark("go")
    assert len(await engine.tokenize(Tokenize("go", ("a b",)))) == 1
    assert len(await engine.logits(Logits("go", (Segment("a"),)))) == 2
    await engine.evict("go")
    assert (dict(engine.loaded), (await engine.state()).experts) == ({}, ())


@pytest.mark.asyncio
async def test_start_shows_the_build(world: Make) -> None:
    assert await world().supervisor.start() == {"engine": "fake"}


@pytest.mark.asyncio
async def test_concurrent_loads_start_one_process(world: Make) -> None:
    w = world()
    reports = await asyncio.gather(*(w.supervisor.load(load(expert)) for expert in EXPERTS))
    assert [report.file_bytes for report in reports] == [1000, 500, 300]
    assert (w.starts, sorted(w.supervisor.loaded)) == (1, sorted(EXPERTS))


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


@pytest.mark.asyncio
async def test_requests_while_the_dead_are_buried_neither_hang_nor_mix(world: Make) -> None:
    w = world((), ())
    await w.supervisor.load(load())
    w.clients[0]._break_off("a test")
    died = await w.fails(w.supervisor.complete(request()).result())
    assert isinstance(died, EngineDied)
    await w.supervisor.load(load("html"))
    assert (list(w.supervisor.loaded), w.supervisor.generation, len(w.deaths)) == (["html"], 2, 1)
