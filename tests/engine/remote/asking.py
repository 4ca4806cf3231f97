"""A remote expert at an address, and requests to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport, Segment, Stop
from lsp_experts.engine.remote.engine import RemoteEngine
from lsp_experts.registry.entry import Entry, Remote, RemoteServer

PREFIX, SUFFIX, MIDDLE = CONTROLS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
HANG_S = 60.0


def fim(head: str, tail: str, suffix: str = "\n") -> tuple[Segment, ...]:
    """A prompt as completion/templates.py makes it."""
    parts = (Segment(PREFIX, True), Segment(head), Segment(SUFFIX, True), Segment(suffix), Segment(MIDDLE, True))
    return (*parts, Segment(tail)) if tail else parts


def request(tail: str = "", *, stop: Stop | None = None, heal: bool = True, head: str = "head\n") -> Complete:
    return Complete("far", fim(head, tail), heal=heal, stop=stop or Stop(max_tokens=16))


@asynccontextmanager
async def engine_at(
    endpoint: str,
    *,
    server: RemoteServer = "openai",
    limit_ms: int = int(HANG_S * 1000),
    clock: Callable[[], float] = time.monotonic,
    key_variable: str = "",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[RemoteEngine]:
    remote = Remote(endpoint, "coder", server, key_variable)
    engine = RemoteEngine(
        Entry("far", "remote", ("python",), "MIT", "", remote=remote),
        controls=CONTROLS,
        time_limit_ms=lambda: limit_ms,
        clock=clock,
        environment=environment,
    )
    try:
        yield engine
    finally:
        await engine.close()


async def result(call: Call[CompleteReport]) -> CompleteReport:
    async with asyncio.timeout(HANG_S):
        return await call.result()
