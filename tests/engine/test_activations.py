"""What an engine says of a model's activations: the numbers, whom it serves first, what it leaves as it was."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from engine.real import StartEngine, complete, load, prompt
from numpy.typing import NDArray

from lsp_experts.engine.protocol import Activations, ActivationsReport, Complete, Segment, Stop, Tokenize
from lsp_experts.errors import EngineError
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

every_engine = pytest.mark.parametrize("kind", ["fake", "real"])
TEXT = "func add(a int, b int) int {\n\treturn a + b\n}\n"
NEAR = 2e-3  # relative: the KV cache holds 16 bit floats
Numbers = dict[str, NDArray[np.float32]]


def numbers(encoded: Mapping[str, str]) -> Numbers:
    return {name: np.frombuffer(base64.b64decode(text), "<f4") for name, text in encoded.items()}


async def failure(call: Any) -> str:
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(call.result(), 60)
    return f"{caught.value.code}: {caught.value.message}"


def read_alone(path: Path, token: int) -> Numbers:
    """What each weight of a tiny model reads of a text of one token, squared; it attends to itself only."""
    weights = {tensor.name: np.asarray(tensor.data, np.float64) for tensor in gguf.GGUFReader(path).tensors}

    def norm(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(x / np.sqrt((x * x).mean() + 1e-6))

    squares = {}
    x = weights["token_embd.weight"][token]
    for layer in range(2):
        mine = (f"blk.{layer}.", ".weight")  # all biases are 0
        at = {key.split(".")[2]: weights[key] for key in weights if key.startswith(mine[0]) and key.endswith(mine[1])}
        squares[f"blk.{layer}.attn_q"] = norm(x) ** 2
        value = at["attn_v"] @ norm(x)
        squares[f"blk.{layer}.attn_output"] = value**2
        x = x + at["attn_output"] @ value
        squares[f"blk.{layer}.ffn_gate"] = norm(x) ** 2
        gate = at["ffn_gate"] @ norm(x)
        inner = gate / (1 + np.exp(-gate)) * (at["ffn_up"] @ norm(x))
        squares[f"blk.{layer}.ffn_down"] = inner**2
        x = x + at["ffn_down"] @ inner
    squares["output"] = norm(x) ** 2
    return {name: values.astype(np.float32) for name, values in squares.items()}


@pytest.mark.asyncio
@pytest.mark.parametrize("tied", [False, True])
async def test_each_number_is_what_the_weight_reads(start_engine: StartEngine, tmp_path: Path, tied: bool) -> None:
    model = write_tiny_gguf(tmp_path / "letters.gguf", letters=True, tied=tied)
    client = await start_engine(kind="real")
    await load(client, model)
    ((token,),) = await client.tokenize(Tokenize("tiny", ("x",))).result()
    report = await client.activations(Activations("tiny", ((Segment("x"),),))).result()
    squares, expected = numbers(report.squares), read_alone(model, token)
    assert report.tokens == 1
    assert squares.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(squares[name], values, rtol=NEAR, atol=NEAR * float(values.max()), err_msg=name)
    magnitudes = numbers(report.magnitudes)
    assert magnitudes.keys() == {"blk.0.ffn_down", "blk.1.ffn_down"}
    for name, sums in magnitudes.items():
        np.testing.assert_allclose(sums**2, squares[name], rtol=1e-4)


@pytest.mark.asyncio
async def test_texts_add_up_whatever_their_length(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """Each text is read by itself: alone, behind another one, and over the borders of decodes."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    texts = tuple((Segment(TEXT * count),) for count in (1, 2, 6))
    together = await client.activations(Activations("tiny", texts)).result()
    alone = [await client.activations(Activations("tiny", (text,))).result() for text in texts]
    assert together.tokens == sum(report.tokens for report in alone) > 128
    for field in ("squares", "magnitudes"):
        parts = [numbers(getattr(report, field)) for report in alone]
        for name, sums in numbers(getattr(together, field)).items():
            np.testing.assert_allclose(sums, sum(part[name] for part in parts), rtol=1e-4, err_msg=name)


@pytest.mark.asyncio
async def test_an_adapter_is_part_of_what_is_read(start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    adapter = write_random_adapter(tiny_gguf, tmp_path / "adapter.gguf", scale=1.0)
    await load(client, tiny_gguf, "adapted", adapter=str(adapter))
    base, adapted = [
        numbers((await client.activations(Activations(name, (prompt("x"),))).result()).squares)
        for name in ("tiny", "adapted")
    ]
    np.testing.assert_allclose(adapted["blk.0.attn_q"], base["blk.0.attn_q"])  # no weight stands before it
    assert not np.allclose(adapted["output"], base["output"], rtol=0.05)


@every_engine
@pytest.mark.asyncio
async def test_the_report_of_every_engine(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await start_engine(kind=kind)
    await load(client, tiny_gguf)
    steps: list[float] = []
    request = Activations("tiny", (prompt("x"), (Segment(TEXT),)))
    report = await client.activations(request, steps.append).result()
    assert steps == [0.5, 1.0]
    assert report.tokens > 20
    assert {"blk.0.attn_q", "blk.0.attn_output", "blk.0.ffn_gate", "blk.0.ffn_down", "output"} <= report.squares.keys()
    for squares in numbers(report.squares).values():
        assert np.isfinite(squares).all() and squares.min() >= 0 and squares.max() > 0
    for name, sums in numbers(report.magnitudes).items():  # Cauchy and Schwarz
        assert (sums.astype(np.float64) ** 2 <= report.tokens * numbers(report.squares)[name] * (1 + 1e-5)).all()
    again = await client.activations(request).result()
    assert (again.squares, again.magnitudes) == (report.squares, report.magnitudes)


@every_engine
@pytest.mark.asyncio
async def test_what_is_refused(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await start_engine(kind=kind)
    text = ((Segment(TEXT),),)
    assert (await failure(client.activations(Activations("tiny", text)))).startswith("unknown_expert")
    await load(client, tiny_gguf)
    assert (await failure(client.activations(Activations("tiny", ())))).startswith("bad_request")
    await client.park("tiny").result()
    assert (await failure(client.activations(Activations("tiny", text)))).startswith("bad_request")


@every_engine
@pytest.mark.asyncio
async def test_the_expert_s_own_cache_stays(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await start_engine(kind=kind)
    await load(client, tiny_gguf)
    before = await complete(client, "ret")
    await client.activations(Activations("tiny", ((Segment(TEXT * 3),),))).result()
    after = await complete(client, "ret")
    assert after.text == before.text
    assert after.prompt_tokens <= 2 < before.prompt_tokens


def _evict(client: Any) -> Any:
    return client.evict("tiny")


def _keystroke(client: Any) -> Any:
    return client.complete(Complete("tiny", (Segment("x"),), stop=Stop(max_tokens=1)))


@every_engine
@pytest.mark.asyncio
@pytest.mark.parametrize("urgent", [_evict, _keystroke])
async def test_it_gives_way_to_whatever_is_more_urgent(
    start_engine: StartEngine, kind: str, tiny_gguf: Path, urgent: Callable[[Any], Any]
) -> None:
    client = await start_engine("slow_prompt:1ms", kind=kind)
    await load(client, tiny_gguf)
    started = asyncio.Event()
    call = client.activations(Activations("tiny", ((Segment(TEXT * 4),),) * 400), lambda _: started.set())
    await asyncio.wait_for(started.wait(), 30)
    await urgent(client).result()
    assert (await failure(call)).startswith("cancelled")


@every_engine
@pytest.mark.asyncio
async def test_a_cancel_ends_it(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await start_engine("slow_prompt:1ms", kind=kind)
    await load(client, tiny_gguf)
    started = asyncio.Event()
    call = client.activations(Activations("tiny", ((Segment(TEXT * 4),),) * 400), lambda _: started.set())
    await asyncio.wait_for(started.wait(), 30)
    call.cancel()
    report = await client.activations(Activations("tiny", ((Segment(TEXT),),))).result()
    assert isinstance(report, ActivationsReport)


@pytest.mark.asyncio
async def test_a_graph_with_other_names_is_refused(start_engine: StartEngine, tmp_path: Path) -> None:
    """A model without a gated feed-forward network: its nodes are named otherwise."""
    client = await start_engine(kind="real")
    await load(client, write_gpt2_gguf(tmp_path / "gpt2.gguf"))
    said = await failure(client.activations(Activations("tiny", ((Segment("return"),),))))
    assert said.startswith("decode_failed: the graph of gpt2 cannot be watched in this build")
    assert (await complete(client, "x")).prompt_tokens, "the engine lives on"


def write_gpt2_gguf(path: Path) -> Path:
    """The tiny model's vocabulary over the graph of gpt2."""
    from lsp_experts.lab.tiny_gguf import vocabulary

    tokens, types, merges = vocabulary()
    width, random = 32, np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    both = {
        "output_norm": (width,), "blk.0.attn_norm": (width,), "blk.0.attn_qkv": (3 * width, width),
        "blk.0.attn_output": (width, width), "blk.0.ffn_norm": (width,), "blk.0.ffn_up": (2 * width, width),
        "blk.0.ffn_down": (width, 2 * width),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (len(tokens), width),
        "position_embd.weight": (512, width),
    }
    shapes |= {f"{name}.weight": shape for name, shape in both.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in both.items()}
    for name, shape in shapes.items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
