"""The few numbers of a GGUF header that a memory prediction needs, read without llama.cpp.

Not a validator: the store checks hashes, the engine checks the rest. Anything unexpected is None.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lsp_experts.registry.gguf_head import Items, fields

_MAX_NUMBER = 1 << 20  # layers, heads, widths: far above any model, far below what overflows a budget
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
    numbers: dict[str, int] = {}
    for key, value in fields(stream):
        if key == _VOCABULARY and isinstance(value, Items):
            # Its megabytes of strings need no reading: every known writer puts the model's own numbers before them.
            return _assemble(numbers, value.count)
        if isinstance(value, int):
            numbers[key.partition(".")[2]] = value
    return None


def _assemble(numbers: dict[str, int], n_vocab: int) -> Shape | None:
    n_layer, n_head = numbers.get("block_count", 0), numbers.get("attention.head_count", 0)
    n_head_kv = numbers.get("attention.head_count_kv", n_head)
    head_dim = numbers.get("attention.key_length", 0) or (numbers.get("embedding_length", 0) // n_head if n_head else 0)
    shape = Shape(n_layer, n_head_kv, head_dim, n_vocab)
    usable = all(0 < number <= _MAX_NUMBER for number in (n_layer, n_head_kv, head_dim, n_vocab))
    return shape if usable else None
