"""Frames with something wrong about them, as many as asked. Pure: a seed in, bytes out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lsp_experts.lab.faults.raw_client import framed
from lsp_experts.lab.faults.talk import INLINE, at, changed, item

_OTHER = "untitled:other.go"
# More than any mutated header can claim of what follows: lengths have three digits, and a flipped bit adds none.
_PADDING = b"\r\n" * 600


@dataclass(frozen=True)
class Mutated:
    """`writes`: what is sent, write by write. `sound`: the next message has to be understood at once; else it may take
    blank lines until server and client agree again, and `writes` end with them.
    """

    name: str
    writes: tuple[bytes, ...]
    sound: bool


def mutated_frames(seed: int, count: int) -> Iterator[Mutated]:
    """All kinds in turn, each at random."""
    kinds = tuple((_SOUND | _UNSOUND).items())
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        name, make = kinds[number % len(kinds)]
        sound, writes = name in _SOUND, make(_message(number, chance), chance)
        yield Mutated(name, writes if sound else (*writes, _PADDING), sound)


def _message(number: int, chance: random.Random) -> bytes:
    """The body of a message that is in order. None of them ends the session or changes the probed document."""
    method, params = chance.choice(_MESSAGES)
    asks = not method.startswith(("textDocument/did", "$/"))
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps({**message, "id": f"frame {number}"} if asks else message).encode()


def _change(text: str, line: int, character: int) -> dict[str, Any]:
    place = {"line": line, "character": character}
    return changed(_OTHER, 2, {"range": {"start": place, "end": place}, "text": text})


_MESSAGES: tuple[tuple[str, Any], ...] = (
    ("initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
    ("textDocument/didOpen", item(_OTHER, "go", "package other\n\nfunc f() {\n\t\n}\n")),
    ("textDocument/didChange", _change("return 1 // 😋", 3, 1)),
    ("textDocument/didChange", _change("\r\n", 99, 99)),
    ("textDocument/didClose", {"textDocument": {"uri": _OTHER}}),
    ("textDocument/didFocus", {"textDocument": {"uri": _OTHER}}),
    (INLINE, at(_OTHER, 3, 1)),
    (INLINE, at(_OTHER, 3, 1, manual=False)),
    ("textDocument/completion", at(_OTHER, 1, 2)),
    ("lspExperts/status", None),
    ("no/such", {"a": [1, 2.5, None]}),
    ("$/cancelRequest", {"id": "frame 1"}),
)


def _header(body: bytes, length: object = None) -> bytes:
    return b"Content-Length: %s\r\n\r\n" % str(len(body) if length is None else length).encode()


def _flipped(data: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _flipped_body(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    return (_header(body) + _flipped(body, chance),)


def _no_message(_: bytes, chance: random.Random) -> tuple[bytes, ...]:
    bodies = (
        b"{{{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"7",
        b"{}",
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":NaN}',
        b"\0" * 99,
    )
    body = chance.choice(bodies)
    return (_header(body) + body,)


def _spelled_otherwise(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    headers = (
        b"content-length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\n\n",
        b"Content-Length : %d \r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"Content-Type: x\nContent-Length: %d\n\n",
    )
    return (chance.choice(headers) % len(body) + body,)


def _junk_lines(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    junk = (b"junk\r\n", b"\r\n\r\n", b"X-Long: " + b"y" * 20_000 + b"\r\n", b"\0\xff: 1\n", b"HTTP/1.1 200 OK\r\n")
    return (chance.choice(junk) + _header(body) + body,)


def _merged(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    others = [framed({"jsonrpc": "2.0", "method": f"$/{number}"}) for number in range(chance.randint(1, 20))]
    return (b"".join((*others, _header(body), body)),)


def _byte_by_byte(body: bytes, _: random.Random) -> tuple[bytes, ...]:
    return tuple(bytes([byte]) for byte in _header(body) + body)


def _cut_in_two(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    data = _header(body) + body
    at_byte = chance.randrange(1, len(data))
    return data[:at_byte], data[at_byte:]


def _no_length(_: bytes, chance: random.Random) -> tuple[bytes, ...]:
    return (_header(b"", chance.choice((10**12, 10**30, "9" * 5000, -5, 0, "x", "1e3", "0x10", ""))),)


def _flipped_header(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    return (_flipped(_header(body), chance) + body,)


def _wrong_length(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    return (_header(body, len(body) + chance.choice((-20, -1, 1, 2, 400))) + body,)


def _cut_off(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    data = _header(body) + body
    return (data[: chance.randrange(1, len(data))],)


_Make = Callable[[bytes, random.Random], tuple[bytes, ...]]
_SOUND: dict[str, _Make] = {
    "bits of the body": _flipped_body,
    "no message": _no_message,
    "header spelled otherwise": _spelled_otherwise,
    "lines before the header": _junk_lines,
    "several in one write": _merged,
    "byte by byte": _byte_by_byte,
    "in two writes": _cut_in_two,
    "a length that is none": _no_length,
}
_UNSOUND: dict[str, _Make] = {
    "bits of the header": _flipped_header,
    "wrong length": _wrong_length,
    "cut off": _cut_off,
}
