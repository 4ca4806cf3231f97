"""A pool over an engine in memory, with small round sizes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pool.fake_port import LOAD_MS, UNPARK_MS, Clock, FakePageCache, FakePort, model

from lsp_experts.errors import NotInstalled
from lsp_experts.pool.header import Shape
from lsp_experts.pool.measured import Figures
from lsp_experts.pool.model import Model, Urgency
from lsp_experts.pool.pool import Pool

T = TypeVar("T")


async def soon(awaitable: Awaitable[T]) -> T:
    """A hang guard."""
    return await asyncio.wait_for(awaitable, 10)


def small_figures(resident_bytes: int, parked_share: float) -> Figures:
    return Figures(
        resident_bytes=resident_bytes,
        parked_bytes=int(resident_bytes * parked_share),
        load_ms=LOAD_MS,
        unpark_ms=UNPARK_MS,
    )


@dataclass
class Bench:
    """A pool over experts of 40 bytes each (`general` is pinned), with a budget of 100 bytes.

    Parked they keep 4. `over` names the model file that an expert shares.
    """

    folder: Path
    budget_bytes: int = 100
    engine: FakePort = field(default_factory=FakePort)
    clock: Clock = field(default_factory=Clock)
    missing: set[str] = field(default_factory=set)
    located: list[str] = field(default_factory=list)
    progress: list[tuple[str, float]] = field(default_factory=list)
    changes: int = 0
    predicted: dict[str, int] = field(default_factory=dict)
    page_cache: FakePageCache = field(default_factory=FakePageCache)
    gpu_layers: int = 0
    pinned: str = "general"
    over: dict[str, str] = field(default_factory=dict)
    pool: Pool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(
            self.engine,
            budget_bytes=self.budget_bytes,
            locate=self.locate,
            clock=self.clock,
            on_change=self.changed,
            on_progress=lambda expert, fraction: self.progress.append((expert, fraction)),
            shape_of=lambda path: Shape(n_layer=9, n_head_kv=1, head_dim=1, n_vocab=10) if self.gpu_layers else None,
            page_cache=self.page_cache,
            sleep=lambda seconds: self.clock.sleep(seconds),
        )

    def locate(self, expert: str) -> Model:
        self.located.append(expert)
        if expert in self.missing:
            raise NotInstalled(f"{expert} is not in the store.", remedy="Pull it.")
        file = self.over.get(expert, expert)
        return model(self.folder, file, 40, pinned=expert == self.pinned, n_gpu_layers=self.gpu_layers)

    def changed(self) -> None:
        self.changes += 1

    def states(self) -> dict[str, str]:
        return {status.expert: status.state for status in self.pool.states()}

    def hot(self) -> str:
        return " ".join(expert for expert, state in self.states().items() if state == "HOT")

    def parked(self) -> str:
        return " ".join(expert for expert, state in self.states().items() if state == "PARKED")

    async def want(self, *experts: str, urgency: Urgency = "now") -> bool:
        """Ask for each and wait for it; whether the last one became HOT."""
        outcome = False
        for expert in experts:
            task = self.pool.preload(expert, "test", urgency=urgency)
            outcome = await soon(task) if task is not None else not self.pool.why_not(expert)
        return outcome
