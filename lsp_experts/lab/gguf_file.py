"""Reading and writing GGUF without touching what is not asked for: metadata and tensors are spans of bytes.

The `gguf` package makes one array object per token (15 s for a vocabulary of 152k) and flattens nested arrays;
the cut needs the opposite: everything that it does not change must come out byte for byte.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray

from lsp_experts.errors import CarveError

MAGIC = b"GGUF"
CHUNK_BYTES = 4 * 1024 * 1024
STRING, ARRAY, UINT32 = 8, 9, 4
_SCALARS: dict[int, str] = {
    0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "|b1", 10: "<u8", 11: "<i8", 12: "<f8",
}  # fmt: skip
_MAX_NESTING = 4


@dataclass(frozen=True)
class Value:
    """One metadata value: its GGUF type and the span of its payload in the file."""

    kind: int
    start: int
    end: int


@dataclass(frozen=True)
class Tensor:
    """One tensor: `dims` as stored (row length first), `start` absolute in the file, sizes in bytes."""

    name: str
    dims: tuple[int, ...]
    kind: int
    start: int
    n_bytes: int

    @property
    def rows(self) -> int:
        """How many rows lie one behind the other; a vector has one element per row."""
        return self.dims[-1]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of the last dimension."""
        return self.n_bytes // self.dims[-1]


class GgufFile:
    """A GGUF file, mapped and checked: every span lies inside the file. CarveError if it is not one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise CarveError(f"{path} is not a regular file.", remedy="Give an installed expert's id or a GGUF file.")
        with path.open("rb") as file:
            self.file_bytes = os.fstat(file.fileno()).st_size
            if self.file_bytes < 32:
                raise self._broken("it is too short")
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.values: dict[str, Value] = {}
        self.tensors: tuple[Tensor, ...] = ()
        try:
            self._read_header()
        except BaseException:
            self.bytes.close()
            raise

    def __enter__(self) -> GgufFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bytes.close()

    def raw(self, key: str) -> tuple[int, bytes]:
        """(type, payload) of a metadata value, as the file has it."""
        value = self.values[key]
        return value.kind, self.bytes[value.start : value.end]

    def string(self, key: str) -> str | None:
        """A metadata string, None if it is absent."""
        value = self.values.get(key)
        if value is None:
            return None
        if value.kind != STRING:
            raise self._broken(f"{key} is not a string")
        return self.bytes[value.start + 8 : value.end].decode("utf-8", "replace")

    def number(self, key: str) -> int | float | None:
        """A metadata number, None if it is absent or not a number."""
        value = self.values.get(key)
        if value is None or value.kind not in _SCALARS:
            return None
        scalar: int | float = np.frombuffer(self.bytes[value.start : value.end], _SCALARS[value.kind])[0].item()
        return scalar

    def strings(self, key: str) -> list[bytes]:
        """An array of strings; CarveError if it is absent or something else."""
        value, kind, count = self._array(key)
        if kind != STRING:
            raise self._broken(f"{key} is not a list of strings")
        data, at, out = self.bytes, value.start + 12, []
        for _ in range(count):
            (length,) = struct.unpack_from("<Q", data, at)
            out.append(data[at + 8 : at + 8 + length])
            at += 8 + length
        return out

    def numbers(self, key: str) -> NDArray[Any]:
        """An array of numbers, in its own type."""
        value, kind, count = self._array(key)
        if kind not in _SCALARS:
            raise self._broken(f"{key} is not a list of numbers")
        return np.frombuffer(self.bytes[value.start + 12 : value.end], _SCALARS[kind], count=count)

    def tensor_chunks(self, tensor: Tensor) -> Iterator[bytes]:
        """The bytes of a tensor in pieces of at most CHUNK_BYTES."""
        end = tensor.start + tensor.n_bytes
        for at in range(tensor.start, end, CHUNK_BYTES):
            yield self.bytes[at : min(at + CHUNK_BYTES, end)]

    def row_chunks(self, tensor: Tensor, ids: NDArray[np.int64]) -> Iterator[bytes]:
        """The bytes of the rows `ids` of a tensor, in that order, each exactly as stored."""
        size = tensor.row_bytes
        step = max(1, CHUNK_BYTES // size)
        for first in range(0, len(ids), step):
            rows = np.frombuffer(self.bytes, np.uint8, count=tensor.n_bytes, offset=tensor.start)
            chunk = rows.reshape(tensor.rows, size)[ids[first : first + step]].tobytes()
            del rows  # a view left alive would keep the file mapped
            yield chunk

    def column_chunks(self, tensor: Tensor, blocks: NDArray[np.int64], count: int) -> Iterator[bytes]:
        """The bytes of a matrix that keeps, of each row's `count` equal stretches of bytes, those named by `blocks`."""
        size = tensor.row_bytes
        step = max(1, CHUNK_BYTES // size)
        for first in range(0, tensor.rows, step):
            taken = min(step, tensor.rows - first)
            rows = np.frombuffer(self.bytes, np.uint8, count=taken * size, offset=tensor.start + first * size)
            chunk = rows.reshape(taken, count, size // count)[:, blocks].tobytes()
            del rows  # as in row_chunks
            yield chunk

    def sha256(self, progress: Callable[[int], None] = lambda done: None) -> str:
        """The file's hash; `progress` gets the bytes read so far."""
        digest = hashlib.sha256()
        for at in range(0, self.file_bytes, CHUNK_BYTES):
            digest.update(self.bytes[at : at + CHUNK_BYTES])
            progress(min(at + CHUNK_BYTES, self.file_bytes))
        return digest.hexdigest()

    def _broken(self, problem: str) -> CarveError:
        return CarveError(
            f"{self.path.name} cannot be read as GGUF: {problem}.", remedy="Pull the base again, or check its hash."
        )

    def _array(self, key: str) -> tuple[Value, int, int]:
        value = self.values.get(key)
        if value is None or value.kind != ARRAY:
            raise self._broken(f"{key} is missing")
        kind, count = struct.unpack_from("<IQ", self.bytes, value.start)
        return value, kind, count

    def _take(self, layout: str, at: int) -> tuple[tuple[Any, ...], int]:
        size = struct.calcsize(layout)
        if at + size > self.file_bytes:
            raise self._broken("it is truncated")
        return struct.unpack_from(layout, self.bytes, at), at + size

    def _text(self, at: int) -> tuple[str, int]:
        (length,), at = self._take("<Q", at)
        if length > self.file_bytes - at:
            raise self._broken("it is truncated")
        return self.bytes[at : at + length].decode("utf-8", "replace"), at + length

    def _skip(self, kind: int, at: int, depth: int = 0) -> int:
        """The end of a payload of type `kind` that starts at `at`."""
        if kind in _SCALARS:
            end = at + np.dtype(_SCALARS[kind]).itemsize
        elif kind == STRING:
            (length,), at = self._take("<Q", at)
            end = at + int(length)
        elif kind == ARRAY and depth < _MAX_NESTING:
            (inner, count), at = self._take("<IQ", at)
            if count > self.file_bytes:
                raise self._broken("it is truncated")
            if inner in _SCALARS:
                end = at + int(count) * np.dtype(_SCALARS[inner]).itemsize
            else:
                for _ in range(count):
                    at = self._skip(inner, at, depth + 1)
                end = at
        else:
            raise self._broken(f"unknown value type {kind}")
        if end > self.file_bytes:
            raise self._broken("it is truncated")
        return end

    def _read_header(self) -> None:
        if self.bytes[:4] != MAGIC:
            raise self._broken("it does not start with GGUF")
        (version, tensor_count, value_count), at = self._take("<IQQ", 4)
        if version not in (2, 3):
            raise self._broken(f"version {version} is not known")
        if tensor_count > 1 << 20 or value_count > 1 << 20:
            raise self._broken("its counts are absurd")
        for _ in range(value_count):
            key, at = self._text(at)
            (kind,), at = self._take("<I", at)
            end = self._skip(kind, at)
            self.values[key] = Value(kind, at, end)
            at = end
        infos: list[tuple[str, tuple[int, ...], int, int]] = []
        for _ in range(tensor_count):
            name, at = self._text(at)
            (n_dims,), at = self._take("<I", at)
            if not 1 <= n_dims <= 4:
                raise self._broken(f"tensor {name!r:.60} has {n_dims} dimensions")
            dims, at = self._take(f"<{n_dims}Q", at)
            (tensor_kind, offset), at = self._take("<IQ", at)
            infos.append((name, dims, tensor_kind, offset))
        alignment = self.number("general.alignment") or 32
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            raise self._broken("its alignment is not a power of two")
        self.alignment = alignment
        data_start = _aligned(at, alignment)
        self.tensors = tuple(self._tensor(data_start, *info) for info in infos)

    def _tensor(self, data_start: int, name: str, dims: tuple[int, ...], kind: int, offset: int) -> Tensor:
        try:
            block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        except (ValueError, KeyError):
            raise self._broken(f"tensor {name!r:.60} has the unknown type {kind}") from None
        elements = 1
        for dim in dims:
            elements *= dim
        if not elements or dims[0] % block:
            raise self._broken(f"tensor {name!r:.60} has an impossible shape")
        n_bytes = elements // block * block_bytes
        if data_start + offset + n_bytes > self.file_bytes:
            raise self._broken("it is truncated")
        return Tensor(name, dims, kind, data_start + offset, n_bytes)


@dataclass(frozen=True)
class NewTensor:
    """A tensor to be written; `chunks` must give exactly its bytes."""

    name: str
    dims: tuple[int, ...]
    kind: int
    n_bytes: int
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Written:
    """What was written: hash and size in bytes."""

    sha256: str
    size: int


def text(value: bytes) -> tuple[int, bytes]:
    """A string as (type, payload)."""
    return STRING, struct.pack("<Q", len(value)) + value


def scalar(kind: int, value: int | float) -> tuple[int, bytes]:
    """A number of GGUF type `kind` as (type, payload)."""
    return kind, np.array([value]).astype(_SCALARS[kind]).tobytes()


def texts(values: Sequence[bytes]) -> tuple[int, bytes]:
    """A list of strings as (type, payload)."""
    parts = [struct.pack("<IQ", STRING, len(values))]
    for value in values:
        parts += (struct.pack("<Q", len(value)), value)
    return ARRAY, b"".join(parts)


def numbers(values: NDArray[Any]) -> tuple[int, bytes]:
    """A list of numbers as (type, payload), in the array's own type."""
    kind = next(kind for kind, layout in _SCALARS.items() if np.dtype(layout) == values.dtype)
    return ARRAY, struct.pack("<IQ", kind, len(values)) + values.tobytes()


def write_gguf(
    target: Path,
    values: Iterable[tuple[str, tuple[int, bytes]]],
    tensors: Sequence[NewTensor],
    *,
    alignment: int = 32,
    progress: Callable[[int], None] = lambda done: None,
) -> Written:
    """Write a GGUF file to `target`, streaming; the same input gives the same bytes. OSError if the disk refuses."""
    pairs = list(values)
    head = [MAGIC, struct.pack("<IQQ", 3, len(tensors), len(pairs))]
    for key, (kind, payload) in pairs:
        head += (text(key.encode())[1], struct.pack("<I", kind), payload)
    offset = 0
    for tensor in tensors:
        head += (text(tensor.name.encode())[1], struct.pack("<I", len(tensor.dims)))
        head.append(struct.pack(f"<{len(tensor.dims)}QIQ", *tensor.dims, tensor.kind, offset))
        offset = _aligned(offset + tensor.n_bytes, alignment)
    header = b"".join(head)
    digest, done = hashlib.sha256(), 0
    with target.open("wb") as file:

        def put(data: bytes) -> None:
            nonlocal done
            file.write(data)
            digest.update(data)
            done += len(data)
            progress(done)

        put(header)
        put(bytes(_aligned(done, alignment) - done))
        for tensor in tensors:
            before = done
            for chunk in tensor.chunks():
                put(chunk)
            if done - before != tensor.n_bytes:
                raise CarveError(f"{tensor.name} gave {done - before} bytes, {tensor.n_bytes} were announced.")
            put(bytes(_aligned(done, alignment) - done))
        file.flush()
        os.fsync(file.fileno())
    return Written(digest.hexdigest(), done)


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
