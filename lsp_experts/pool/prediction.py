"""How many bytes an expert will hold and how long its moves take: predicted before its first load, measured after.

The figures come from measuring llama.cpp on the CPU (f16 KV cache, 32 outputs at most):
the vocabulary of 152k tokens takes 40 to 50 MiB, the compute buffers 40 to 60 MiB. A load from the page cache takes
about 350 ms with that vocabulary, over 90 % of it for the vocabulary, and 28 ms bring a parked expert back.
"""

from __future__ import annotations

from lsp_experts.pool.devices import DeviceNeed
from lsp_experts.pool.header import Shape
from lsp_experts.pool.measured import Figures, MeasuredSizes
from lsp_experts.pool.model import Model

__all__ = ["Figures", "MeasuredSizes", "device_need", "predict", "predict_resident_bytes"]

MIB = 1024 * 1024
COMPUTE_BYTES = 60 * MIB
VOCABULARY_BYTES_PER_TOKEN = 350
UNKNOWN_VOCABULARY_BYTES = 90 * MIB  # 256k tokens, the largest vocabulary of the code families
LOAD_MS_PER_TOKEN = 350 / 152_000
UNKNOWN_LOAD_MS = 350.0
UNPARK_MS = 30.0
# Without a header: the KV cache of one token is at most 1/4000 of a 4-bit file for every code family looked at,
# those without grouped heads included (deepseek-coder 1.3B 1/4430, SmolLM2 135M 1/4270; Qwen2.5-Coder 0.5B 1/40000).
FILE_BYTES_PER_KV_BYTE = 4000


def predict(model: Model, shape: Shape | None) -> Figures:
    """What `model` will take: mapped weights + KV + vocabulary + compute buffers; parked, vocabulary + saved KV."""
    weights = model.file_bytes
    kv = _kv_bytes(model, shape)
    vocabulary = shape.n_vocab * VOCABULARY_BYTES_PER_TOKEN if shape is not None else UNKNOWN_VOCABULARY_BYTES
    repacked = model.file_bytes if model.use_extra_bufts else 0  # anonymous copies of up to all tensors, never dropped
    own = kv + COMPUTE_BYTES + model.adapter_bytes
    return Figures(
        resident_bytes=weights + repacked + vocabulary + own,
        weights_bytes=weights + repacked + vocabulary,
        parked_bytes=repacked + vocabulary + kv + model.adapter_bytes,
        parked_weights_bytes=repacked + vocabulary,
        load_ms=shape.n_vocab * LOAD_MS_PER_TOKEN if shape is not None else UNKNOWN_LOAD_MS,
        unpark_ms=UNPARK_MS,
    )


def predict_resident_bytes(model: Model, shape: Shape | None) -> int:
    """Bytes that `model` will hold when loaded."""
    return predict(model, shape).resident_bytes


def device_need(model: Model, shape: Shape | None, measured_bytes: int = 0) -> DeviceNeed | None:
    """GPU memory for `model.n_gpu_layers` layers; None: the CPU does it, since nothing goes there or nothing is known.

    `measured_bytes`: what that many layers took before. Predicted, the whole file counts as layers, so that a share of
    it is never too small, and one layer more than the file has stands for the output.
    """
    if model.n_gpu_layers <= 0 or shape is None:
        return None
    layers = min(model.n_gpu_layers, shape.n_layer + 1)
    if measured_bytes:
        return DeviceNeed(layers, max(0, measured_bytes - COMPUTE_BYTES) // layers, min(measured_bytes, COMPUTE_BYTES))
    return DeviceNeed(layers, (model.file_bytes + _kv_bytes(model, shape)) // shape.n_layer, COMPUTE_BYTES)


def _kv_bytes(model: Model, shape: Shape | None) -> int:
    if shape is None:
        return model.file_bytes // FILE_BYTES_PER_KV_BYTE * model.n_ctx
    return 2 * shape.n_layer * shape.n_head_kv * shape.head_dim * model.n_ctx * 2  # K and V, two bytes each
