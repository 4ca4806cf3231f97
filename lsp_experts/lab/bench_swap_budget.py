"""Hundreds of swaps between experts that do not fit into a budget together: is it kept, does anything grow or leak?"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil

from lsp_experts.completion.templates import choose
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import ExpertsError
from lsp_experts.lab.bench_swap_moves import Subject
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.paths import Paths
from lsp_experts.pool.measured import Figures, MeasuredSizes
from lsp_experts.pool.pool import Pool

SETTLING_SWAPS = 50  # before growth is looked at: caches fill, the heap finds its size
_SAMPLE_EVERY_S = 0.02
_MAX_TOKENS = 8
_LOOKS = 10
_KEYS = 4  # each visit types another key, then they begin anew: a prompt that grew would be growth of the bench's own


@dataclass(frozen=True)
class Sizes:
    """Bytes of the engine with nothing in it, and of each expert, HOT (after a prompt) and PARKED."""

    overhead_bytes: int
    experts: Mapping[str, Figures]

    def tight_budget_bytes(self, experts: Sequence[str]) -> int:
        """Room for the largest of `experts` and a quarter, and the others parked; never for two HOT at once."""
        hot = sorted(self.experts[expert].resident_bytes for expert in experts)
        parked = sum(self.experts[expert].parked_bytes for expert in experts)
        enough = hot[-1] * 5 // 4 + parked - min(self.experts[expert].parked_bytes for expert in experts)
        return self.overhead_bytes + max(hot[-1], min(enough, hot[0] + hot[1] - 1))


async def measure_sizes(paths: Paths, subjects: Sequence[Subject]) -> Sizes:
    """Each expert alone in one engine. EngineError."""
    found: dict[str, Figures] = {}
    async with open_engine(paths) as engine:
        for subject in subjects:
            template = choose(subject.fim, await engine.load(subject.model.load(subject.name)))
            await engine.complete(subject.file.request(subject.name, template, 0, max_tokens=_MAX_TOKENS)).result()
            (hot,) = (await engine.state()).experts
            parked = await engine.park(subject.name)
            found[subject.name] = Figures(
                resident_bytes=hot.resident_bytes,
                weights_bytes=hot.weights_bytes,
                parked_bytes=parked.resident_bytes,
                parked_weights_bytes=parked.weights_bytes,
            )
            await engine.evict(subject.name, forget=True)
        return Sizes((await engine.state()).resident_bytes, found)


@dataclass(frozen=True)
class SwapFigures:
    """What was seen. `overshoot_pct`: the highest sample against the budget, negative below it."""

    budget_bytes: int
    samples: int
    overshoot_pct: float
    growth_mb_per_50_swaps: float
    leaked_descriptors: int
    zombies: int
    tokens_decoded_again: int  # the most that the first completion of an expert that came back decoded of its prompt
    swap_ms: float  # median, from the wish to HOT
    moves: Mapping[str, int]  # how often an expert came back by each way


async def measure_swaps(
    paths: Paths, subjects: Sequence[Subject], sizes: Sizes, swaps: int, on_swap: Callable[[int], None]
) -> SwapFigures:
    """`swaps` switches in turn through the real pool, each with a short completion. ExpertsError if one fails."""
    budget_bytes = sizes.tight_budget_bytes([subject.name for subject in subjects])
    known = MeasuredSizes()
    for subject in subjects:
        known.remember(subject.model, sizes.experts[subject.name])
    by_name = {subject.name: subject for subject in subjects}
    anonymous: list[tuple[str, int]] = []
    again, times_ms, moves = [0], [], {"loaded": 0, "unparked": 0}
    async with open_engine(paths) as engine:
        pool = Pool(
            engine,
            budget_bytes=budget_bytes,
            locate=lambda expert: by_name[expert].model,
            clock=time.monotonic,
            on_change=lambda: None,
            sizes=known,
        )
        async with _sampled(engine) as samples:
            before = 0
            for number in range(swaps):
                subject = subjects[number % len(subjects)]
                visits = number // len(subjects)
                was_parked = any(one.expert == subject.name and one.state == "PARKED" for one in pool.states())
                started = time.monotonic()
                pool.preload(subject.name, "the bench switches to it")
                if not await pool.ready(subject.name):
                    raise ExpertsError(f"{subject.name} did not come in: {pool.why_not(subject.name)}.")
                times_ms.append((time.monotonic() - started) * 1000)
                moves["unparked" if was_parked else "loaded"] += 1
                decoded = await _complete(engine, pool, subject, visits % _KEYS)
                if visits:
                    again.append(decoded)
                await pool.settled()
                state = await engine.state()
                samples.append(state.resident_bytes)
                anonymous.append((subject.name, state.anonymous_bytes))
                if number + 1 == len(subjects):
                    before = await _descriptors(engine)
                on_swap(number + 1)
            leaked = await _descriptors(engine) - before
        await pool.close()
        zombies = _zombies()
    times_ms.sort()
    return SwapFigures(
        budget_bytes=budget_bytes,
        samples=len(samples),
        overshoot_pct=round((max(samples) / budget_bytes - 1) * 100, 2),
        growth_mb_per_50_swaps=round(growth_bytes_per_swap(anonymous) * 50 / 1e6, 3),
        leaked_descriptors=leaked,
        zombies=zombies,
        tokens_decoded_again=max(again),
        swap_ms=round(times_ms[len(times_ms) // 2], 1),
        moves=moves,
    )


def growth_bytes_per_swap(measured: Sequence[tuple[str, int]]) -> float:
    """The least-squares slope of bytes over swaps behind SETTLING_SWAPS (behind the first half of a shorter run).

    `measured`: who was HOT, and the bytes. Each expert is compared with itself only.
    """
    first = min(SETTLING_SWAPS, len(measured) // 2)
    points: dict[str, list[tuple[int, int]]] = {}
    for number, (expert, size) in enumerate(measured[first:]):
        points.setdefault(expert, []).append((number, size))
    above, below = 0.0, 0.0
    for series in points.values():
        mean_x = math.fsum(x for x, _ in series) / len(series)
        mean_y = math.fsum(y for _, y in series) / len(series)
        above += math.fsum((x - mean_x) * (y - mean_y) for x, y in series)
        below += math.fsum((x - mean_x) ** 2 for x, _ in series)
    return above / below if below else 0.0


@asynccontextmanager
async def _sampled(engine: Supervisor) -> AsyncIterator[list[int]]:
    """Resident bytes of the engine, looked at all the time, while experts move too."""
    samples: list[int] = []

    async def look() -> None:
        while True:
            samples.append((await engine.state()).resident_bytes)
            await asyncio.sleep(_SAMPLE_EVERY_S)

    task = asyncio.create_task(look())
    try:
        yield samples
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _complete(engine: Supervisor, pool: Pool, subject: Subject, keys: int) -> int:
    """A short completion; how many tokens of its prompt were decoded."""
    lease = pool.lease(subject.name)
    if lease is None:
        raise ExpertsError(f"{subject.name} is not HOT any more: {pool.why_not(subject.name)}.")
    with lease:
        template = choose(subject.fim, lease.report)
        request = subject.file.request(subject.name, template, keys, max_tokens=_MAX_TOKENS)
        return (await engine.complete(request).result()).prompt_tokens


async def _descriptors(engine: Supervisor) -> int:
    """Of this process and of the engine: the fewest of some looks, since a look at its memory opens files too."""
    processes = [psutil.Process(pid) for pid in (os.getpid(), engine.pid) if pid is not None]
    looks = []
    for _ in range(_LOOKS):
        looks.append(sum(process.num_fds() for process in processes))
        await asyncio.sleep(_SAMPLE_EVERY_S / 3)  # out of step with the samples
    return min(looks)


def _zombies() -> int:
    return sum(child.status() == psutil.STATUS_ZOMBIE for child in psutil.Process().children(recursive=True))
