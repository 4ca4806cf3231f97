"""The drill of orphans: who is killed takes along whom he started, also an engine that stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import psutil

from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.real_server import engine_below, install, open_document, serving, suggestion
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_TIMES = 20
_LIMIT_S, _OPEN_PIPE_LIMIT_S = 2.0, 5.0
_HANG_S = 30.0
_LOOK_AGAIN_S = 0.01
_URI = "untitled:main.go"

Victim = tuple[str, bool, float]  # who is killed, whether its end of the pipe stays open, seconds for the others
VICTIMS: Sequence[Victim] = (
    ("server", False, _LIMIT_S),
    ("editor", False, _LIMIT_S),
    ("editor", True, _OPEN_PIPE_LIMIT_S),
    ("engine", False, _LIMIT_S),
)


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """W13."""
    install(stand.paths, {"go": write_tiny_gguf(stand.home / "tiny.gguf", n_ctx=2048)})
    rows, count = [], stand.times(_TIMES)
    for who, keeps_pipe, limit_s in VICTIMS:
        took = []
        for number in range(count):
            on_step(f"SIGKILL of the {who}", number, count)
            took.append(await gone_s(stand, who, keeps_pipe=keeps_pipe, stopped=number % 2 == 0))
        late = sum(seconds > limit_s for seconds in took)
        figure = f"processes left by SIGKILL of the {who}" + (", its pipe open" if keeps_pipe else "")
        measured = f"{late} of {count}, the slowest gone after {max(took):.2f} s"
        rows.append(Row("W13", figure, f"0 of {count} after {limit_s:.0f} s", measured, late == 0))
    return tuple(rows)


async def gone_s(stand: Stand, who: str, *, keeps_pipe: bool, stopped: bool) -> float:
    """Kill somebody; seconds until all below him are gone, at most _HANG_S. `stopped`: the engine is, before."""
    async with serving(stand.home, editor=who == "editor") as client:
        open_document(client, _URI, "go")
        await suggestion(client, _URI)
        engine = engine_below(client.process.pid)
        below = [engine] if who == "engine" else psutil.Process(client.process.pid).children(recursive=True)
        if stopped:
            engine.suspend()
        killed = time.monotonic()
        _kill(client, engine, who, keeps_pipe)
        # Who loses his parent is reaped by init; the engine's parent lives, and has to do it.
        while any(_is_left(process, zombies=who == "engine") for process in below):
            if time.monotonic() - killed > _HANG_S:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
        took = time.monotonic() - killed
        _end(below)
        return took


def _kill(client: RawClient, engine: psutil.Process, who: str, keeps_pipe: bool) -> None:
    engine.kill() if who == "engine" else client.process.kill()
    if client.process.stdin is not None and who == "editor" and not keeps_pipe:
        client.process.stdin.close()


def _is_left(process: psutil.Process, *, zombies: bool) -> bool:
    try:
        return process.is_running() and (zombies or process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end(processes: Sequence[psutil.Process]) -> None:
    """What was left must not outlive the drill."""
    for process in processes:
        if _is_left(process, zombies=False):
            process.kill()
