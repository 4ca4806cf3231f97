"""What the moves of one expert cost, seen from the server's side of the pipe, and a switch between two adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_experts.completion.templates import FimTemplate, choose
from lsp_experts.engine.protocol import CompleteReport
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.stopwatch import Stopwatch
from lsp_experts.lab.typed_file import TypedFile
from lsp_experts.paths import Paths
from lsp_experts.pool.model import Model
from lsp_experts.pool.page_cache import cached_fraction, drop

_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Subject:
    """An installed expert, its registry word for a FIM template, and the file that is typed with it."""

    name: str
    model: Model
    fim: str
    file: TypedFile


@dataclass(frozen=True)
class MoveTimes:
    """Medians in milliseconds by name; tokens are the most that any round decoded."""

    medians: dict[str, float]
    prompt_tokens: int  # of the whole prompt
    tokens_after_unpark: int
    tokens_after_cached_return: int
    cold_cached_fraction: float  # of the file, still in the page cache before a cold load: another process may hold it


async def measure_moves(paths: Paths, subject: Subject, rounds: int, on_round: Callable[[int], None]) -> MoveTimes:
    """Load, prefill, park, unpark, come back from the page cache, load cold: `rounds` times. EngineError."""
    watch = Stopwatch()
    whole, after_unpark, after_return, not_dropped = 0, 0, 0, 0.0
    load, path = subject.model.load(subject.name), subject.model.path
    async with open_engine(paths) as engine:
        template = choose(subject.fim, await engine.load(load))  # not counted: the process starts, the disk is read
        for number in range(rounds):
            with watch("plain_server_switch_ms"):
                await engine.evict(subject.name, forget=True)
                with watch("page_cache_load_ms"):
                    await engine.load(load)
                with watch("prefill_ms"):
                    whole = (await _first_token(engine, subject, template, 0)).prompt_tokens
            with watch("park_ms"):
                await engine.park(subject.name)
            with watch("unpark_ms"):
                await engine.unpark(subject.name)
            with watch("first_token_after_unpark_ms"):
                awake = await _first_token(engine, subject, template, 1)
            after_unpark = max(after_unpark, awake.prompt_tokens)
            await engine.evict(subject.name)
            with watch("cached_return_ms"):
                await engine.load(load)
                returned = await _first_token(engine, subject, template, 2)
            after_return = max(after_return, returned.prompt_tokens)
            await engine.evict(subject.name, forget=True)
            await asyncio.to_thread(drop, path)
            not_dropped = max(not_dropped, await asyncio.to_thread(cached_fraction, path))
            with watch("cold_load_ms"):
                await engine.load(load)
            await asyncio.to_thread(_read_all, path)  # what the load did not need is read too: the next one is warm
            on_round(number + 1)
    return MoveTimes(watch.medians(), whole, after_unpark, after_return, not_dropped)


@dataclass(frozen=True)
class AdapterTimes:
    """`switch_ms`: the median. Bytes: one base with two adapters over it, and the base alone."""

    switch_ms: float
    base_bytes: int
    two_adapters_bytes: int


async def measure_adapters(
    paths: Paths, base: Subject, folder: Path, rounds: int, on_round: Callable[[int], None]
) -> AdapterTimes:
    """The first token of one adapter right after the other one's, both over one base; adapters are put in `folder`."""
    watch = Stopwatch()
    subjects = []
    for seed in (1, 2):
        file = await asyncio.to_thread(
            write_random_adapter, base.model.path, folder / f"random-{seed}.gguf", rank=8, seed=seed, scale=0.05
        )
        model = replace(base.model, adapter=file, adapter_bytes=file.stat().st_size)
        subjects.append(replace(base, name=f"{base.name}+random-{seed}", model=model))
    async with open_engine(paths) as engine:
        template = choose(base.fim, await engine.load(base.model.load(base.name)))
        await _first_token(engine, base, template, 0)
        base_bytes = (await engine.state()).resident_bytes
        await engine.evict(base.name, forget=True)
        for subject in subjects:
            await engine.load(subject.model.load(subject.name))
            await _first_token(engine, subject, template, 0)
        both_bytes = (await engine.state()).resident_bytes
        for number in range(rounds):
            for subject in subjects:
                with watch("switch_ms"):
                    await _first_token(engine, subject, template, number + 1)
            on_round(number + 1)
    return AdapterTimes(watch.medians()["switch_ms"], base_bytes, both_bytes)


async def _first_token(engine: Supervisor, subject: Subject, template: FimTemplate | None, keys: int) -> CompleteReport:
    return await engine.complete(subject.file.request(subject.name, template, keys, max_tokens=1)).result()


def _read_all(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(_CHUNK_BYTES):
            pass
