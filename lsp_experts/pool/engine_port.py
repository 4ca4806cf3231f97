"""What the pool asks of the engine; engine/supervisor.py has this shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from lsp_experts.engine.protocol import Load, LoadReport, MoveReport, StateReport


class EnginePort(Protocol):
    """An engine that restarts by itself. `generation` grows at each process start: older loads are gone."""

    @property
    def generation(self) -> int:
        """Number of the running process."""

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Experts that killed the engine too often, with the reason."""

    async def start(self) -> object:
        """Start the process if none runs, so that state() knows its GPUs."""

    async def load(self, load: Load, on_progress: Callable[[float], None] = ...) -> LoadReport:
        """Load a model; EngineError says why not."""

    async def park(self, expert: str) -> MoveReport:
        """Save the expert's KV cache, free its context, give its pages back; what runs on it is aborted."""

    async def unpark(self, expert: str) -> MoveReport:
        """Make a parked expert ready again."""

    async def evict(self, expert: str, *, forget: bool = False) -> MoveReport:
        """Free a loaded expert; its saved KV stays unless `forget`. What runs on it is aborted."""

    async def state(self) -> StateReport:
        """Measure the engine."""
