"""How long a running completion keeps its expert from leaving: the decode is aborted, not waited for."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from lsp_experts.completion.templates import FimTemplate, choose
from lsp_experts.engine.protocol import Complete, Segment, Stop
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineError
from lsp_experts.lab.bench_swap_moves import Subject
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.paths import Paths

_INTO_THE_PROMPT_S = 0.1  # a prompt of a thousand tokens takes ten times as long anywhere without a GPU
_LONG = "total = count(total)  # and again\n" * 100


@dataclass(frozen=True)
class AbortTimes:
    """Milliseconds from the wish to park a busy expert to the engine beginning to park it."""

    median_ms: float
    worst_ms: float


async def measure_aborts(paths: Paths, subject: Subject, rounds: int, on_round: Callable[[int], None]) -> AbortTimes:
    """Park an expert that generates, and one that reads a prompt, `rounds` times each. EngineError."""
    times_ms: list[float] = []
    async with open_engine(paths) as engine:
        template = choose(subject.fim, await engine.load(subject.model.load(subject.name)))
        for number in range(rounds):
            for in_prompt in (False, True):
                times_ms.append(await _abort(engine, _request(subject, template, number, in_prompt), in_prompt))
            on_round(number + 1)
    return AbortTimes(round(statistics.median(times_ms), 1), round(max(times_ms), 1))


async def _abort(engine: Supervisor, request: Complete, in_prompt: bool) -> float:
    call = engine.complete(request)
    if in_prompt:
        await asyncio.sleep(_INTO_THE_PROMPT_S)
    else:
        async for _ in call.pieces:
            break
    started = time.monotonic()
    parked = await engine.park(request.expert)
    waited_ms = (time.monotonic() - started) * 1000 - parked.ms
    with suppress(EngineError):
        await call.result()
    await engine.unpark(request.expert)
    return max(0.0, waited_ms)


def _request(subject: Subject, template: FimTemplate | None, number: int, in_prompt: bool) -> Complete:
    if in_prompt:  # each one new from its first word, so that no KV helps
        return Complete(subject.name, (Segment(f"{number} {_LONG}"),), stop=Stop(max_tokens=1))
    typed = subject.file.request(subject.name, template, 0, max_tokens=256)
    return replace(typed, stop=Stop(max_tokens=256, max_lines=100))
