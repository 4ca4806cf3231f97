"""An engine of its own and the experts for it, for measuring and checking outside the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.completion.templates import FimTemplate, choose, control_texts
from lsp_experts.engine.command import engine_spawner
from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Load, LoadReport, Tokenize
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.corpus import Tokenize as TokenizeTexts
from lsp_experts.paths import Paths
from lsp_experts.pool.model import Model
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.expert_files import expert_files
from lsp_experts.registry.store import Store


@dataclass(frozen=True)
class OpenExpert:
    """A running engine, the expert's name in it, and what its load reported."""

    engine: Supervisor
    name: str
    report: LoadReport
    template: FimTemplate | None


@asynccontextmanager
async def open_engine(paths: Paths, command: Sequence[str] | None = None) -> AsyncIterator[Supervisor]:
    """A supervisor that is closed at the end; it starts its process at the first load. `command`: another engine."""
    messages: list[str] = []
    engine = Supervisor(engine_spawner(paths, command), ExtraBuftsMemory.of(paths), messages.append)
    try:
        yield engine
    finally:
        await engine.close()


def installed_model(catalogue: Catalogue, store: Store, expert: str) -> Model:
    """An installed expert as the engine opens it, an adapter with its base.

    UnknownExpert, NotInstalled, ModelRejected.
    """
    files = expert_files(catalogue, store, expert)
    return Model(
        path=files.model.path,
        file_bytes=files.model.size,
        n_ctx=catalogue.get(expert).context,
        control_texts=control_texts(),
        n_threads=physical_cores(),
        adapter=files.adapter.path if files.adapter else None,
        adapter_bytes=files.adapter.size if files.adapter else 0,
    )


def tokenizer(engine: Supervisor, name: str) -> TokenizeTexts:
    """What turns texts into token ids with a loaded model's vocabulary."""

    async def tokenize(texts: Sequence[str]) -> list[list[int]]:
        return await engine.tokenize(Tokenize(name, tuple(texts)))

    return tokenize


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
