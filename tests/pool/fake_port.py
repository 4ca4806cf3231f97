"""An engine in memory for pool tests: what it loads waits for gates, dies and measures as scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_experts.engine.protocol import ExpertState, Load, LoadReport, StateReport
from lsp_experts.errors import EngineDied
from lsp_experts.pool.model import Model

MIB = 1024 * 1024


def report(resident_bytes: int) -> LoadReport:
    return LoadReport(file_bytes=resident_bytes, resident_bytes=resident_bytes, load_ms=7.0, n_vocab=10, n_ctx=64)


@dataclass
class FakePort:
    """Loads take `sizes[expert]` bytes (default: as many as the file); `faults[expert]` are raised in turn."""

    sizes: dict[str, int] = field(default_factory=dict)
    overhead_bytes: int = 0
    generation: int = 1
    quarantined: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    loaded: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    begun: dict[str, asyncio.Event] = field(default_factory=dict)
    on_evict: Callable[[str], None] | None = None
    running: int = 0

    def gate(self, expert: str) -> asyncio.Event:
        self.begun[expert] = asyncio.Event()
        return self.gates.setdefault(expert, asyncio.Event())

    async def load(self, load: Load, on_progress: Callable[[float], None] = lambda fraction: None) -> LoadReport:
        self.running += 1
        assert self.running == 1, "one load at a time"
        try:
            self.log.append(f"load {load.expert}")
            on_progress(0.5)
            if load.expert in self.gates:
                self.begun[load.expert].set()
                await self.gates[load.expert].wait()
            self._fail(load.expert)
            assert load.expert not in self.loaded
            self.loaded[load.expert] = self.sizes.get(load.expert, Path(load.path).stat().st_size)
            return report(self.loaded[load.expert])
        finally:
            self.running -= 1

    async def evict(self, expert: str) -> None:
        self.log.append(f"evict {expert}")
        if self.on_evict is not None:
            self.on_evict(expert)
        self._fail(f"evict {expert}")
        self.loaded.pop(expert, None)

    async def state(self) -> StateReport:
        experts = tuple(ExpertState(name, False, size, size, 0) for name, size in self.loaded.items())
        total = self.overhead_bytes + sum(self.loaded.values())
        return StateReport(resident_bytes=total, anonymous_bytes=0, experts=experts)

    def _fail(self, request: str) -> None:
        if self.faults.get(request):
            error = self.faults[request].pop(0)
            if isinstance(error, EngineDied):
                self.die()
            raise error

    def die(self) -> None:
        self.loaded.clear()
        self.generation += 1


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def model(folder: Path, expert: str, size: int = 10, **how: object) -> Model:
    path = folder / f"{expert}.gguf"
    if not path.exists():
        path.write_bytes(b"x" * size)
    return Model(path=path, file_bytes=path.stat().st_size, **how)  # type: ignore[arg-type]
