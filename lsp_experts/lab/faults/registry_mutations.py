"""A small registry in every state that a file can be in: cut off, spoiled by hand, by an editor or by the disk."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

_HASH = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
SMALL: Mapping[str, Any] = {
    "version": 1,
    "related": {"cpp": ["c"]},
    "confidence": {"zig-mine": 0.5},
    "experts": [
        {
            "id": "zig-mine", "kind": "model", "languages": ["zig"], "patterns": ["*.zig"], "licence": "MIT",
            "note": "mine", "context": 2048, "sources": [
                {"type": "hub", "repo": "Some/Repo", "file": "folder/model.gguf", "size": 10},
                {"type": "url", "url": "https://example.org/model.gguf", "sha256": _HASH, "size": 10},
                {"type": "file", "path": "/models/model.gguf"},
            ],
        }
    ],
}  # fmt: skip
TEXT = json.dumps(SMALL, separators=(",", ":")).encode()

Make = Callable[[Path], object]  # puts something at a path where nothing is
_PIECES = (b'"', b"}", b"[", b",", b"1e5", b"NaN", b"null", b"\xff", b"\\u0000", b"-", b"9" * 30, b'{"a":')


def whole_files() -> Mapping[str, Make]:
    """What may lie where a registry should be, by name. None of it is one."""
    return {name: _writes(content) for name, content in _CONTENTS.items()} | {
        "100 MB, sparse": _sparse,
        "folder": lambda path: path.mkdir(),
        "FIFO": lambda path: os.mkfifo(path),
        "link to itself": lambda path: path.symlink_to(path.name),
        "link to nothing": lambda path: path.symlink_to("gone"),
        "link to a device": lambda path: path.symlink_to("/dev/zero"),
    }


def mutations(seed: int, count: int) -> Iterator[tuple[str, Make]]:
    """So many: the whole files first, then the small registry cut off at every byte, then changed at random.

    Where `count` is too small for all cuts, they are spread over half of what is left.
    """
    files = list(whole_files().items())[:count]
    yield from files
    left = count - len(files)
    cuts = range(len(TEXT)) if left >= 2 * len(TEXT) else random.Random(seed).sample(range(len(TEXT)), left // 2)
    yield from ((f"cut at byte {length}", _writes(TEXT[:length])) for length in cuts)
    for number in range(left - len(cuts)):
        yield f"mutation {number}", _writes(mutated(TEXT, random.Random(f"{seed} {number}")))


def mutated(content: bytes, chance: random.Random) -> bytes:
    """`content` with one to four changes: bits, bytes lost, bytes put in, stretches twice."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place, other = chance.randrange(len(changed)), chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                del changed[place : place + chance.randint(1, 20)]
            case 2:
                changed[place:place] = chance.choice(_PIECES)
            case _:
                changed[place:place] = changed[other : other + chance.randint(1, 60)]
    return bytes(changed)


_CONTENTS: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t\n",
    "an empty object": b"{}",
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "no experts": b'{"version": 1}',
    "no version": b'{"experts": []}',
    "byte order mark": b"\xef\xbb\xbf" + TEXT,
    "UTF-16": TEXT.decode().encode("utf-16"),
    "UTF-16 without a mark": TEXT.decode().encode("utf-16-le"),
    "UTF-32": TEXT.decode().encode("utf-32"),
    "Latin-1": TEXT.replace(b"mine", "m\u00efne".encode("latin-1")),
    "zeros": bytes(len(TEXT)),
    "zero-filled tail": TEXT[:200] + bytes(len(TEXT) - 200),
    "a key twice": TEXT.replace(b'"version":1', b'"version":1,"version":1'),
    "an id twice": TEXT.replace(b'"kind":"model"', b'"kind":"model","id":"other"'),
    "NaN": TEXT.replace(b"2048", b"NaN"),
    "Infinity": TEXT.replace(b"0.5", b"-Infinity"),
    "5,000 digits": TEXT.replace(b"2048", b"9" * 5000),
    "n_ctx of 2^31": TEXT.replace(b"2048", b"2147483648"),
    "negative": TEXT.replace(b"2048", b"-1"),
    "nested a million times": b"[" * 1_000_000,
    "nested objects": b'{"a":' * 500_000,
    "many values": b"[" + b"1," * 100_000 + b"1]",
    "another version": TEXT.replace(b'"version":1', b'"version":2'),
    "an unknown key": TEXT.replace(b'"licence"', b'"licens"'),
    "wrong types": TEXT.replace(b'["zig"]', b'"zig"'),
    "a conflict of a merge": b"<<<<<<< HEAD\n" + TEXT + b"\n=======\n" + TEXT + b"\n>>>>>>> other\n",
    "a comment": b"// mine\n" + TEXT,
    "JSON lines": TEXT + b"\n" + TEXT,
    "a model": b"GGUF\x03\x00\x00\x00" + bytes(100),
    "a web page": b"<!DOCTYPE html><p>log in",
    "a path out of the repository": TEXT.replace(b"folder/model.gguf", b"../../model.gguf"),
    "plain http": TEXT.replace(b"https://", b"http://"),
}


def _writes(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)
