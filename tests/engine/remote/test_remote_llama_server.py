"""A real llama.cpp server as the host."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine.remote.asking import engine_at, request, result

from lsp_experts.engine.protocol import Stop
from lsp_experts.lab.peer_server import is_installed, peer_server

needs_server = pytest.mark.skipif(not is_installed(), reason="pip install xllamacpp")


@needs_server
@pytest.mark.asyncio
async def test_it_heals_tells_its_figures_and_reuses_its_cache(tiny_gguf: Path) -> None:
    stop = Stop(max_tokens=4, repetition=False)
    async with (
        peer_server(tiny_gguf, 1) as server,
        engine_at(server.address + "/v1", server="llama-server") as engine,
    ):
        cold = await result(engine.complete(request("    retu", stop=stop, head="def f(x):\n" * 20)))
        assert cold.stop == "tokens" and cold.cached_tokens == 0 and cold.prompt_tokens > 100
        assert 0 < cold.joint_probability < 1 and cold.decoded_tokens >= 4
        warm = await result(engine.complete(request("    retur", stop=stop, head="def f(x):\n" * 20)))
        assert warm.cached_tokens > 100 and 0 < warm.prompt_tokens <= 10
        for tail in ('    x["\\', "\t(", "    größe = a[", "    1"):  # each has a grammar that it takes
            await result(engine.complete(request(tail, stop=stop)))
        assert engine.health.state == "prompt"


@needs_server
@pytest.mark.asyncio
async def test_healing_is_the_servers_own_work(tiny_gguf: Path) -> None:
    stop = Stop(max_tokens=2, repetition=False)
    async with peer_server(tiny_gguf, 1) as server:
        async with engine_at(server.address + "/v1", server="llama-server") as engine:
            made = await result(engine.complete(request("    retu", stop=stop)))
        async with engine_at(server.address + "/v1") as engine:
            free = await result(engine.complete(request("    retu", stop=stop, heal=False)))
            tried = await result(engine.complete(request("    retu", stop=stop)))
    assert tried.text == free.text, "this model says something else by itself, and is asked again without healing"
    assert made.text != free.text
