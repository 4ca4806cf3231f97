"""The real engine: several experts over one file share its model; adapters differ and never mix."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import gguf
import numpy as np
import pytest
from engine.real import StartEngine, complete, load

from lsp_experts.engine.client import EngineClient
from lsp_experts.errors import CarveError, EngineError
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

TAILS = ("\tret", "\tif err", "x")


@pytest.fixture(scope="session")
def adapters(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    seeds = {"go": 1, "html": 2}
    return {
        name: write_random_adapter(tiny_gguf, folder / f"{name}.gguf", rank=4, seed=seed, scale=1.0)
        for name, seed in seeds.items()
    }


async def answers(client: EngineClient, expert: str) -> list[str]:
    return [(await complete(client, tail, expert=expert)).text for tail in TAILS]


async def alone(start_engine: StartEngine, path: Path, name: str, adapter: Path | str) -> list[str]:
    client = await start_engine(kind="real")
    await load(client, path, name, adapter=str(adapter))
    return await answers(client, name)


@pytest.mark.asyncio
async def test_adapters_over_one_base(start_engine: StartEngine, tiny_gguf: Path, adapters: dict[str, Path]) -> None:
    """Each answers as it would alone, in whatever order they are asked, parked and brought back."""
    experts: dict[str, Path | str] = {"base": "", **adapters}
    expected = {name: await alone(start_engine, tiny_gguf, name, adapter) for name, adapter in experts.items()}
    assert len({tuple(one) for one in expected.values()}) == 3
    client = await start_engine(kind="real")
    reports = [await load(client, tiny_gguf, name, adapter=str(adapter)) for name, adapter in experts.items()]
    assert [report.shared for report in reports] == [False, True, True]
    for name in ("base", "go", "base", "html", "go", "base"):
        assert await answers(client, name) == expected[name]
    for name in experts:
        await client.park(name).result()
    for name in ("go", "base", "html"):
        await client.unpark(name).result()
        assert await answers(client, name) == expected[name]


@pytest.mark.asyncio
async def test_a_shared_model_is_counted_once_and_lives_until_its_last_expert(
    start_engine: StartEngine, tiny_gguf: Path, adapters: dict[str, Path]
) -> None:
    client = await start_engine(kind="real")
    names = ("base", "go", "html")
    for name in names:
        await load(client, tiny_gguf, name, adapter=str(adapters.get(name, "")))
    expected = await answers(client, "html")
    hot, *others = [expert.weights_bytes for expert in (await client.state().result()).experts]
    assert others == [hot, hot]
    assert (await client.park("base").result()).weights_bytes == hot, "others compute with these pages"
    await client.evict("base").result()
    await client.park("go").result()
    assert await answers(client, "html") == expected
    await client.park("html").result()
    pages = [expert.weights_bytes for expert in (await client.state().result()).experts]
    await client.unpark("go").result()
    assert max(pages) <= hot - tiny_gguf.stat().st_size // 2
    await client.evict("go").result()
    (last,) = (await client.state().result()).experts
    assert last.parked and last.weights_bytes == pages[0], "nobody computes any more"
    await client.unpark("html").result()
    assert await answers(client, "html") == expected
    await client.evict("html").result()
    state = await client.state().result()
    assert (state.experts, state.resident_bytes) == ((), state.anonymous_bytes)
    assert not (await load(client, tiny_gguf, "base")).shared


@pytest.mark.asyncio
async def test_the_scale_of_an_adapter(start_engine: StartEngine, tiny_gguf: Path, adapters: dict[str, Path]) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf, "base")
    await load(client, tiny_gguf, "off", adapter=str(adapters["go"]), adapter_scale=0.0)
    await load(client, tiny_gguf, "back", adapter=str(adapters["go"]), adapter_scale=-1.0)
    base = await answers(client, "base")
    assert await answers(client, "off") == base
    assert await answers(client, "back") != base
    with pytest.raises(EngineError) as caught:
        await load(client, tiny_gguf, "odd", adapter=str(adapters["go"]), adapter_scale=float("inf"))
    assert caught.value.code == "bad_request"


def missing(path: Path) -> None:
    return None


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("no adapter" * 100)


def cut(path: Path) -> None:
    write_random_adapter(write_tiny_gguf(path.with_name("base.gguf")), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def model(path: Path) -> None:
    write_tiny_gguf(path)


def _adapter(path: Path, architecture: str, n_in: int) -> None:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    writer.add_tensor("blk.0.attn_q.weight.lora_a", np.ones((4, n_in), np.float32))
    writer.add_tensor("blk.0.attn_q.weight.lora_b", np.ones((32, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def another_architecture(path: Path) -> None:
    _adapter(path, "llama", 32)


def another_shape(path: Path) -> None:
    _adapter(path, "qwen2", 48)


@pytest.mark.asyncio
@pytest.mark.parametrize("damage", [missing, fifo, folder, text, cut, model, another_architecture, another_shape])
@pytest.mark.parametrize("base_is_there", [False, True])
async def test_a_bad_adapter_is_refused_by_name_and_leaves_nothing(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path, damage: object, base_is_there: bool
) -> None:
    bad = tmp_path / "bad-adapter.gguf"
    damage(bad)  # type: ignore[operator]
    client = await start_engine(kind="real")
    if base_is_there:
        await load(client, tiny_gguf, "base")
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(load(client, tiny_gguf, "go", adapter=str(bad)), 20)
    assert caught.value.code == "load_failed"
    assert "bad-adapter.gguf" in caught.value.message
    state = await client.state().result()
    assert [expert.expert for expert in state.experts] == ["base"] * base_is_there
    assert base_is_there or state.resident_bytes == state.anonymous_bytes, "its model went with it"
    await load(client, tiny_gguf, "go")
    assert (await complete(client, "\tret", expert="go")).decoded_tokens > 0


def test_a_random_adapter_is_the_same_each_time(tiny_gguf: Path, tmp_path: Path) -> None:
    one, two, other = (
        write_random_adapter(tiny_gguf, tmp_path / name, seed=seed).read_bytes()
        for name, seed in (("one", 1), ("two", 1), ("other", 2))
    )
    assert one == two != other
    assert len(one) < tiny_gguf.stat().st_size
    (tmp_path / "text").write_text("no model" * 100)
    with pytest.raises(CarveError):
        write_random_adapter(tmp_path / "text", tmp_path / "out")
