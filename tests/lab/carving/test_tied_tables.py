"""One matrix as two tables is found, and nothing else is taken for one; llama.cpp computes with the one that stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import gguf
import numpy as np
import pytest

from lsp_experts.errors import CarveError
from lsp_experts.lab import gguf_file
from lsp_experts.lab.carving import carve_check, vocabulary_cut
from lsp_experts.lab.carving.carve_check import Sample, compare
from lsp_experts.lab.carving.tied_tables import EMBEDDING, OUTPUT, shared_table
from lsp_experts.lab.gguf_file import GgufFile, NewTensor
from lsp_experts.lab.gguf_vocabulary import read_vocabulary
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths

F32, Q8_0, Q5_0 = (gguf.GGMLQuantizationType[name] for name in ("F32", "Q8_0", "Q5_0"))
ORIGIN = vocabulary_cut.Provenance("b" * 64, "tiny", "", "go", "0.0", tables="one")


def twice(folder: Path, embedding: gguf.GGMLQuantizationType, output: gguf.GGMLQuantizationType) -> Path:
    """A tied tiny model that was quantised as an untied one, as some bases are."""
    tied = write_tiny_gguf(folder / "tied.gguf", tied=True)
    with GgufFile(tied) as base:
        values = [(key, base.raw(key)) for key in base.values]
        tensors = []
        for tensor in base.tensors:
            raw = b"".join(base.tensor_chunks(tensor))
            if tensor.name == EMBEDDING:
                table = np.frombuffer(raw, np.float32).reshape(tensor.rows, -1)
                for name, kind in ((EMBEDDING, embedding), (OUTPUT, output)):
                    stored = gguf.quants.quantize(table, kind).tobytes()
                    tensors.append(_tensor(name, tensor.dims, kind, stored))
            else:
                tensors.append(_tensor(tensor.name, tensor.dims, tensor.kind, raw))
        gguf_file.write_gguf(folder / "twice.gguf", values, tensors)
    return folder / "twice.gguf"


def _tensor(name: str, dims: tuple[int, ...], kind: int, raw: bytes) -> NewTensor:
    return NewTensor(name, dims, int(kind), len(raw), lambda: (raw,))


@pytest.mark.parametrize(("embedding", "output", "better"), [(Q5_0, Q8_0, OUTPUT), (F32, Q8_0, EMBEDDING)])
def test_the_more_precise_copy_is_found(
    tmp_path: Path, embedding: gguf.GGMLQuantizationType, output: gguf.GGMLQuantizationType, better: str
) -> None:
    with GgufFile(twice(tmp_path, embedding, output)) as base:
        found = shared_table(base)
    assert found is not None and found.name == better


@pytest.mark.parametrize("tied", [False, True], ids=["two matrices", "one table"])
def test_nothing_else_is_taken_for_one_matrix(tmp_path: Path, tied: bool) -> None:
    with GgufFile(write_tiny_gguf(tmp_path / "base.gguf", tied=tied, quantised=True)) as base:
        assert shared_table(base) is None


def test_another_architecture_keeps_both(tmp_path: Path) -> None:
    path = twice(tmp_path, Q5_0, Q8_0)
    path.write_bytes(path.read_bytes().replace(b"qwen2", b"qwenX", 1))
    with GgufFile(path) as base:
        assert base.string("general.architecture") == "qwenX" and shared_table(base) is None


@pytest.mark.asyncio
async def test_the_engine_computes_with_the_one_table(tmp_path: Path) -> None:
    path, target = twice(tmp_path, Q5_0, Q8_0), tmp_path / "carved.gguf"
    with GgufFile(path) as base:
        vocabulary = read_vocabulary(base)
        kept = np.arange(len(vocabulary))
        table = shared_table(base)
        vocabulary_cut.write(base, vocabulary, kept, target, ORIGIN, one_table=table)
        assert target.stat().st_size < base.file_bytes
        rows = b"".join(base.tensor_chunks(table)) if table else b""
    with GgufFile(target) as carved:
        tables = [tensor for tensor in carved.tensors if tensor.name in (EMBEDDING, OUTPUT)]
        assert [tensor.name for tensor in tables] == [EMBEDDING]
        assert b"".join(carved.tensor_chunks(tables[0])) == rows
        assert carved.string("lsp_experts.carve.tables") == "one"
    async with open_engine(default_paths()) as engine:
        samples = []
        for name, model in (("base", path), ("carved", target)):
            await asyncio.wait_for(carve_check.load_exactly(engine, name, model), 120)
            samples.append(await carve_check.sample(engine, name))
    assert 0 < compare(samples[0], samples[1], kept, "rounded") < 3
    with pytest.raises(CarveError, match="logits differ"):
        compare(samples[0], samples[1], kept)


def test_a_row_out_of_place_is_no_rounding() -> None:
    rng = np.random.default_rng(1)
    logits = rng.standard_normal(1000).astype(np.float32) * 2
    tokens, kept = np.arange(9), np.arange(1000)
    rounded = logits + rng.standard_normal(1000).astype(np.float32) * 0.08
    assert compare(Sample(tokens, logits), Sample(tokens, rounded), kept, "rounded") < 1
    for wrong in (np.roll(logits, 1), np.full(1000, np.nan, np.float32)):
        with pytest.raises(CarveError, match="logits differ"):
            compare(Sample(tokens, logits), Sample(tokens, wrong), kept, "rounded")
