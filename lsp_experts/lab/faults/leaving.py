"""The drill of leaving: the server ends at once, whatever its engine does, and takes it along."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import psutil

from lsp_experts.lab.faults.raw_client import TIMEOUT_S, RawClient
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import GO, INLINE, at, busy, scripted

_TIMES = 10  # each way, with each engine
_EXIT_S, _CHILDREN_S = 1.0, 2.0
_ENGINES = {"writes": "slow:10s", "does not write": "stall@complete", "hears nothing": "hang@complete"}


def _exit(client: RawClient) -> None:
    client.ask("bye", "shutdown")
    client.notify("exit")


def _hang_up(client: RawClient) -> None:
    if client.process.stdin is not None:
        client.process.stdin.close()


_WAYS: Mapping[str, tuple[Callable[[RawClient], None], int]] = {
    "exit": (_exit, 0),
    "end of input": (_hang_up, 0),
    "SIGTERM": (lambda client: client.process.terminate(), 143),
}


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """P-25 and P-26, with an engine that writes, one that stands still and one that does not even hear."""
    rounds = stand.times(_TIMES)
    count, done = rounds * len(_WAYS) * len(_ENGINES), 0
    rows, left_behind = [], 0
    for way, (leave, code) in _WAYS.items():
        times, codes = [], []
        for fault in _ENGINES.values():
            for number in range(rounds):
                on_step(f"leaving by {way}", done, count)
                done += 1
                home = stand.home / f"{way} {fault} {number}"
                took_s, ended, left = await _leave(replace(stand, home=home), fault, leave)
                times.append(took_s)
                codes.append(ended)
                left_behind += left
        wrong = f", {sum(each != code for each in codes)} with another exit code" if set(codes) != {code} else ""
        said = f"at most {max(times):.2f} s in {len(times)}{wrong}"
        target = f"at most {_EXIT_S:g} s, code {code}"
        rows.append(Row("P-25", f"{way} with a busy engine", target, said, max(times) <= _EXIT_S and not wrong))
    rows.append(Row("P-26", f"engines left {_CHILDREN_S:g} s after their server", f"0 of {count}",
                    f"{left_behind} of {count}", left_behind == 0))  # fmt: skip
    return tuple(rows)


async def _leave(stand: Stand, fault: str, leave: Callable[[RawClient], None]) -> tuple[float, int, int]:
    """(seconds until the server is gone, its exit code, processes of it that outlive it for too long)."""
    async with scripted(stand, fault) as client:
        client.ask("open", INLINE, at(GO, 3, 1))
        await busy(client)
        children = psutil.Process(client.process.pid).children(recursive=True)
        started_s = time.monotonic()
        leave(client)
        code = await asyncio.wait_for(client.process.wait(), TIMEOUT_S)
        took_s = time.monotonic() - started_s
        _, left = await asyncio.to_thread(psutil.wait_procs, children, timeout=_CHILDREN_S)
        for process in left:
            process.kill()
    return took_s, code, len(left) + (not children)
