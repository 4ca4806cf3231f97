"""The drill of bad model files: GGUFs that are wrong, paths that are none, and a server that has such experts."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.engine.command import engine_spawner
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Complete, Load, Segment, Stop
from lsp_experts.engine.quarantine import Limits
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.lab.faults.crafted_gguf import crafted, truncated
from lsp_experts.lab.faults.gguf_mutations import mutated
from lsp_experts.lab.faults.real_server import (
    asked_until_told,
    expert_of,
    install,
    messages,
    open_document,
    serving,
    suggestion,
)
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_MUTATED = 500
_LIMIT_S = 5.0
_HANG_S = 60.0
_TRIES = 3  # after two deaths the third is refused unseen
_PATHS = ("FIFO", "folder", "device", "link to itself", "unreadable", "name too long", "name that is not UTF-8")


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """M1, M5, and what the user of a server sees of such files (W7, W9)."""
    good = write_tiny_gguf(stand.home / "good.gguf")
    count = len(crafted()) + 4 + stand.times(_MUTATED)
    fates: list[Fate] = []
    async with supervised(stand) as engine:
        for number, (name, data) in enumerate(bad_files(good, stand.seed, stand.times(_MUTATED))):
            on_step("bad models", number, count)
            file = stand.home / f"{number}.gguf"
            file.write_bytes(data)
            fates.append(await fate(engine, name, str(file)))
            if fates[-1].ended != "killed the engine":
                file.unlink()
        paths = [await fate(engine, name, path) for name, path in bad_paths(stand.home, good).items()]
    killers = [stand.home / f"{number}.gguf" for number, one in enumerate(fates) if one.ended == "killed the engine"]
    on_step("a server with bad models", 0, 1)
    return _files_row(fates), _paths_row(paths), await _served_row(stand, good, killers)


@dataclass(frozen=True)
class Fate:
    """How a file `ended`: "loaded", "refused", "killed the engine" or "hung". `seconds`: its first try. `kept_away`: it
    was not tried again after it was refused or killed twice.
    """

    name: str
    ended: str
    seconds: float
    kept_away: bool


def bad_files(good: Path, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """The crafted and truncated ones, and `count` mutations of `good`."""
    content = good.read_bytes()
    yield from crafted().items()
    yield from truncated(content).items()
    yield from mutated(content, head_bytes(good), seed, count)


def head_bytes(good: Path) -> int:
    """Where the weights of a model begin."""
    with GgufFile(good) as file:
        return min(tensor.start for tensor in file.tensors)


def bad_paths(folder: Path, good: Path) -> Mapping[str, str]:
    """Paths that are no regular file, cannot be read, or cannot be said; the last is a good model all the same."""
    made = {name: str(folder / name.replace(" ", "-")) for name in _PATHS[:5]}
    os.mkfifo(made["FIFO"])
    Path(made["folder"]).mkdir()
    Path(made["device"]).symlink_to("/dev/zero")
    Path(made["link to itself"]).symlink_to(made["link to itself"])
    Path(made["unreadable"]).write_bytes(b"GGUF" + bytes(64))
    Path(made["unreadable"]).chmod(0)
    odd = os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.gguf")
    Path(odd).write_bytes(good.read_bytes())
    return {**made, "name too long": str(folder / ("x" * 300)), "name that is not UTF-8": odd}


@asynccontextmanager
async def supervised(stand: Stand) -> AsyncIterator[Supervisor]:
    """The server's own keeper of the engine, which here is not put off by one death after another."""
    memory, limits = ExtraBuftsMemory.of(stand.paths), Limits(any_deaths=1 << 30)
    engine = Supervisor(engine_spawner(stand.paths), memory, lambda _message: None, limits=limits)
    try:
        yield engine
    finally:
        await engine.close()


async def fate(engine: Supervisor, name: str, path: str) -> Fate:
    """Load a file and complete with it; again, where that failed, as a user would who goes on working."""
    load = Load(expert=name, path=path, n_ctx=256, n_threads=1)
    await engine.start()
    started = time.monotonic()
    ended = await _try(engine, load)
    seconds = time.monotonic() - started
    if ended == "loaded":
        await engine.evict(name, forget=True)
        return Fate(name, ended, seconds, True)
    for _ in range(_TRIES - 1):
        generation, last = engine.generation, await _try(engine, load)
    kept_away = last == "refused" and name in engine.quarantined and generation == engine.generation
    return Fate(name, ended, seconds, kept_away)


async def _try(engine: Supervisor, load: Load) -> str:
    try:
        async with asyncio.timeout(_HANG_S):
            await engine.load(load)
            await engine.complete(Complete(load.expert, (Segment("func add"),), stop=Stop(max_tokens=8))).result()
    except EngineDied:
        return "killed the engine"
    except EngineError as error:
        return "refused" if error.code == "load_failed" else error.code
    except TimeoutError:
        return "hung"
    return "loaded"


def _files_row(fates: Sequence[Fate]) -> Row:
    ends = Counter(one.ended for one in fates)
    slowest = max(fates, key=lambda one: one.seconds)
    again = [one.name for one in fates if not one.kept_away]
    measured = (
        f"0 server deaths in {len(fates)}: {', '.join(f'{times} {end}' for end, times in ends.most_common())};"
        f" slowest {slowest.seconds:.1f} s; {len(again)} tried again and again"
    )
    if again:
        measured += f" ({'; '.join(again[:3])})"
    ok = slowest.seconds <= _LIMIT_S and not again and ends.keys() <= {"refused", "loaded", "killed the engine"}
    target = f"0 server deaths in {len(fates)}; <= {_LIMIT_S:.0f} s each; none tried for ever"
    return Row("M1", "bad GGUFs", target, measured, ok)


def _paths_row(fates: Sequence[Fate]) -> Row:
    """What can be read, if only by root, is no model either; the odd name is a good one."""
    wrong = [one.name for one in fates if one.ended != ("loaded" if one.name == _PATHS[-1] else "refused")]
    slowest = max(one.seconds for one in fates)
    measured = f"{len(fates) - len(wrong)}/{len(fates)}, slowest {slowest:.1f} s"
    if wrong:
        measured += f"; not so: {', '.join(wrong)}"
    target = f"{len(fates)}/{len(fates)} refused unopened, or loaded by an odd name; <= {_LIMIT_S:.0f} s"
    return Row("M5", "paths that are no model", target, measured, not wrong and slowest <= _LIMIT_S)


def _bad_experts(stand: Stand, good: Path, killers: Sequence[Path]) -> Mapping[str, Path]:
    """By language: a file that is refused, one that computes no numbers and, if one was found, one that kills."""
    refused, numberless = stand.home / "refused.gguf", stand.home / "numberless.gguf"
    refused.write_bytes(crafted()["2^40 tensors"])
    content, weights_at = good.read_bytes(), head_bytes(good)
    numberless.write_bytes(content[:weights_at] + b"\xff" * (len(content) - weights_at))  # NaN in every float
    return {"html": refused, "css": numberless, **({"rust": killers[0]} if killers else {})}


async def _served_row(stand: Stand, good: Path, killers: Sequence[Path]) -> Row:
    bad = _bad_experts(stand, good, killers)
    install(stand.paths, {"go": good, **bad})
    async with serving(stand.home) as client:
        open_document(client, "untitled:go", "go")
        first = await suggestion(client, "untitled:go")
        for language in bad:
            open_document(client, f"untitled:{language}", language)
            await asked_until_told(client, f"untitled:{language}", f"{expert_of(language)} is switched off")
        last = await suggestion(client, "untitled:go")
        told = [sum(f"{expert_of(language)} is switched off" in each for each in messages(client)) for language in bad]
    alive = bool(first and last)
    measured = f"{sum(each == 1 for each in told)}/{len(bad)} named once; Go {'completes on' if alive else 'is silent'}"
    target = f"{len(bad)}/{len(bad)} named once; Go completes on"
    return Row("M1 W7 W9", "a server with bad experts", target, measured, measured == target)
