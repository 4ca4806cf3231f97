"""What the fake's toys hold: shared weights, parking, memory that runs out, a GPU, KV that survives, ensembles."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.fake_faults import parse
from lsp_experts.engine.fake_kv import SHELF, ToyCache, shared
from lsp_experts.engine.fake_memory import ToyMemory
from lsp_experts.engine.protocol import Complete, CompleteReport, Load, Segment, Stop
from lsp_experts.errors import EngineError

OWN_BYTES = 1_000_000  # of the process without toys
SIZES = ("size:go=1000", "size:html=500", "size:css=200")


def load(expert: str, base: str = "", **how: Any) -> Load:
    return Load(expert, f"/nowhere/{base or expert}.gguf", adapter=f"/nowhere/{expert}.gguf" if base else "", **how)


def memory(*arguments: str) -> ToyMemory:
    return ToyMemory(parse([*SIZES, *arguments]))


@pytest.mark.parametrize(
    ("moves", "each", "total"),
    [
        ("go", {"go": (1000, 800)}, 1000),
        ("go html", {"go": (1000, 800), "html": (500, 400)}, 1500),
        ("go/base css/base", {"go": (1000, 800), "css": (840, 800)}, 1040),
        ("go html -html", {"go": (1000, 800), "html": (50, 40)}, 1050),
        ("go/base css/base -css", {"go": (1000, 800), "css": (804, 800)}, 1004),
        ("go/base css/base -css -go", {"go": (100, 80), "css": (84, 80)}, 104),
        ("go/base css/base -css -go +css", {"go": (820, 800), "css": (840, 800)}, 860),
        ("go/base css/base xgo", {"css": (840, 800)}, 840),
        ("go/base css/base xgo xcss go", {"go": (1000, 800)}, 1000),
        ("go xgo xgo xhtml", {}, 0),
    ],
)
@pytest.mark.parametrize("factor", [1, 2])
def test_the_sum_counts_shared_weights_once(
    moves: str, each: dict[str, tuple[int, int]], total: int, factor: int
) -> None:
    toys = memory(f"rss:{factor}x")
    for move in moves.split():
        expert, _, base = move.lstrip("-+x").partition("/")
        if move[0] == "-":
            toys.park(expert)
        elif move[0] == "+":
            toys.unpark(expert)
        elif move[0] == "x":
            toys.evict(expert, forget=False)
        else:
            toys.add(load(expert, base), None)
    report = toys.state(0)
    assert {state.expert: (state.resident_bytes, state.weights_bytes) for state in report.experts} == {
        expert: (resident * factor, weights * factor) for expert, (resident, weights) in each.items()
    }
    assert report.resident_bytes == (OWN_BYTES + total) * factor


@pytest.mark.parametrize(
    ("arguments", "moves", "refused"),
    [
        (["oom:go"], "go go html", "go go"),
        (["oom:go=2"], "go go go html", "go go"),
        (["capacity:1500"], "go html css", "css"),
        (["capacity:1100"], "go html -go html +go", "html +go"),
        (["capacity:1100"], "go/base css/base", ""),
        (["gpu:1000/2000"], "go html css", "html"),
        (["gpu:1000/2000"], "go/base css/base html", "html"),
    ],
)
def test_memory_runs_out_and_nothing_is_left_behind(arguments: list[str], moves: str, refused: str) -> None:
    toys, failed = memory(*arguments), []
    for move in moves.split():
        before = toys.state(0)
        expert, _, base = move.lstrip("-+").partition("/")
        try:
            if move[0] == "-":
                toys.park(expert)
            elif move[0] == "+":
                toys.unpark(expert)
            else:
                toys.add(load(expert, base, n_gpu_layers=99), None)
        except EngineError as error:
            assert error.code == "out_of_memory"
            assert toys.state(0) == before
            failed.append(move)
    assert " ".join(failed) == refused


@pytest.mark.asyncio
async def test_a_gpu_is_measured(start_engine: Any) -> None:
    client = await start_engine(*SIZES, "gpu:900/2000")
    seen = []
    for request in (load("go", "base", n_gpu_layers=99), load("css", "base", n_gpu_layers=99), load("html")):
        report = await client.load(request).result()
        (device,) = (await client.state().result()).devices
        seen.append((report.n_gpu_layers, report.device_bytes, report.shared, device.free_bytes, device.total_bytes))
    assert seen == [(10, 800, False, 100, 2000), (10, 0, True, 100, 2000), (0, 0, False, 100, 2000)]
    await client.evict("html").result()
    partly = await client.load(load("html", n_gpu_layers=2)).result()
    assert (partly.n_gpu_layers, partly.device_bytes) == (2, 80)
    without = await (await start_engine(*SIZES)).load(load("go", n_gpu_layers=9)).result()
    assert (without.n_gpu_layers, without.device_bytes) == (0, 0)


@pytest.mark.asyncio
async def test_moves_take_the_scripted_time(start_engine: Any) -> None:
    client = await start_engine(*SIZES, "slow_park:20ms", "slow_unpark:30ms", "slow_evict:40ms")
    await client.load(load("go")).result()
    moves = [await move("go").result() for move in (client.park, client.unpark, client.evict)]
    assert [report.ms >= scripted for report, scripted in zip(moves, (20, 30, 40), strict=True)] == [True] * 3
    assert [report.resident_bytes for report in moves] == [100, 1000, 0]


async def ask(client: EngineClient, text: str, expert: str = "go", **how: Any) -> CompleteReport:
    return await client.complete(Complete(expert, (Segment(text),), heal=False, **how)).result()


A, B = "package a " * 20, "package b " * 20


@pytest.mark.asyncio
async def test_saved_kv_comes_back_for_the_same_files_only(start_engine: Any, tmp_path: Path) -> None:
    file = tmp_path / "go.gguf"
    file.write_bytes(b"one")
    client = await start_engine("kv:10")
    request = Load("go", str(file))
    await client.load(request).result()
    whole = await ask(client, A)
    parked = await client.park("go").result()
    assert parked.kv_tokens >= whole.prompt_tokens
    state = await client.state().result()
    assert (state.experts[0].kv_tokens, state.experts[0].saved_kv_bytes) == (parked.kv_tokens, 10 * parked.kv_tokens)
    assert (await client.unpark("go").result()).kv_tokens == parked.kv_tokens
    assert (await ask(client, A)).prompt_tokens == 1
    evicted = await client.evict("go").result()
    assert evicted.resident_bytes == (await client.state().result()).evicted_kv_bytes == 10 * evicted.kv_tokens > 0
    assert (await client.load(request).result()).kv_tokens == evicted.kv_tokens
    assert (await ask(client, A)).prompt_tokens == 1
    for changed in (Load("go", str(file), n_ctx=512), Load("go", str(file), adapter=str(file))):
        await client.evict("go").result()
        assert (await client.load(changed).result()).kv_tokens == 0
        await ask(client, A)
    await client.evict("go").result()
    file.write_bytes(b"other")
    assert (await client.load(changed).result()).kv_tokens == 0
    await ask(client, A)
    await client.evict("go", forget=True).result()
    assert (await client.load(changed).result()).kv_tokens == 0
    await ask(client, A)
    await client.evict("go").result()
    await client.evict("go", forget=True).result()
    assert (await client.state().result()).evicted_kv_bytes == 0


@pytest.mark.asyncio
async def test_a_prompt_that_was_left_is_not_decoded_again(start_engine: Any) -> None:
    client = await start_engine(*SIZES)
    await client.load(load("go")).result()
    first = [(await ask(client, text)).prompt_tokens for text in (A, B)]
    again = [(await ask(client, text)).prompt_tokens for text in (A, B, A + "x")]
    assert min(first) > 50
    assert max(again) <= 2
    await client.evict("go").result()
    await client.load(load("go")).result()
    assert (await ask(client, B)).prompt_tokens <= 2


@given(st.lists(st.lists(st.sampled_from("ab"), max_size=30), max_size=20))
def test_the_cache_keeps_what_serves_a_prompt(prompts: list[list[str]]) -> None:
    cache = ToyCache()
    for tokens in prompts:
        before = max(shared(mirror, tokens) for mirror in [cache.mirror, *cache.shelf])
        kept = cache.prepare(tokens)
        assert cache.mirror == tokens[:kept]
        assert before - 8 < kept <= before
        assert len(cache.shelf) <= SHELF
        cache.mirror = tokens[:]


@pytest.mark.asyncio
async def test_an_ensemble_reads_together_and_its_first_speaks(
    start_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", json.dumps({"go": "x", "html": "y"}))
    client = await start_engine(*SIZES, "size:alien=9", "probability:go=0.9", "probability:html=0.5")
    for expert in ("go", "html", "css", "alien"):
        await client.load(load(expert)).result()
    together = await ask(client, A, partners=("html",))
    assert (together.text, together.decoded_tokens) == ("x", 1)
    assert together.joint_probability == pytest.approx(0.7)
    assert (await ask(client, A, "html")).prompt_tokens == 1, "it read the prompt as a partner"
    await client.park("css").result()
    for partners, code in ((("none",), "unknown_expert"), (("css",), "bad_request"), (("alien",), "bad_request"),
                           (("go",), "bad_request"), (("html", "html"), "bad_request")):  # fmt: skip
        with pytest.raises(EngineError) as caught:
            await ask(client, A, partners=partners)
        assert caught.value.code == code, partners
    assert (await ask(client, A, "alien")).decoded_tokens > 0


@pytest.mark.parametrize("who", ["go", "html"])
@pytest.mark.parametrize("move", ["park", "evict"])
@pytest.mark.asyncio
async def test_a_move_cancels_what_runs_on_the_expert_and_nothing_else(start_engine: Any, who: str, move: str) -> None:
    client = await start_engine(*SIZES, "slow:60s")
    for expert in ("go", "html", "css"):
        await client.load(load(expert)).result()
    stop = Stop(max_tokens=0)
    together = [client.complete(Complete("go", (Segment("a"),), partners=("html",))) for _ in range(2)]
    other = client.complete(Complete("css", (Segment("a"),), stop=stop))
    await asyncio.wait_for(getattr(client, move)(who).result(), 30)
    for call in together:
        with pytest.raises(EngineError) as caught:
            await call.result()
        assert caught.value.code == "cancelled"
    assert (await other.result()).stop == "warm"
