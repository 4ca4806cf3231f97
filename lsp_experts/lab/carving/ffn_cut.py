"""A narrower feed-forward network: columns that the language hardly excites go, in whole quantisation blocks.

An experiment, like every cut without a training after it: what it costs is for `bench carve` to say. Nothing is rounded
again: rows of ffn_gate and ffn_up and blocks of ffn_down are copied byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray

from lsp_experts.errors import CarveError
from lsp_experts.lab import gguf_file
from lsp_experts.lab.gguf_file import GgufFile, NewTensor, Tensor
from lsp_experts.lab.gguf_vocabulary import Ids

BLOCK_COLUMNS = 256  # the widest quantisation block of llama.cpp: what is left can be quantised to every type
# llama.cpp gives all layers of these one width, so all layers lose equally many columns.
_ARCHITECTURES = ("llama", "qwen2", "qwen3")


@dataclass(frozen=True)
class Narrowed:
    """What takes the place of a base's tensors and metadata; `width` columns are left in each layer."""

    width: int
    tensors: Mapping[str, NewTensor]
    values: Mapping[str, tuple[int, bytes]]


def check_narrowable(base: GgufFile, blocks: int) -> None:
    """CarveError, with the reason, if `blocks` times BLOCK_COLUMNS columns cannot be taken out of each layer."""
    architecture, width = base.string("general.architecture"), _width(base)
    if architecture not in _ARCHITECTURES or width is None:
        raise CarveError(
            f"The feed-forward network of {base.path.name} (architecture {architecture!r}) cannot be cut.",
            remedy=f"Known are {', '.join(_ARCHITECTURES)}. Carve it without --ffn-blocks.",
        )
    if not 0 < blocks * BLOCK_COLUMNS < width:
        raise CarveError(
            f"{blocks} blocks of {BLOCK_COLUMNS} columns cannot go: a layer of {base.path.name} has {width}.",
            remedy=f"Give a number from 1 to {(width - 1) // BLOCK_COLUMNS}.",
        )
    known = {name for layer in range(_layers(base)) for name in _names(layer)}
    wide = {tensor.name for tensor in base.tensors if "ffn" in tensor.name and width in tensor.dims}
    if wide != known:
        names = ", ".join(sorted(wide ^ known)[:3])
        raise CarveError(f"The feed-forward network of {base.path.name} is not as expected: {names}.")


def narrowed(base: GgufFile, blocks: int, magnitudes: Mapping[str, NDArray[np.float64]]) -> Narrowed:
    """What to write for a base whose layers lose `blocks` times BLOCK_COLUMNS columns each.

    `magnitudes`: sums of |x| over a text of the language, a column each, of what "blk.N.ffn_down" reads. The least of
    |x| times the length of the column in ffn_down goes (as Wanda weighs, arXiv 2306.11695, a block together).
    """
    check_narrowable(base, blocks)
    width = _width(base) or 0
    by_name = {tensor.name: tensor for tensor in base.tensors}
    tensors: dict[str, NewTensor] = {}
    for layer in range(_layers(base)):
        *inputs, down = (by_name[name] for name in _names(layer))
        seen = magnitudes.get(f"blk.{layer}.ffn_down")
        if seen is None or len(seen) != width:
            raise CarveError(f"The activations of layer {layer} were not measured.")
        in_block = GGML_QUANT_SIZES[GGMLQuantizationType(down.kind)][0]
        weight = (seen * _column_lengths(base, down)).reshape(-1, in_block).sum(axis=1)
        order = np.argsort(weight, kind="stable")
        kept = np.sort(order[blocks * BLOCK_COLUMNS // in_block :])
        columns = (kept[:, None] * in_block + np.arange(in_block)).ravel()
        for tensor in inputs:
            tensors[tensor.name] = _rows_of(base, tensor, columns)
        tensors[down.name] = _blocks_of(base, down, kept, width // in_block)
    left = width - blocks * BLOCK_COLUMNS
    key = _width_key(base)
    return Narrowed(left, tensors, {key: gguf_file.scalar(base.values[key].kind, left)})


def _rows_of(base: GgufFile, tensor: Tensor, rows: Ids) -> NewTensor:
    dims = (*tensor.dims[:-1], len(rows))
    size = tensor.row_bytes * len(rows)
    return NewTensor(tensor.name, dims, tensor.kind, size, lambda: base.row_chunks(tensor, rows))


def _blocks_of(base: GgufFile, tensor: Tensor, blocks: Ids, count: int) -> NewTensor:
    dims = (tensor.dims[0] // count * len(blocks), *tensor.dims[1:])
    size = tensor.n_bytes // count * len(blocks)
    return NewTensor(tensor.name, dims, tensor.kind, size, lambda: base.column_chunks(tensor, blocks, count))


def _column_lengths(base: GgufFile, tensor: Tensor) -> NDArray[np.float32]:
    raw = np.frombuffer(b"".join(base.tensor_chunks(tensor)), np.uint8)
    try:
        values = dequantize(raw.reshape(tensor.rows, -1), GGMLQuantizationType(tensor.kind))
    except NotImplementedError:
        raise CarveError(
            f"{tensor.name} is of a type that only llama.cpp can read.", remedy="Carve without --ffn-blocks."
        ) from None
    lengths: NDArray[np.float32] = np.sqrt((values * values).sum(axis=0))
    return lengths


def _names(layer: int) -> tuple[str, str, str]:
    return f"blk.{layer}.ffn_gate.weight", f"blk.{layer}.ffn_up.weight", f"blk.{layer}.ffn_down.weight"


def _layers(base: GgufFile) -> int:
    return int(base.number(f"{base.string('general.architecture')}.block_count") or 0)


def _width_key(base: GgufFile) -> str:
    return f"{base.string('general.architecture')}.feed_forward_length"


def _width(base: GgufFile) -> int | None:
    """Columns of each layer; None where layers differ."""
    value = base.number(_width_key(base))
    return None if value is None else int(value)
