"""One vocabulary table where a base holds the same matrix twice.

A tied model that was quantised as an untied one has its embeddings again as its output table, at another precision.
llama.cpp takes token_embd.weight for both where output.weight is missing, so a carved file needs the better copy only.
"""

from __future__ import annotations

import numpy as np
from gguf.constants import GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray

from lsp_experts.lab.gguf_file import GgufFile, Tensor

EMBEDDING, OUTPUT = "token_embd.weight", "output.weight"
# Architectures for which llama.cpp takes the embeddings where there is no output table.
_TIES = frozenset({"llama", "qwen2", "qwen3", "starcoder2"})
_ROWS = 256
# Qwen2.5-Coder-0.5B Q4_K_M (Q5_0 and Q8_0 of one matrix): 0.045 and 0.998; tables of two trainings are far off both.
_MAX_DIFFERENCE = 0.1  # norm of the difference / norm
_MIN_COSINE = 0.99


def shared_table(base: GgufFile) -> Tensor | None:
    """The more precise of the two tables if both are one matrix, as far as 256 rows tell; None if they are not."""
    tables = {tensor.name: tensor for tensor in base.tensors if tensor.name in (EMBEDDING, OUTPUT)}
    if len(tables) < 2 or base.string("general.architecture") not in _TIES:
        return None
    first, second = tables[EMBEDDING], tables[OUTPUT]
    if first.dims != second.dims:
        return None
    chosen = np.sort(np.random.default_rng(0).choice(first.rows, min(_ROWS, first.rows), replace=False))
    try:
        ours, theirs = _rows(base, first, chosen), _rows(base, second, chosen)
    except NotImplementedError:
        return None  # a type that only llama.cpp can read
    length = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    filled = length > 0  # a padding row may be empty
    cosine = (ours * theirs).sum(axis=1)[filled] / length[filled]
    difference = np.linalg.norm(ours - theirs) / max(float(np.linalg.norm(theirs)), 1e-30)
    if not (difference <= _MAX_DIFFERENCE and filled.any() and cosine.min() >= _MIN_COSINE):
        return None
    return second if second.n_bytes > first.n_bytes else first


def _rows(base: GgufFile, tensor: Tensor, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    raw = np.frombuffer(b"".join(base.row_chunks(tensor, ids)), np.uint8)
    rows: NDArray[np.float32] = dequantize(raw.reshape(len(ids), -1), GGMLQuantizationType(tensor.kind))
    return rows
