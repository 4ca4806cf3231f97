"""The drill of CPU hogs: programs that take every core slow completions down, and no more than their share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.protocol import Complete, Load, Segment, Stop
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.bench_latency import percentile
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_COMPLETIONS = 100
_ROUNDS = 4  # in turn: alone, beside them
_MOST_TIMES_SLOWER = 3.0
_EXPERT = "hogged"


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """W16."""
    count, cores = stand.times(_COMPLETIONS), os.cpu_count() or 1
    model = stand.model or write_tiny_gguf(stand.home / "tiny.gguf")
    alone: list[float] = []
    beside: list[float] = []
    async with open_engine(stand.paths) as engine:
        await engine.load(Load(_EXPERT, str(model), n_ctx=512, n_threads=max(2, physical_cores())))
        await completions_ms(engine, _EXPERT, count)  # warms up
        for number in range(_ROUNDS):
            on_step("completions alone and beside hogs", number, _ROUNDS)
            alone += await completions_ms(engine, _EXPERT, count)
            with hogs(cores):
                beside += await completions_ms(engine, _EXPERT, count)
    one, other = percentile(sorted(alone), 0.95), percentile(sorted(beside), 0.95)
    measured = f"{other / one:.1f} ({other:.0f} / {one:.0f} ms, {len(alone)} completions each)"
    return (
        Row("W16", f"completions beside {cores} CPU hogs, p95 / alone", f"at most {_MOST_TIMES_SLOWER:g}", measured,
            other <= _MOST_TIMES_SLOWER * one),
    )  # fmt: skip


async def completions_ms(engine: Supervisor, expert: str, count: int) -> list[float]:
    """Milliseconds of so many completions, each of another prompt."""
    times = []
    for number in range(count):
        started_s = time.monotonic()
        prompt = (Segment(f"func add{number}(a int, b int) int {{\n\treturn "),)
        await engine.complete(Complete(expert, prompt, stop=Stop(max_tokens=32))).result()
        times.append((time.monotonic() - started_s) * 1000)
    return times


@contextmanager
def hogs(count: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
