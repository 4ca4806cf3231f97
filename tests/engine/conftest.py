"""Engines for these tests: started with one call, ended and reaped after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest_asyncio
from engine.supervised import Make, World

from lsp_experts.engine.client import EngineClient, Patience
from lsp_experts.engine.command import engine_spawner, fake_command, worker_command
from lsp_experts.paths import default_paths

StartEngine = Callable[..., Awaitable[EngineClient]]


@pytest_asyncio.fixture
async def start_engine() -> AsyncIterator[StartEngine]:
    """`await start_engine(*faults, kind="fake", ...Patience)`; no process outlives the test."""
    clients: list[EngineClient] = []

    async def start(*faults: str, kind: str = "fake", **patience: Any) -> EngineClient:
        command = fake_command(*faults) if kind == "fake" else worker_command()
        client = await engine_spawner(default_paths(), command, patience=Patience(**patience))()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()
    assert not [client.pid for client in clients if psutil.pid_exists(client.pid)], "an engine was left behind"


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[Make]:
    worlds: list[World] = []

    def make(*lives: tuple[str, ...], patience: Patience | None = None) -> World:
        worlds.append(World(tmp_path / "state" / "extra_bufts.json", list(lives) or [()], patience))
        return worlds[-1]

    yield make
    for one in worlds:
        await one.supervisor.close()
        await one.supervisor.close()
        assert not [client for client in one.clients if psutil.pid_exists(client.pid)]
