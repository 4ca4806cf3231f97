"""The real engine on the tiny model: golden text, the KV mirror, healing, abort, files that are none."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from engine.real import MID, PRE, SUF, StartEngine, complete, load, prompt

from lsp_experts.engine.protocol import Complete, Logits, Segment, Stop, Tokenize
from lsp_experts.errors import EngineError


@pytest.mark.asyncio
async def test_load_reports_what_the_file_is(start_engine: StartEngine, tiny_gguf: Path) -> None:
    report = await load(await start_engine(kind="real"), tiny_gguf)
    assert report.file_bytes == tiny_gguf.stat().st_size <= 2_000_000
    assert report.resident_bytes > report.file_bytes
    assert (report.architecture, report.n_ctx) == ("qwen2", 512)
    assert report.controls == (PRE, SUF, MID)
    assert report.fim == (PRE, SUF, MID)


@pytest.mark.asyncio
async def test_golden_text(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """Random weights, greedy: this text changes only if prompts, decoding or llama.cpp change."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    assert (await complete(client, "\tret")).text == GOLDEN


@pytest.mark.asyncio
async def test_a_keystroke_decodes_only_what_is_new(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    whole = (await complete(client, "")).prompt_tokens
    typed = "\treturn a + b\n\tfoo(bar, 12)\n"
    costs = [(await complete(client, typed[:end])).prompt_tokens for end in range(1, len(typed) + 1)]
    assert whole > 20
    assert max(costs) <= 5, costs
    assert sum(costs) / len(costs) <= 3


@pytest.mark.asyncio
async def test_the_mirror_tells_the_truth(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """Whatever was asked before, the text is that of a fresh engine."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    tails = ["", "\tif err", "\treturn", "\tif err != nil {\n", "x", "\tif er", ""]
    warm = [(await complete(client, tail)).text for tail in tails]
    fresh = []
    for tail in tails:
        await client.evict("tiny", forget=True).result()
        await load(client, tiny_gguf)
        fresh.append((await complete(client, tail)).text)
    assert warm == fresh


@pytest.mark.asyncio
@pytest.mark.parametrize("tail", ["\tretu", "\tretur", "\treturn a", "imp", "häng", "x = '日"])
async def test_healing_never_repeats_what_was_typed(start_engine: StartEngine, tiny_gguf: Path, tail: str) -> None:
    """The pieces spell the dropped token again, and the report's text starts behind the cursor."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    healed = await client.complete(Complete("tiny", prompt(tail), stop=Stop(max_tokens=8, max_lines=99))).result()
    (tokens,) = await client.tokenize(Tokenize("tiny", (tail,))).result()
    assert healed.stop != "unhealable"
    assert healed.prompt_tokens >= 1 and healed.decoded_tokens + healed.prompt_tokens >= len(tokens[-1:])


@pytest.mark.asyncio
async def test_user_text_never_becomes_a_control_token(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    (user,) = await client.tokenize(Tokenize("tiny", (f"{PRE}{SUF}{MID}<|endoftext|>",))).result()
    as_control = await client.logits(Logits("tiny", (Segment(PRE, True),))).result()
    assert len(user) > 20
    assert len(as_control) == max(user) + 1 or len(as_control) > max(user)
    specials = set(range(len(as_control) - 7, len(as_control)))
    assert not specials & set(user)


@pytest.mark.asyncio
async def test_too_long_a_prompt_loses_its_head_not_its_tail(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    report = await complete(client, "\tret", head="0123456789\n" * 200)
    assert 100 < report.prompt_tokens + report.cached_tokens <= 512


@pytest.mark.asyncio
async def test_cancel_ends_a_decode(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """The caller is answered at once; the engine takes the next request without finishing the old one."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    running = client.complete(Complete("tiny", prompt("x"), stop=Stop(max_tokens=400, max_lines=999)))
    async for _ in running.pieces:
        break
    running.cancel()
    with pytest.raises(EngineError) as caught:
        await running.result()
    assert caught.value.code == "cancelled"
    assert (await complete(client, "\tret")).text == GOLDEN


@pytest.mark.asyncio
async def test_layers_for_a_gpu(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """As many as there are, none where there is no GPU; the text is the same."""
    client = await start_engine(kind="real")
    report = await load(client, tiny_gguf, n_gpu_layers=99)
    devices = (await client.state().result()).devices
    assert report.n_gpu_layers == (3 if devices else 0)
    assert all(0 <= device.free_bytes <= device.total_bytes for device in devices)
    assert report.device_bytes >= 0
    assert (await complete(client, "\tret")).text == GOLDEN


@pytest.mark.asyncio
async def test_two_experts_side_by_side(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    await load(client, tiny_gguf, name="other")
    assert (await complete(client, "\tret")).text == GOLDEN
    other = await client.complete(Complete("other", prompt("\tret"), stop=Stop(max_tokens=12, max_lines=99))).result()
    assert other.text == GOLDEN
    state = await client.state().result()
    assert {expert.expert for expert in state.experts} == {"tiny", "other"}
    assert state.resident_bytes >= state.anonymous_bytes > 0


def truncated(path: Path, good: bytes) -> None:
    path.write_bytes(good[: len(good) // 2])


def empty(path: Path, good: bytes) -> None:
    path.write_bytes(b"")


def folder(path: Path, good: bytes) -> None:
    path.mkdir()


def fifo(path: Path, good: bytes) -> None:
    os.mkfifo(path)


def missing(path: Path, good: bytes) -> None:
    return None


def zero_weights(path: Path, good: bytes) -> None:
    path.write_bytes(good[:20_000] + bytes(len(good) - 20_000))


def text(path: Path, good: bytes) -> None:
    path.write_text("not a model" * 100)


@pytest.mark.asyncio
@pytest.mark.parametrize("damage", [truncated, empty, folder, fifo, missing, zero_weights, text])
async def test_a_bad_file_is_refused_or_kills_only_the_engine(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path, damage: object
) -> None:
    bad = tmp_path / "bad.gguf"
    damage(bad, tiny_gguf.read_bytes())  # type: ignore[operator]
    client = await start_engine(kind="real")
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(load(client, bad), 20)
    assert caught.value.code in ("load_failed", "died")
    if caught.value.code == "load_failed":
        assert "bad.gguf" in caught.value.message
        await load(client, tiny_gguf)
        assert (await complete(client, "\tret")).text == GOLDEN


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "changes",
    [
        {"n_ctx": 2**31 - 1},
        {"n_ctx": 0},
        {"n_threads": 0},
        {"n_threads": 10**6},
        {"n_gpu_layers": -1},
        {"n_gpu_layers": 10**6},
    ],
)
async def test_numbers_out_of_range_never_reach_llama_cpp(
    start_engine: StartEngine, tiny_gguf: Path, changes: dict[str, int]
) -> None:
    client = await start_engine(kind="real")
    with pytest.raises(EngineError) as caught:
        await load(client, tiny_gguf, **changes)
    assert caught.value.code == "bad_request"


GOLDEN = "u ni add errfuncde maihtml importpackprin sty"
