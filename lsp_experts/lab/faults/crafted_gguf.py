"""GGUF files that were made to be wrong, each in one way and of a few hundred bytes at most. Pure: names to bytes.

The layout is that of the GGUF specification, version 3 (github.com/ggml-org/ggml, docs/gguf.md); what is done to it
follows what llama.cpp and those who embed it were attacked with (CVE-2024-21802 and after).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

_UINT32, _BOOL, _STRING, _ARRAY = 4, 7, 8, 9
_HUGE = (1 << 40, 1 << 62)
_ALL_ONES = (1 << 64) - 1


def _text(data: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(data) if length is None else length) + data


def _key(name: bytes, kind: int, value: bytes) -> bytes:
    return _text(name) + struct.pack("<I", kind) + value


def _string(name: bytes, value: bytes, length: int | None = None) -> bytes:
    return _key(name, _STRING, _text(value, length))


def _number(name: bytes, value: int) -> bytes:
    return _key(name, _UINT32, struct.pack("<I", value))


def _array(name: bytes, item: int, count: int, items: bytes = b"") -> bytes:
    return _key(name, _ARRAY, struct.pack("<IQ", item, count) + items)


def _tensor(dims: tuple[int, ...] = (8,), *, rank: int | None = None, kind: int = 0, offset: int = 0) -> bytes:
    sizes = b"".join(struct.pack("<Q", size) for size in dims)
    return _text(b"token_embd.weight") + struct.pack("<I", len(dims) if rank is None else rank) + sizes + struct.pack(
        "<IQ", kind, offset
    )  # fmt: skip


_KEYS = (_string(b"general.architecture", b"qwen2"), _number(b"qwen2.block_count", 2))


def _file(
    *more: bytes, magic: bytes = b"GGUF", version: int = 3, n_tensors: int = 1, n_keys: int | None = None,
    keys: tuple[bytes, ...] = _KEYS, tensor: bytes = _tensor(),
) -> bytes:  # fmt: skip
    """A head with one tensor of 32 bytes, right but for what is said; `more` are further keys."""
    keys = (*keys, *more)
    count = len(keys) if n_keys is None else n_keys
    head = magic + struct.pack("<IQQ", version, n_tensors, count) + b"".join(keys) + tensor
    return head + bytes(-len(head) % 32) + bytes(32)


def crafted() -> Mapping[str, bytes]:
    """All 38 by name."""
    big, bigger = _HUGE
    architecture, blocks = _KEYS
    return {
        "another magic": _file(magic=b"FUGG"),
        "version 0": _file(version=0),
        "version 4": _file(version=4),
        "version of the other endianness": _file(version=3 << 24),
        "-1 tensors": _file(n_tensors=_ALL_ONES),
        "2^40 tensors": _file(n_tensors=big),
        "2^62 tensors": _file(n_tensors=bigger),
        "-1 keys": _file(n_keys=_ALL_ONES),
        "2^40 keys": _file(n_keys=big),
        "2^62 keys": _file(n_keys=bigger),
        "one key too many": _file(n_keys=len(_KEYS) + 1),
        "a key without a name": _file(_number(b"", 1)),
        "a key twice": _file(blocks),
        "a key's length of 2^60": _file(_text(b"general.name", 1 << 60)),
        "a key's length of -1": _file(_text(b"general.name", _ALL_ONES)),
        "a key behind the end": _file(_text(b"general.name", 4096)),
        "an unknown type": _file(_key(b"general.name", 99, b"\0" * 8)),
        "a string's length of 2^60": _file(_string(b"general.name", b"x", 1 << 60)),
        "a string's length of -1": _file(_string(b"general.name", b"x", _ALL_ONES)),
        "2^60 strings": _file(_array(b"tokenizer.ggml.tokens", _STRING, 1 << 60)),
        "2^40 numbers": _file(_array(b"tokenizer.ggml.token_type", _UINT32, big)),
        "-1 numbers": _file(_array(b"tokenizer.ggml.token_type", _UINT32, _ALL_ONES)),
        "an array of arrays": _file(_array(b"general.tags", _ARRAY, 1, struct.pack("<IQ", _UINT32, 0))),
        "an array of an unknown type": _file(_array(b"general.tags", 99, 1, b"\0" * 8)),
        "a bool of 7": _file(_key(b"tokenizer.ggml.add_bos_token", _BOOL, b"\x07")),
        "an alignment of 0": _file(_number(b"general.alignment", 0)),
        "an alignment of 3": _file(_number(b"general.alignment", 3)),
        "an alignment of 2^31": _file(_number(b"general.alignment", 1 << 31)),
        "-1 dimensions": _file(tensor=_tensor(rank=(1 << 32) - 1)),
        "5 dimensions": _file(tensor=_tensor((2, 2, 2, 2, 2))),
        "a dimension of -1": _file(tensor=_tensor((_ALL_ONES,))),
        "dimensions that overflow": _file(tensor=_tensor((1 << 32, 1 << 31, 4))),
        "a tensor of an unknown type": _file(tensor=_tensor(kind=999)),
        "an odd offset": _file(tensor=_tensor(offset=7)),
        "an offset behind the end": _file(tensor=_tensor(offset=1 << 63)),
        "no architecture": _file(keys=(blocks,)),
        "an architecture that is a number": _file(keys=(_number(b"general.architecture", 7), blocks)),
        "10^6 blocks": _file(keys=(architecture, _number(b"qwen2.block_count", 10**6))),
    }


def truncated(good: bytes) -> Mapping[str, bytes]:
    """Four beginnings of a good file, by name."""
    return {
        "half of it": good[: len(good) // 2],
        "99.9 % of it": good[: len(good) * 999 // 1000],
        "all but a byte": good[:-1],
        "its first twentieth": good[: len(good) // 20],
    }
