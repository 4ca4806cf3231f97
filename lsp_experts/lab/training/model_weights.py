"""The numbers of a base, read out of its GGUF: its shape, and its weights as plain floats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import gguf
import numpy as np
from numpy.typing import NDArray

from lsp_experts.errors import AdaptError
from lsp_experts.lab.gguf_file import GgufFile, Tensor

# Rotary positions pair the two halves of a head ("neox"), or neighbours ("norm"): llama.cpp's llama_rope_type.
_ROTATIONS = {"qwen2": "neox", "llama": "norm"}
_CHUNK_ROWS = 8192


@dataclass(frozen=True)
class Shape:
    """What a transformer of the qwen2 or llama kind looks like."""

    architecture: str
    layers: int
    width: int  # of the residual stream
    inner: int  # of the feed-forward network
    heads: int
    kv_heads: int
    head_width: int
    rotation: str  # "neox" or "norm"
    rope_base: float
    norm_epsilon: float
    tokens: int  # in the vocabulary
    tied: bool  # the output matrix is the embedding table

    @property
    def linear(self) -> dict[str, tuple[int, int]]:
        """(inputs, outputs) of the seven linear weights of each layer, by their name in the layer."""
        queries, keys = self.heads * self.head_width, self.kv_heads * self.head_width
        return {
            "attn_q": (self.width, queries),
            "attn_k": (self.width, keys),
            "attn_v": (self.width, keys),
            "attn_output": (queries, self.width),
            "ffn_gate": (self.width, self.inner),
            "ffn_up": (self.width, self.inner),
            "ffn_down": (self.inner, self.width),
        }


def read_shape(file: GgufFile) -> Shape:
    """The shape of the model in `file`. AdaptError for an architecture, or a detail of one, that we cannot compute."""
    architecture = file.string("general.architecture") or "unknown"
    if architecture not in _ROTATIONS:
        raise AdaptError(
            f"{file.path.name} is of the architecture {architecture!r}; adapters are trained over "
            f"{' and '.join(_ROTATIONS)}.",
            remedy="Give another base with --base.",
        )
    names = {tensor.name: tensor for tensor in file.tensors}
    scaling = "rope_freqs.weight" in names or f"{architecture}.rope.scaling.type" in file.values
    if scaling or "blk.0.ffn_gate_inp.weight" in names or "blk.0.attn_q_norm.weight" in names:
        raise AdaptError(f"{file.path.name} is a variant of {architecture} that cannot be trained yet.", remedy=_OTHER)
    for name in ("token_embd.weight", "output_norm.weight", "blk.0.attn_q.weight", "blk.0.ffn_gate.weight"):
        if name not in names:
            raise AdaptError(f"{file.path.name} has no {name}.", remedy=_OTHER)
    heads, width = _whole(file, "attention.head_count"), _whole(file, "embedding_length")
    return Shape(
        architecture=architecture,
        layers=_whole(file, "block_count"),
        width=width,
        inner=names["blk.0.ffn_gate.weight"].dims[1],
        heads=heads,
        kv_heads=_whole(file, "attention.head_count_kv", heads),
        head_width=_whole(file, "attention.key_length", width // heads),
        rotation=_ROTATIONS[architecture],
        rope_base=float(file.number(f"{architecture}.rope.freq_base") or 10_000.0),
        norm_epsilon=float(file.number(f"{architecture}.attention.layer_norm_rms_epsilon") or 1e-6),
        tokens=names["token_embd.weight"].rows,
        tied="output.weight" not in names,
    )


def weights(file: GgufFile) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """(name, values) of every tensor, rows first. AdaptError for a quantisation that cannot be undone."""
    for tensor in file.tensors:
        yield tensor.name, _values(file, tensor)


def _values(file: GgufFile, tensor: Tensor) -> NDArray[np.float32]:
    kind = gguf.GGMLQuantizationType(tensor.kind)
    out = np.empty(tensor.dims[::-1], np.float32)
    if len(tensor.dims) == 1:
        raw = np.frombuffer(file.bytes[tensor.start : tensor.start + tensor.n_bytes], np.uint8)
        out[:] = _plain(file, raw, kind)
        return out
    for first in range(0, tensor.rows, _CHUNK_ROWS):
        rows = min(_CHUNK_ROWS, tensor.rows - first)
        start = tensor.start + first * tensor.row_bytes
        raw = np.frombuffer(file.bytes[start : start + rows * tensor.row_bytes], np.uint8)
        out[first : first + rows] = _plain(file, raw.reshape(rows, tensor.row_bytes), kind)
    return out


def _plain(file: GgufFile, raw: NDArray[np.uint8], kind: gguf.GGMLQuantizationType) -> NDArray[np.float32]:
    try:
        values: NDArray[np.float32] = gguf.quants.dequantize(raw, kind)
    except NotImplementedError:
        raise AdaptError(
            f"{file.path.name} is quantised as {kind.name}, which cannot be undone.", remedy=_OTHER
        ) from None
    return values


def _whole(file: GgufFile, key: str, default: int = 0) -> int:
    value = file.number(f"{file.string('general.architecture')}.{key}")
    if value is None and not default:
        raise AdaptError(f"{file.path.name} does not say its {key}.", remedy=_OTHER)
    return int(value if value is not None else default)


_OTHER = "Give another base with --base."
