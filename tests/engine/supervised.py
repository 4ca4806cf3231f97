"""A supervisor over fake processes, with what it said and who died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_experts.engine.client import EngineClient, Patience
from lsp_experts.engine.command import engine_spawner, fake_command
from lsp_experts.engine.death import Death
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Complete, Load, Score, Segment, Stop
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineError
from lsp_experts.paths import default_paths

SIZES = ("size:go=1000", "size:html=500", "size:css=300", "stderr:the last words")
EXPERTS = ("go", "html", "css")


def load(expert: str = "go", **how: Any) -> Load:
    return Load(expert, f"/nowhere/{expert}.gguf", **how)


def request(expert: str = "go", **stop: Any) -> Complete:
    return Complete(expert, (Segment("return "),), stop=Stop(**stop))


def score(expert: str = "go") -> Score:
    return Score(expert, (Segment("return "),), ("err",))


@dataclass
class World:
    """A supervisor over fakes: the n-th process gets the n-th entry of `lives` (the last one for all that follow)."""

    memory_file: Path
    lives: list[tuple[str, ...]] = field(default_factory=lambda: [()])
    patience: Patience | None = None
    now: float = 1000.0
    messages: list[str] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    clients: list[EngineClient] = field(default_factory=list)
    spawning: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        self.memory = ExtraBuftsMemory(self.memory_file, lambda: "this build")
        self.supervisor = Supervisor(
            self.spawn, self.memory, self.messages.append, lambda: self.now, on_death=self.deaths.append
        )

    async def spawn(self) -> EngineClient:
        assert self.spawning == 0, "one start at a time"
        assert not [client for client in self.clients if psutil.pid_exists(client.pid)], "one process at a time"
        faults = self.lives[min(self.starts, len(self.lives) - 1)]
        self.starts += 1
        self.spawning += 1
        try:
            client = await engine_spawner(default_paths(), fake_command(*SIZES, *faults), patience=self.patience)()
        finally:
            self.spawning -= 1
        self.clients.append(client)
        return client

    async def fails(self, awaitable: Any, code: str = "died") -> EngineError:
        with pytest.raises(EngineError) as caught:
            await asyncio.wait_for(awaitable, 30)
        assert caught.value.code == code, caught.value
        return caught.value


Make = Callable[..., World]
