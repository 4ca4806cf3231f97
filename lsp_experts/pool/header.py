"""The few numbers of a GGUF header that a memory prediction needs, read without llama.cpp.

Not a validator: the store checks hashes, the engine checks the rest. Anything unexpected is None.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAX_KEYS = 256
_MAX_STRING_BYTES = 1 << 20
_MAX_NUMBER = 1 << 20  # layers, heads, widths: far above any model, far below what overflows a budget
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_VOCABULARY = "tokenizer.ggml.tokens"


@dataclass(frozen=True)
class Shape:
    """The sizes that decide how much memory a context takes."""

    n_layer: int
    n_head_kv: int
    head_dim: int
    n_vocab: int


def read_shape(file: Path) -> Shape | None:
    """The shape of the model in `file`; None if the file's head does not tell. Blocking, reads some kilobytes."""
    try:
        if not file.is_file():  # opening a FIFO would wait for ever
            return None
        with file.open("rb") as stream:
            return _shape(stream)
    except (OSError, ValueError, struct.error):
        return None


def _shape(stream: BinaryIO) -> Shape | None:
    magic, version, _, n_keys = struct.unpack("<4sIQQ", stream.read(24))
    if magic != b"GGUF" or version not in (2, 3):
        return None
    numbers: dict[str, int] = {}
    for _ in range(min(n_keys, _MAX_KEYS)):
        key = _string(stream)
        (kind,) = struct.unpack("<I", stream.read(4))
        if kind == _ARRAY:
            item, count = struct.unpack("<IQ", stream.read(12))
            if key == _VOCABULARY:
                # Its megabytes of strings need no reading: every known writer puts the model's own numbers before them.
                return _assemble(numbers, count)
            if item == _STRING and count <= _MAX_KEYS:  # general.languages, general.tags
                for _ in range(count):
                    _string(stream)
            elif item in _SCALARS and count <= _MAX_NUMBER:
                stream.seek(count * struct.calcsize(_SCALARS[item]), 1)
            else:
                return None
        elif kind == _STRING:
            _string(stream)
        elif kind in _SCALARS:
            code = _SCALARS[kind]
            (value,) = struct.unpack(code, stream.read(struct.calcsize(code)))
            if isinstance(value, int):
                numbers[key.partition(".")[2]] = value
        else:
            return None
    return None


def _string(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > _MAX_STRING_BYTES:
        raise ValueError("a string that no header needs")
    return stream.read(length).decode("utf-8", "replace")


def _assemble(numbers: dict[str, int], n_vocab: int) -> Shape | None:
    n_layer, n_head = numbers.get("block_count", 0), numbers.get("attention.head_count", 0)
    n_head_kv = numbers.get("attention.head_count_kv", n_head)
    head_dim = numbers.get("attention.key_length", 0) or (numbers.get("embedding_length", 0) // n_head if n_head else 0)
    shape = Shape(n_layer, n_head_kv, head_dim, n_vocab)
    usable = all(0 < number <= _MAX_NUMBER for number in (n_layer, n_head_kv, head_dim, n_vocab))
    return shape if usable else None
