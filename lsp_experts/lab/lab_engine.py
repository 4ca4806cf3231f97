"""An engine process for the lab: the same one the server uses, with what the lab asks of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lsp_experts.engine.command import engine_spawner
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Load, LoadReport, Logits, Segment, Tokenize
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.corpus import Tokenize as TokenizeTexts
from lsp_experts.paths import Paths

_N_CTX = 512


class LabEngine:
    """One engine with models loaded by name; EngineError and EngineDied as the engine gives them."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def load(self, name: str, path: Path) -> LoadReport:
        """Load a GGUF, without repacked weights: two files then compute the same sums in the same order."""
        threads = max(1, min(4, (os.cpu_count() or 2) // 2))
        load = Load(name, str(path.absolute()), n_ctx=_N_CTX, n_threads=threads, use_extra_bufts=False)
        return await self._supervisor.load(load)

    async def evict(self, name: str) -> None:
        """Free a model."""
        await self._supervisor.evict(name)

    async def logits(self, name: str, text: str) -> Sequence[float]:
        """The logits after `text`, one per token id."""
        return await self._supervisor.logits(Logits(name, (Segment(text),)))

    def tokenizer(self, name: str) -> TokenizeTexts:
        """What turns texts into token ids with a loaded model's vocabulary."""

        async def tokenize(texts: Sequence[str]) -> list[list[int]]:
            return await self._supervisor.tokenize(Tokenize(name, tuple(texts)))

        return tokenize


@asynccontextmanager
async def lab_engine(paths: Paths, on_message: Callable[[str], None]) -> AsyncIterator[LabEngine]:
    """A fresh engine process, ended when the block ends."""
    supervisor = Supervisor(engine_spawner(paths), ExtraBuftsMemory.of(paths), on_message)
    try:
        yield LabEngine(supervisor)
    finally:
        await supervisor.close()
