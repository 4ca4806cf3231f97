"""The real engine: what it does without memory, and that it gives back what it took."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import psutil
import pytest
from engine.real import StartEngine, complete, document, load

from lsp_experts.engine.client import EngineClient
from lsp_experts.errors import EngineError
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

MIB = 1024 * 1024
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process, /proc")


def limit_room(client: EngineClient, room_bytes: int | None) -> None:
    """Let the engine map `room_bytes` more than it has, None: as much as it likes."""
    process = psutil.Process(client.pid)
    most = resource.RLIM_INFINITY if room_bytes is None else process.memory_info().vms + room_bytes
    process.rlimit(psutil.RLIMIT_AS, (most, resource.RLIM_INFINITY))


@linux
@pytest.mark.asyncio
@pytest.mark.parametrize(("room_bytes", "times"), [(12 * MIB, 3), (1 * MIB, 1)])
async def test_no_memory_for_the_context(
    start_engine: StartEngine, tmp_path: Path, room_bytes: int, times: int
) -> None:
    """Refused as what it is, nothing half-made stays; with memory again, the same file loads.

    What fails in 1 MiB depends on the heap after the first time: where it is a small block, llama.cpp aborts.
    """
    path = write_tiny_gguf(tmp_path / "long.gguf", n_ctx=131_072)  # its KV cache takes 32 MiB
    client = await start_engine(kind="real")
    await load(client, path)  # a first load takes memory that stays: threads, caches of the library
    await client.evict("tiny").result()
    before = await client.state().result()
    for _ in range(times):
        limit_room(client, room_bytes)
        with pytest.raises(EngineError) as caught:
            await load(client, path, n_ctx=131_072)
        limit_room(client, None)
        assert caught.value.code == "out_of_memory"
    after = await client.state().result()
    assert after.experts == ()
    assert after.resident_bytes <= before.resident_bytes + 2 * MIB
    assert (await load(client, path, n_ctx=131_072)).n_ctx == 131_072
    assert (await complete(client, "\tret")).decoded_tokens > 0


@linux
@pytest.mark.asyncio
async def test_no_memory_to_map_the_file(start_engine: StartEngine, tmp_path: Path, tiny_gguf: Path) -> None:
    path = write_tiny_gguf(tmp_path / "big.gguf", n_ff=40_000)
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    answer = await complete(client, "\tret")
    limit_room(client, path.stat().st_size // 2)
    with pytest.raises(EngineError) as caught:
        await load(client, path, "big")
    limit_room(client, None)
    assert caught.value.code == "out_of_memory"
    assert (await complete(client, "\tret")).text == answer.text
    await load(client, path, "big")


@linux
@pytest.mark.asyncio
async def test_no_memory_to_unpark(start_engine: StartEngine, tmp_path: Path) -> None:
    """It stays parked, with its KV, and comes back when there is memory."""
    path = write_tiny_gguf(tmp_path / "long.gguf", n_ctx=131_072)
    client = await start_engine(kind="real")
    await load(client, path, n_ctx=131_072)
    answer = await complete(client, "\tret")
    parked = await client.park("tiny").result()
    limit_room(client, 12 * MIB)
    with pytest.raises(EngineError) as caught:
        await client.unpark("tiny").result()
    limit_room(client, None)
    assert caught.value.code == "out_of_memory"
    (state,) = (await client.state().result()).experts
    assert (state.parked, state.kv_tokens) == (True, parked.kv_tokens)
    assert state.weights_bytes == parked.weights_bytes
    assert (await client.unpark("tiny").result()).kv_tokens == parked.kv_tokens
    again = await complete(client, "\tret")
    assert (again.text, again.prompt_tokens) == (answer.text, 1)


async def held(client: EngineClient) -> tuple[int, int]:
    """(anonymous bytes, saved KV left out; open files) of the engine."""
    state = await client.state().result()
    return state.anonymous_bytes - state.evicted_kv_bytes, len(os.listdir(f"/proc/{client.pid}/fd"))


@linux
@pytest.mark.asyncio
async def test_adapters_that_leave_while_their_model_stays(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path
) -> None:
    adapter = write_random_adapter(tiny_gguf, tmp_path / "adapter.gguf", rank=64)
    assert adapter.stat().st_size * 40 > 4 * MIB, "one that is never freed would show"
    client = await start_engine(kind="real")
    await load(client, tiny_gguf, "base")

    async def come_and_go(times: int) -> tuple[int, int]:
        for _ in range(times):
            assert (await load(client, tiny_gguf, "go", adapter=str(adapter))).shared
            await client.evict("go").result()
        return await held(client)

    early_bytes, early_files = await come_and_go(20)
    late_bytes, late_files = await come_and_go(40)
    assert late_files == early_files
    assert late_bytes - early_bytes < 1 * MIB


@linux
@pytest.mark.asyncio
async def test_sixty_rounds_leak_nothing(start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path) -> None:
    """Park, unpark, evict and load again, with an adapter, a shared model, saved KV and a refused file."""
    adapter = write_random_adapter(tiny_gguf, tmp_path / "adapter.gguf", rank=64, scale=1.0)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(adapter.read_bytes()[: adapter.stat().st_size // 2])
    client = await start_engine(kind="real")

    async def round_of(number: int) -> None:
        await load(client, tiny_gguf, "base")
        await load(client, tiny_gguf, "go", adapter=str(adapter))
        for expert in ("base", "go"):
            await complete(client, "\tret", document(f"d{number % 7}"), expert=expert, max_tokens=2)
            await client.park(expert).result()
        with pytest.raises(EngineError):
            await load(client, tiny_gguf, "bad", adapter=str(broken))
        for expert in ("go", "base"):
            await client.unpark(expert).result()
            await complete(client, "\tif", document("other"), expert=expert, max_tokens=2)
        for expert in ("base", "go") if number % 2 else ("go", "base"):
            await client.evict(expert).result()

    for number in range(20):
        await round_of(number)
    early_bytes, early_files = await held(client)
    for number in range(20, 60):
        await round_of(number)
    late_bytes, late_files = await held(client)
    assert late_files == early_files
    assert late_bytes - early_bytes < 1 * MIB
