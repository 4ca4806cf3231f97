"""Models with weights of another type: what is written, what is refused before anything is, what a failure leaves."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from engine.real import StartEngine, complete, load

from lsp_experts.engine.command import worker_command, worker_environment
from lsp_experts.engine.protocol import Quantize
from lsp_experts.errors import EngineError
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

every_engine = pytest.mark.parametrize("kind", ["fake", "real"])


@pytest.fixture(scope="session")
def wide_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its ffn_down has rows of 256 numbers, so that each type fits one weight at least."""
    return write_tiny_gguf(tmp_path_factory.mktemp("wide") / "wide.gguf", n_ff=256)


async def failure(call: Any) -> str:
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(call.result(), 60)
    return f"{caught.value.code}: {caught.value.message}"


def types(path: Path) -> dict[str, str]:
    return {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors}


def write_imatrix(path: Path, sums: dict[str, np.ndarray]) -> Path:
    writer = gguf.GGUFWriter(path, "")
    writer.add_string("general.type", "imatrix")
    for name, values in sums.items():
        writer.add_tensor(f"{name}.in_sum2", values.astype(np.float32))
        writer.add_tensor(f"{name}.counts", np.array([10.0], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def uneven(model: Path) -> dict[str, np.ndarray]:
    """Each weight's first columns matter a thousand times as much as the others."""
    sums = {}
    for tensor in gguf.GGUFReader(model).tensors:
        if len(tensor.shape) == 2 and tensor.name.startswith("blk."):
            sums[tensor.name] = np.where(np.arange(int(tensor.shape[0])) < 8, 1000.0, 1.0)
    return sums


@every_engine
@pytest.mark.asyncio
async def test_every_engine_writes_a_file_that_loads(
    start_engine: StartEngine, kind: str, tiny_gguf: Path, tmp_path: Path
) -> None:
    client = await start_engine(kind=kind)
    target, steps = tmp_path / "made.gguf", list[float]()
    order = Quantize(str(tiny_gguf), str(target), "Q8_0")
    planned = await client.quantize(replace(order, dry_run=True), steps.append).result()
    assert not target.exists() and not steps
    report = await client.quantize(order, steps.append).result()
    assert report.file_bytes == target.stat().st_size >= planned.file_bytes > 0
    assert steps == sorted(steps) and steps[-1] == 1.0
    await load(client, target)
    assert (await complete(client, "ret")).text
    assert (await failure(client.quantize(order))).startswith("bad_request"), "what is there stays"
    nowhere = replace(order, target=str(tmp_path / "no" / "folder.gguf"))
    assert (await failure(client.quantize(nowhere))).startswith("quantize_failed")
    missing = replace(order, source=str(tmp_path / "missing.gguf"), target=str(tmp_path / "other.gguf"))
    assert (await failure(client.quantize(missing))).startswith("load_failed")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name", ["F32", "F16", "BF16", "Q8_0", "Q5_K_M", "Q4_0", "Q4_K_M", "Q3_K_M", "IQ4_XS", "IQ3_S"]
)
async def test_types(start_engine: StartEngine, wide_gguf: Path, tmp_path: Path, name: str) -> None:
    client = await start_engine(kind="real")
    target = tmp_path / "made.gguf"
    report = await client.quantize(Quantize(str(wide_gguf), str(target), name)).result()
    planned = await client.quantize(Quantize(str(wide_gguf), str(tmp_path / "x"), name, dry_run=True)).result()
    assert 0 <= report.file_bytes - planned.file_bytes < 20_000, "the vocabulary"
    found = types(target)
    assert re.fullmatch(r"Q\d_K" if "_K_" in name else name, found["blk.1.ffn_down.weight"])
    await load(client, target)


@pytest.mark.asyncio
async def test_the_tables_can_have_types_of_their_own(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path
) -> None:
    client = await start_engine(kind="real")
    target = tmp_path / "made.gguf"
    order = Quantize(str(tiny_gguf), str(target), "Q4_0", token_embedding_type="Q8_0", output_type="F16")
    await client.quantize(order).result()
    found = types(target)
    assert (found["token_embd.weight"], found["output.weight"]) == ("Q8_0", "F16")
    assert found["blk.0.attn_q.weight"] == "Q4_0"


@pytest.mark.asyncio
async def test_an_importance_matrix_makes_the_weights_better_that_matter(
    start_engine: StartEngine, wide_gguf: Path, tmp_path: Path
) -> None:
    client = await start_engine(kind="real")
    matrix = write_imatrix(tmp_path / "imatrix.gguf", uneven(wide_gguf))
    errors = {}
    exact = {tensor.name: tensor.data for tensor in gguf.GGUFReader(wide_gguf).tensors}
    for name, imatrix in {"without": "", "with": str(matrix)}.items():
        target = tmp_path / f"{name}.gguf"
        await client.quantize(Quantize(str(wide_gguf), str(target), "Q3_K_M", imatrix)).result()
        (down,) = (tensor for tensor in gguf.GGUFReader(target).tensors if tensor.name == "blk.0.ffn_down.weight")
        rounded = gguf.quants.dequantize(down.data, down.tensor_type)
        errors[name] = float(np.square(rounded - exact[down.name])[:, :8].mean())
    assert errors["with"] < 0.9 * errors["without"]
    smallest = Quantize(str(wide_gguf), str(tmp_path / "smallest.gguf"), "IQ2_XXS", str(matrix))
    await client.quantize(smallest).result()
    await load(client, tmp_path / "smallest.gguf")


@pytest.mark.asyncio
async def test_what_is_refused_before_anything_is_written(
    start_engine: StartEngine, wide_gguf: Path, tmp_path: Path
) -> None:
    client = await start_engine(kind="real")
    target = tmp_path / "made.gguf"
    good = Quantize(str(wide_gguf), str(target), "Q8_0")
    text, noise = tmp_path / "text.gguf", tmp_path / "noise.gguf"
    text.write_text("GGML?" * 100)
    noise.write_text("GGUF?" * 100)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(wide_gguf.read_bytes()[:-5000])
    strange = write_strange_gguf(tmp_path / "strange.gguf")
    no_means = write_imatrix(tmp_path / "nan.gguf", {"blk.0.attn_q.weight": np.full(32, np.nan)})
    short = write_imatrix(tmp_path / "short.gguf", {"blk.0.attn_q.weight": np.ones(31)})
    for order, expected in [
        (replace(good, file_type="Q9_X"), "bad_request: 'Q9_X' is no type"),
        (replace(good, file_type="GUESSED"), "bad_request"),
        (replace(good, file_type=""), "bad_request"),
        (replace(good, token_embedding_type="I32"), "bad_request: 'I32' is no type of a tensor"),
        (replace(good, output_type="Q8_K"), "bad_request"),
        (replace(good, output_type="Q6_K"), "bad_request: rows of 32 numbers cannot be Q6_K"),
        (replace(good, n_threads=0), "bad_request"),
        (replace(good, file_type="IQ2_XXS"), "bad_request: IQ2_XXS of"),
        (replace(good, source=str(text)), "load_failed"),
        (replace(good, source="/dev/null"), "load_failed"),
        (replace(good, source=str(noise)), "quantize_failed"),
        (replace(good, source=str(cut)), "quantize_failed"),
        (replace(good, source=str(strange)), "quantize_failed"),
        (replace(good, imatrix=str(tmp_path / "none")), "load_failed"),
        (replace(good, imatrix=str(text)), "load_failed"),
        (replace(good, imatrix=str(noise)), "load_failed"),
        (replace(good, imatrix=str(wide_gguf)), "load_failed"),
        (replace(good, imatrix=str(no_means)), "load_failed"),
        (replace(good, file_type="Q4_0", imatrix=str(short)), "quantize_failed"),
    ]:
        said = await failure(client.quantize(order))
        assert said.startswith(expected), (order, said)
        assert not target.exists()
    assert (await client.quantize(good).result()).file_bytes, "the engine lives on"


@pytest.mark.asyncio
async def test_what_was_quantised_before_is_only_taken_where_it_is_allowed(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path
) -> None:
    client = await start_engine(kind="real")
    first, second = tmp_path / "first.gguf", tmp_path / "second.gguf"
    await client.quantize(Quantize(str(tiny_gguf), str(first), "Q4_0")).result()
    order = Quantize(str(first), str(second), "Q5_0")
    assert (await failure(client.quantize(order))).startswith("quantize_failed")
    assert not second.exists()
    await client.quantize(replace(order, allow_requantize=True)).result()
    assert types(second)["blk.0.attn_q.weight"] == "Q5_0"


@every_engine
@pytest.mark.asyncio
async def test_experts_stay_loaded(start_engine: StartEngine, kind: str, tiny_gguf: Path, tmp_path: Path) -> None:
    client = await start_engine(kind=kind)
    await load(client, tiny_gguf)
    before = await complete(client, "ret")
    await client.quantize(Quantize(str(tiny_gguf), str(tmp_path / "made.gguf"), "Q8_0")).result()
    after = await complete(client, "ret")
    assert after.text == before.text
    assert after.prompt_tokens <= 2 < before.prompt_tokens


def test_a_disk_that_is_full_leaves_no_file(wide_gguf: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    target = tmp_path / "made.gguf"
    line = json.dumps({"id": 1, "op": "quantize", "source": str(wide_gguf), "target": str(target), "file_type": "F16"})
    limited = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", limited, *worker_command()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=worker_environment()) as worker:
        assert worker.stdin and worker.stdout
        worker.stdin.write(f"{line}\n".encode())
        worker.stdin.flush()
        events = map(json.loads, worker.stdout)
        last = next(event for event in events if event["event"] in ("done", "error"))
        assert (last["event"], last.get("code")) == ("error", "quantize_failed"), last
        assert "iostream error" in last["message"], "what the lab takes for a full disk"
        assert not target.exists()
        worker.stdin.close()


def write_strange_gguf(path: Path) -> Path:
    """An architecture that llama.cpp does not know."""
    writer = gguf.GGUFWriter(path, "strange")
    writer.add_tensor("token_embd.weight", np.ones((64, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
