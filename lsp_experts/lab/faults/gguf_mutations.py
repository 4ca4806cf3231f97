"""Good GGUF files made bad by chance: most of the damage is in the head, which is what a parser reads. Pure."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

_NUMBERS = (0, 1, 0x7F, 0xFF, 1 << 15, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, 1 << 62, (1 << 64) - 1)
_NAN = struct.pack("<f", float("nan"))


def mutated(good: bytes, head_bytes: int, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` names and files, the same for the same seed. `head_bytes`: where the weights of `good` begin."""
    chance = random.Random(seed)
    for number in range(count):
        how = _HOW[number % len(_HOW)]
        data = bytearray(good)
        how(data, head_bytes, chance)
        yield f"{number}: {how.__name__.strip('_').replace('_', ' ')}", bytes(data)


def _one_bit(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    data[chance.randrange(head_bytes)] ^= 1 << chance.randrange(8)


def _some_bytes(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    for _ in range(chance.randint(2, 16)):
        data[chance.randrange(head_bytes)] = chance.randrange(256)


def _a_number_written_over(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    size = chance.choice((4, 8))
    at = chance.randrange(head_bytes - size)
    data[at : at + size] = (chance.choice(_NUMBERS) & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _a_stretch_repeated(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    """Over another one of the same length: token strings come twice, lengths stand where others stood."""
    size = chance.randint(8, 64)
    source, target = (chance.randrange(head_bytes - size) for _ in range(2))
    data[target : target + size] = data[source : source + size]


def _bytes_taken_out(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    at = chance.randrange(head_bytes)
    del data[at : at + chance.randint(1, 32)]


def _cut_off(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _weights_that_are_no_numbers(data: bytearray, head_bytes: int, chance: random.Random) -> None:
    first = (len(data) - head_bytes) // 4
    for _ in range(64):
        at = head_bytes + 4 * chance.randrange(first)
        data[at : at + 4] = _NAN


_HOW: tuple[Callable[[bytearray, int, random.Random], None], ...] = (
    _one_bit,
    _some_bytes,
    _a_number_written_over,
    _a_stretch_repeated,
    _one_bit,
    _bytes_taken_out,
    _a_number_written_over,
    _cut_off,
    _a_stretch_repeated,
    _weights_that_are_no_numbers,
)
