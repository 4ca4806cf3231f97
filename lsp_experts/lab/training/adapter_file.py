"""LoRA adapters as GGUF files, as llama.cpp loads them: to a weight's output comes alpha / rank times B A x."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from lsp_experts.errors import AdaptError
from lsp_experts.lab.gguf_file import GgufFile

Floats = NDArray[np.float32]
Pairs = Mapping[str, tuple[Floats, Floats]]  # weight of the base -> A (rank, n_in) and B (n_out, rank)
_A, _B = ".lora_a", ".lora_b"


def write_adapter(path: Path, architecture: str, alpha: float, pairs: Pairs) -> Path:
    """Write an adapter over a base of `architecture` to `path`, as 16 bit floats, and give `path`."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, (a, b) in pairs.items():
        writer.add_tensor(name + _A, a.astype(np.float16))
        writer.add_tensor(name + _B, b.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def read_adapter(path: Path) -> tuple[float, dict[str, tuple[Floats, Floats]]]:
    """(alpha, pairs) of an adapter that write_adapter wrote. AdaptError or CarveError for any other file."""
    with GgufFile(path) as file:
        alpha = file.number("adapter.lora.alpha")
        halves = {tensor.name: _floats(file, tensor.start, tensor.dims, tensor.kind) for tensor in file.tensors}
    pairs = {
        name.removesuffix(_A): (a, halves[name.removesuffix(_A) + _B])
        for name, a in halves.items()
        if name.endswith(_A) and name.removesuffix(_A) + _B in halves
    }
    if alpha is None or not pairs or 2 * len(pairs) != len(halves):
        raise AdaptError(f"{path.name} is not a LoRA adapter.", remedy="Train it anew, without --refresh.")
    return float(alpha), pairs


def _floats(file: GgufFile, start: int, dims: tuple[int, ...], kind: int) -> Floats:
    dtype = {gguf.GGMLQuantizationType.F32: "<f4", gguf.GGMLQuantizationType.F16: "<f2"}.get(
        gguf.GGMLQuantizationType(kind)
    )
    if dtype is None:
        raise AdaptError(f"{file.path.name} holds quantised tensors.", remedy="Give an adapter of 16 or 32 bit floats.")
    flat = np.frombuffer(file.bytes[start : start + int(np.prod(dims)) * np.dtype(dtype).itemsize], dtype)
    return flat.reshape(dims[::-1]).astype(np.float32)
