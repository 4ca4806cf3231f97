"""An engine with one expert in it, for measuring and checking outside the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from lsp_experts.completion.templates import FimTemplate, choose, control_texts
from lsp_experts.engine.command import engine_spawner
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Load, LoadReport
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.paths import Paths


@dataclass(frozen=True)
class OpenExpert:
    """A running engine, the expert's name in it, and what its load reported."""

    engine: Supervisor
    name: str
    report: LoadReport
    template: FimTemplate | None


def physical_cores() -> int:
    """Physical cores of this machine, at least 1: what llama.cpp computes best with."""
    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


@asynccontextmanager
async def open_engine(paths: Paths) -> AsyncIterator[Supervisor]:
    """A supervisor that is closed at the end; it starts its process at the first load."""
    messages: list[str] = []
    engine = Supervisor(engine_spawner(paths), ExtraBuftsMemory.of(paths), messages.append)
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def open_expert(
    paths: Paths, model: Path, *, fim: str = "auto", n_ctx: int = 2048, n_threads: int = 0, name: str = "expert"
) -> AsyncIterator[OpenExpert]:
    """`model` loaded alone in an engine of its own. EngineError if it cannot be."""
    async with open_engine(paths) as engine:
        report = await engine.load(
            Load(
                expert=name,
                path=str(model),
                n_ctx=n_ctx,
                n_threads=n_threads or physical_cores(),
                control_texts=control_texts(),
            )
        )
        yield OpenExpert(engine, name, report, choose(fim, report))
