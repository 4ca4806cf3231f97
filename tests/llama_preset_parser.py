"""llama.cpp's own parser of router presets, in a process of its own: `python llama_preset_parser.py FILE`.

The wheel of xllamacpp brings it (common/preset.cpp), though not for Python, so it is called as C++ calls it: strings of
the old ABI are pointers to their characters with a head before them, a map is a red-black tree. It prints a JSON object
of preset -> arguments for the server's process; what llama.cpp refuses ends the process, with llama.cpp's words.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

_SERVER = 12  # LLAMA_EXAMPLE_SERVER, common/common.h
_NEW_CONTEXT = "_ZN21common_preset_contextC1E13llama_example"
_LOAD = "_ZNK21common_preset_context13load_from_iniERKNSt10filesystem4pathER13common_preset"
_TO_ARGUMENTS = "_ZNK13common_preset7to_argsERKSs"
_CASCADE = "_ZNK21common_preset_context7cascadeERK13common_presetRKSt3mapISsS0_St4lessISsESaISt4pairIKSsS0_EEE"
_OWNERS = 1000  # so that nobody frees what is ours
_NODE_BYTES, _ROOM_BYTES = 32, 1 << 20


def available() -> bool:
    """Whether this process could load the parser."""
    try:
        library = ctypes.CDLL(str(_library()))
    except (ImportError, OSError, StopIteration):
        return False
    return all(hasattr(library, name) for name in (_NEW_CONTEXT, _LOAD, _TO_ARGUMENTS, _CASCADE))


def _library() -> Path:
    import xllamacpp

    return next(Path(xllamacpp.__file__).parent.glob("xllamacpp*.so"))


class _Text:
    """A std::string."""

    def __init__(self, text: str) -> None:
        data = text.encode()
        self._room = ctypes.create_string_buffer(struct.pack("<QQii", len(data), len(data), _OWNERS, 0) + data)
        self.pointer = struct.pack("<Q", ctypes.addressof(self._room) + 24)


def _numbers(at: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}Q", ctypes.string_at(at, 8 * count))


def _nodes(at: int) -> Iterator[int]:
    if at:
        _, _, left, right = _numbers(at, 4)
        yield from _nodes(left)
        yield at
        yield from _nodes(right)


def parse(file: str) -> dict[str, list[str]]:
    """What the router makes of `file`. Ends the process where llama.cpp throws."""
    library = ctypes.CDLL(str(_library()))

    def call(name: str, *arguments: object) -> None:
        function = getattr(library, name)
        function.restype = None
        function(*arguments)

    context, presets, merged = (ctypes.create_string_buffer(_ROOM_BYTES) for _ in range(3))
    call(_NEW_CONTEXT, context, _SERVER)
    path, empty = _Text(file), _Text("")
    shared = ctypes.create_string_buffer(empty.pointer + bytes(120))  # a common_preset: a name, and a map, empty
    head = ctypes.addressof(shared) + 16
    struct.pack_into("<QQQQQ", shared, 16, 0, 0, head, head, 0)
    call(_LOAD, presets, context, ctypes.create_string_buffer(path.pointer + bytes(56)), shared)
    call(_CASCADE, merged, context, shared, presets)
    found = {}
    for node in _nodes(_numbers(ctypes.addressof(merged) + 16, 1)[0]):
        vector = ctypes.create_string_buffer(24)
        call(_TO_ARGUMENTS, vector, ctypes.c_void_p(node + _NODE_BYTES + 8), ctypes.create_string_buffer(empty.pointer))
        begin, end, _ = struct.unpack("<QQQ", vector)
        words = [ctypes.string_at(each).decode() for each in _numbers(begin, (end - begin) // 8)]
        found[ctypes.string_at(_numbers(node + _NODE_BYTES, 1)[0]).decode()] = words
    return found


if __name__ == "__main__":
    print(json.dumps(parse(sys.argv[1])), flush=True)
