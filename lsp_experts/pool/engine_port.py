"""What the pool asks of the engine; engine/supervisor.py has this shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from lsp_experts.engine.protocol import Load, LoadReport, StateReport


class EnginePort(Protocol):
    """An engine that restarts by itself. `generation` grows at each process start: older loads are gone."""

    @property
    def generation(self) -> int:
        """Number of the running process."""

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Experts that killed the engine too often, with the reason."""

    async def load(self, load: Load, on_progress: Callable[[float], None] = ...) -> LoadReport:
        """Load a model; EngineError says why not."""

    async def evict(self, expert: str) -> None:
        """Free everything of a loaded expert."""

    async def state(self) -> StateReport:
        """Measure the engine."""
