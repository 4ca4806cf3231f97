"""The metadata at the head of a GGUF file, key by key, without llama.cpp.

Not a validator: the store checks hashes, the engine checks the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAX_KEYS = 256
_MAX_STRING_BYTES = 1 << 20
_MAX_ITEMS = 1 << 20
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_ADAPTER = "adapter"


@dataclass(frozen=True)
class Items:
    """A list in the metadata, by its length only."""

    count: int


def fields(stream: BinaryIO) -> Iterator[tuple[str, int | float | str | Items]]:
    """Each key with its value in file order, as far as lists can be skipped: a vocabulary ends it.

    ValueError or struct.error where the file is no GGUF of version 2 or 3, or its head is cut off.
    """
    magic, version, _, n_keys = struct.unpack("<4sIQQ", stream.read(24))
    if magic != b"GGUF" or version not in (2, 3):
        raise ValueError("no GGUF of version 2 or 3")
    for _ in range(min(n_keys, _MAX_KEYS)):
        key = _string(stream)
        (kind,) = struct.unpack("<I", stream.read(4))
        if kind == _ARRAY:
            item, count = struct.unpack("<IQ", stream.read(12))
            yield key, Items(count)
            if item == _STRING and count <= _MAX_KEYS:  # general.languages, general.tags
                for _ in range(count):
                    _string(stream)
            elif item in _SCALARS and count <= _MAX_ITEMS:
                stream.seek(count * struct.calcsize(_SCALARS[item]), 1)
            else:
                return
        elif kind == _STRING:
            yield key, _string(stream)
        elif kind in _SCALARS:
            code = _SCALARS[kind]
            yield key, struct.unpack(code, stream.read(struct.calcsize(code)))[0]
        else:
            return


def is_adapter(file: Path) -> bool | None:
    """Whether a GGUF is a LoRA adapter and not a model; None if its head cannot be read."""
    try:
        with file.open("rb") as stream:
            return any((key, value) == ("general.type", _ADAPTER) for key, value in fields(stream))
    except (OSError, ValueError, struct.error):
        return None


def _string(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > _MAX_STRING_BYTES:
        raise ValueError("a string that no header needs")
    return stream.read(length).decode("utf-8", "replace")
