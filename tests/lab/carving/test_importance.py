"""Calibration prompts as the product spells them, and llama.cpp's importance matrix of what a base reads in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import pytest_asyncio

from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.protocol import Load, Segment
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import CarveError, EngineError
from lsp_experts.lab.carving.importance import Importance, calibration_prompts, measure, write_imatrix
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths

QWEN = TEMPLATES["qwen"]
FUNCTION = "func add{0}(first int, second int) int {{\n\tsum := first + second\n\treturn sum * {0}\n}}\n\n"
FILES = tuple(
    SourceFile(Path(f"{name}.go"), "go", "package main\n\n" + "".join(map(FUNCTION.format, numbers)))
    for name, numbers in {"a": range(9), "b": range(20, 22), "c": range(40, 60)}.items()
)


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Supervisor]:
    async with open_engine(default_paths()) as running:
        yield running


def parts(prompt: tuple[Segment, ...]) -> tuple[str, str, str]:
    """Head, suffix and what stands behind the middle token."""
    controls = [segment.text for segment in prompt if segment.control]
    assert controls == [QWEN.prefix, QWEN.suffix, QWEN.middle]
    spelled = "".join(f"\0{segment.text}\0" if segment.control else segment.text for segment in prompt)
    _, head, suffix, tail = (part for at, part in enumerate(spelled.split("\0")) if at % 2 == 0)
    return head, suffix, tail


def test_each_prompt_is_a_file_with_its_end_written() -> None:
    prompts = calibration_prompts(FILES, QWEN, 40)
    assert len(set(prompts)) == 40
    taken = []
    for prompt in prompts:
        head, suffix, tail = parts(prompt)
        (source,) = (file for file in FILES if file.text.find(head + tail + suffix) >= 0)
        assert head.endswith("\n") or not head, "the anchor is a line's start"
        taken.append(source.path.name)
    assert set(taken[:3]) == {"a.go", "b.go", "c.go"}, "files take turns"
    assert taken.count("a.go") == taken.count("c.go") >= taken.count("b.go"), "and the small one has said all"
    assert calibration_prompts(FILES, QWEN, 40) == prompts
    assert calibration_prompts(FILES, QWEN, 7) == prompts[:7]
    assert calibration_prompts(FILES, QWEN, 40, seed=8) != prompts


def test_a_folder_with_little_code_gives_what_it_has() -> None:
    assert calibration_prompts((), QWEN, 5) == ()
    assert calibration_prompts((replace(FILES[0], text="x\n"),), QWEN, 5) == ()
    few = calibration_prompts(FILES[1:2], None, 10_000)
    assert 0 < len(few) < 10_000
    assert all(not segment.control for prompt in few for segment in prompt)


@pytest.mark.asyncio
async def test_the_matrix_holds_what_every_weight_reads(engine: Supervisor, tiny_gguf: Path, tmp_path: Path) -> None:
    await engine.load(Load("base", str(tiny_gguf), n_ctx=512))
    steps: list[float] = []
    prompts = calibration_prompts(FILES, QWEN, 20)
    found = await measure(engine, "base", prompts, steps.append)
    assert steps == [0.4, 0.8, 1.0]
    assert found.prompts == 20 and found.tokens > 20 * 30
    for output in (False, True):
        path = tmp_path / f"{output}.gguf"
        written = write_imatrix(tiny_gguf, found, "go", path, output=output)
        assert written.size == path.stat().st_size
        reader = gguf.GGUFReader(path)
        fields = {name: reader.fields[name].contents() for name in reader.fields}
        assert (fields["general.type"], fields["imatrix.datasets"]) == ("imatrix", ["go"])
        assert (fields["imatrix.chunk_count"], fields["imatrix.chunk_size"]) == (20, 1024)
        data = {tensor.name: tensor.data for tensor in reader.tensors}
        weights = {tensor.name: int(tensor.shape[0]) for tensor in gguf.GGUFReader(tiny_gguf).tensors}
        linear = {name for name in weights if name.endswith(".weight") and ("attn" in name or "ffn" in name)}
        linear = {name for name in linear if "norm" not in name} | ({"output.weight"} if output else set())
        assert data.keys() == {f"{name}.{what}" for name in linear for what in ("in_sum2", "counts")}
        for name in linear:
            assert data[f"{name}.in_sum2"].shape == (weights[name],)
            assert data[f"{name}.counts"].tolist() == [found.tokens]
        np.testing.assert_array_equal(data["blk.1.attn_v.weight.in_sum2"], data["blk.1.attn_q.weight.in_sum2"])
        np.testing.assert_allclose(data["blk.1.ffn_up.weight.in_sum2"], found.squares["blk.1.ffn_gate"], rtol=1e-6)


@pytest.mark.asyncio
async def test_requests_add_up(engine: Supervisor, tiny_gguf: Path) -> None:
    await engine.load(Load("base", str(tiny_gguf), n_ctx=512))
    prompts = calibration_prompts(FILES, QWEN, 9)
    whole = await measure(engine, "base", prompts)
    ones = [await measure(engine, "base", (prompt,)) for prompt in prompts]
    assert whole.tokens == sum(one.tokens for one in ones)
    np.testing.assert_allclose(
        whole.magnitudes["blk.1.ffn_down"], sum(one.magnitudes["blk.1.ffn_down"] for one in ones), rtol=1e-4
    )


@pytest.mark.asyncio
async def test_what_cannot_be_measured_is_said(engine: Supervisor, tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(CarveError, match="no code"):
        await measure(engine, "base", ())
    with pytest.raises(EngineError, match="not loaded"):
        await measure(engine, "base", ((Segment("x"),),))
    target = tmp_path / "matrix.gguf"
    other = write_tiny_gguf(tmp_path / "wide.gguf", n_ff=256)
    await engine.load(Load("base", str(tiny_gguf), n_ctx=512))
    found = await measure(engine, "base", ((Segment("x"),),))
    for importance, base in [(found, other), (Importance(0, 0, {}, {}), tiny_gguf)]:
        with pytest.raises(CarveError, match="not the activations"):
            write_imatrix(base, importance, "go", target)
    assert not target.exists()
