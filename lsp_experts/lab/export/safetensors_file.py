"""Safetensors files of plain numbers: a length, a JSON head, the numbers. Written and read without the package.

Format: https://github.com/huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lsp_experts.errors import AdaptError

Floats = NDArray[np.float32]

_METADATA = "__metadata__"
_ALIGNMENT = 8


def safetensors_bytes(tensors: Mapping[str, Floats]) -> bytes:
    """A file of 32 bit floats, for PyTorch, in the order of the names."""
    head: dict[str, object] = {_METADATA: {"format": "pt"}}
    parts, at = [], 0
    for name in sorted(tensors):
        data = np.ascontiguousarray(tensors[name], "<f4")
        head[name] = {"dtype": "F32", "shape": list(data.shape), "data_offsets": [at, at + data.nbytes]}
        parts.append(data.tobytes())
        at += data.nbytes
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return b"".join([struct.pack("<Q", len(text)), text, *parts])


def read_safetensors(data: bytes) -> dict[str, Floats]:
    """The tensors of a file that `safetensors_bytes` made. AdaptError for any other."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        if len(data) < 8 + length:
            raise ValueError("the head is cut off")
        head = json.loads(data[8 : 8 + length])
        body = memoryview(data)[8 + length :]
        tensors, end = {}, 0
        for name, about in head.items():
            if name == _METADATA:
                continue
            start, stop = about["data_offsets"]
            if start != end or about["dtype"] != "F32":
                raise ValueError(f"{name} does not follow what stands before it")
            tensors[name] = np.frombuffer(body[start:stop], "<f4").reshape(about["shape"]).astype(np.float32)
            end = stop
        if end != len(body):
            raise ValueError("bytes are left over")
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise AdaptError(f"These are no safetensors of 32 bit floats: {error}.") from error
    return tensors
