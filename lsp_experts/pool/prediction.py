"""How many bytes an expert will hold: predicted before its first load, measured ever after.

The figures come from measuring llama.cpp on the CPU (f16 KV cache, 32 outputs at most):
the vocabulary of 152k tokens takes 40 to 50 MiB, the compute buffers 40 to 60 MiB.
"""

from __future__ import annotations

from pathlib import Path

from lsp_experts.pool.header import Shape
from lsp_experts.pool.model import Model

MIB = 1024 * 1024
COMPUTE_BYTES = 60 * MIB
VOCABULARY_BYTES_PER_TOKEN = 350
UNKNOWN_VOCABULARY_BYTES = 90 * MIB  # 256k tokens, the largest vocabulary of the code families
# Without a header: the KV cache of one token is at most 1/4000 of a 4-bit file for every code family looked at,
# those without grouped heads included (deepseek-coder 1.3B 1/4430, SmolLM2 135M 1/4270; Qwen2.5-Coder 0.5B 1/40000).
FILE_BYTES_PER_KV_BYTE = 4000


def predict_resident_bytes(model: Model, shape: Shape | None) -> int:
    """Bytes that `model` will hold when loaded: mapped weights + KV + vocabulary + compute buffers."""
    weights = model.file_bytes
    if model.use_extra_bufts:
        weights += model.file_bytes  # repacked tensors are anonymous copies, and the mapping stays: up to all of them
    if shape is None:
        kv = model.file_bytes // FILE_BYTES_PER_KV_BYTE * model.n_ctx
        vocabulary = UNKNOWN_VOCABULARY_BYTES
    else:
        kv = 2 * shape.n_layer * shape.n_head_kv * shape.head_dim * model.n_ctx * 2  # K and V, two bytes each
        vocabulary = shape.n_vocab * VOCABULARY_BYTES_PER_TOKEN
    return weights + kv + vocabulary + COMPUTE_BYTES


class MeasuredSizes:
    """What loads really took, per (file, context length, extra buffers); kept in memory only."""

    def __init__(self) -> None:
        self._bytes: dict[tuple[Path, int, int, bool], int] = {}

    def remember(self, model: Model, resident_bytes: int) -> None:
        """Keep the measured size; the largest one counts, since pages that the kernel took come back."""
        key = _key(model)
        self._bytes[key] = max(resident_bytes, self._bytes.get(key, 0))

    def recall(self, model: Model) -> int | None:
        """The measured size, None before the first load."""
        return self._bytes.get(_key(model))


def _key(model: Model) -> tuple[Path, int, int, bool]:
    return model.path, model.file_bytes, model.n_ctx, model.use_extra_bufts
