"""Feed-forward columns: the least excited blocks go, byte for byte, and nothing that cannot be cut is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from lsp_experts.errors import CarveError
from lsp_experts.lab import gguf_file
from lsp_experts.lab.carving import carve_check, vocabulary_cut
from lsp_experts.lab.carving.carve_check import compare
from lsp_experts.lab.carving.ffn_cut import check_narrowable, narrowed
from lsp_experts.lab.gguf_file import GgufFile, NewTensor
from lsp_experts.lab.gguf_vocabulary import read_vocabulary
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths

WIDTH, LAYERS = 768, 2
F32, Q8_0 = gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.Q8_0
ORIGIN = vocabulary_cut.Provenance("b" * 64, "tiny", "", "go", "0.0", ffn_blocks="1")
IDLE = [np.arange(100, 356), np.arange(0, 512, 2)]  # columns that add nothing, of each layer


def base_with(folder: Path, kind: gguf.GGMLQuantizationType, idle: list[NDArray[np.int64]]) -> Path:
    """A tiny model whose ffn_down is of `kind` and has zeros in the `idle` columns."""
    with GgufFile(write_tiny_gguf(folder / "plain.gguf", n_ff=WIDTH)) as plain:
        values = [(key, plain.raw(key)) for key in plain.values]
        tensors = []
        for tensor in plain.tensors:
            raw, its_kind = b"".join(plain.tensor_chunks(tensor)), tensor.kind
            if "ffn_down" in tensor.name:
                table = np.frombuffer(raw, np.float32).reshape(tensor.rows, -1).copy()
                table[:, idle[int(tensor.name.split(".")[1])]] = 0
                raw, its_kind = gguf.quants.quantize(table, kind).tobytes(), int(kind)
            tensors.append(_tensor(tensor.name, tensor.dims, its_kind, raw))
        gguf_file.write_gguf(folder / "base.gguf", values, tensors)
    return folder / "base.gguf"


def _tensor(name: str, dims: tuple[int, ...], kind: int, raw: bytes) -> NewTensor:
    return NewTensor(name, dims, kind, len(raw), lambda: (raw,))


def evenly() -> dict[str, NDArray[np.float64]]:
    return {f"blk.{layer}.ffn_down": np.ones(WIDTH) for layer in range(LAYERS)}


def cut(base: Path, target: Path, magnitudes: dict[str, NDArray[np.float64]], blocks: int = 1) -> None:
    with GgufFile(base) as file:
        vocabulary = read_vocabulary(file)
        narrow = narrowed(file, blocks, magnitudes)
        vocabulary_cut.write(file, vocabulary, np.arange(len(vocabulary)), target, ORIGIN, narrowed=narrow)


@pytest.mark.asyncio
async def test_columns_that_add_nothing_are_not_missed(tmp_path: Path) -> None:
    base, target = base_with(tmp_path, F32, IDLE), tmp_path / "carved.gguf"
    cut(base, target, evenly())
    fields = gguf.GGUFReader(target).fields
    assert fields["qwen2.feed_forward_length"].contents() == WIDTH - 256
    async with open_engine(default_paths()) as engine:
        samples = []
        for name, model in (("base", base), ("carved", target)):
            await asyncio.wait_for(carve_check.load_exactly(engine, name, model), 120)
            samples.append(await carve_check.sample(engine, name))
    assert compare(samples[0], samples[1], np.arange(len(samples[0].logits)), "changed") < 1e-3


@pytest.mark.parametrize(("kind", "block"), [(F32, 1), (Q8_0, 32)])
def test_the_least_excited_blocks_go_byte_for_byte(tmp_path: Path, kind: gguf.GGMLQuantizationType, block: int) -> None:
    base, target = base_with(tmp_path, kind, [np.arange(0), np.arange(0)]), tmp_path / "carved.gguf"
    magnitudes = evenly()
    quiet = (np.arange(WIDTH) // block) % 3 == 1  # a third of the blocks: 256 columns
    magnitudes["blk.1.ffn_down"][quiet] = 0.001
    cut(base, target, magnitudes)
    before = {tensor.name: tensor.data for tensor in gguf.GGUFReader(base).tensors}
    after = {tensor.name: tensor.data for tensor in gguf.GGUFReader(target).tensors}
    stays = np.flatnonzero(~quiet)
    for name in ("blk.1.ffn_gate.weight", "blk.1.ffn_up.weight"):
        assert np.array_equal(after[name], before[name][stays])
    rows = before["blk.1.ffn_down.weight"]
    blocks = rows.reshape(len(rows), WIDTH // block, -1)[:, ~quiet.reshape(-1, block)[:, 0]]
    assert np.array_equal(after["blk.1.ffn_down.weight"].reshape(blocks.shape), blocks)
    assert np.array_equal(after["blk.1.attn_q.weight"], before["blk.1.attn_q.weight"])


def _other_architecture(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"qwen2", b"gemma", 1))


def _one_more_tensor(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"blk.1.ffn_up.weight", b"blk.1.ffn_xx.weight"))


@pytest.mark.parametrize(
    ("damage", "blocks", "said"),
    [
        (_other_architecture, 1, "cannot be cut"),
        (_one_more_tensor, 1, r"not as expected: blk\.1"),
        (lambda path: None, 3, "3 blocks of 256 columns cannot go"),
        (lambda path: None, -1, "cannot go"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path: Path, damage: Callable[[Path], None], blocks: int, said: str) -> None:
    path = write_tiny_gguf(tmp_path / "base.gguf", n_ff=WIDTH)
    damage(path)
    with GgufFile(path) as base, pytest.raises(CarveError, match=said):
        check_narrowable(base, blocks)


def test_a_layer_without_activations_is_named(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "base.gguf", n_ff=WIDTH)
    with GgufFile(path) as base, pytest.raises(CarveError, match="layer 1 were not measured"):
        narrowed(base, 1, {"blk.0.ffn_down": np.ones(WIDTH)})
