"""What every source shares: how it tells its progress, what it hands back, a file hashed while it is written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol

from lsp_experts.errors import SourceError

CHUNK_BYTES = 1 << 20
GGUF_MAGIC = b"GGUF"


class Progress(Protocol):
    """Where a long step tells how far it is. `start` and `finish` come in pairs, one pair at a time."""

    def start(self, label: str, total_bytes: int | None) -> None:
        """A step begins; `total_bytes` is None where nobody knows."""

    def advance(self, bytes_done: int) -> None:
        """So many bytes of the step are done, counted from its start; may be called from another thread."""

    def finish(self) -> None:
        """The step is over, well or badly."""


@dataclass(frozen=True)
class Fetched:
    """A whole file in a temporary folder: its bytes were hashed and are those the source promised."""

    path: Path
    sha256: str
    size: int
    origin: str  # for the record, such as `hub:owner/name/file`
    provenance: Mapping[str, str] = field(default_factory=dict)


class HashedFile:
    """A new file that grows by `write`, is hashed on the way and never gets longer than `limit_bytes`."""

    def __init__(self, path: Path, limit_bytes: int | None) -> None:
        self.path = path
        self.size = 0
        self._limit = limit_bytes
        self._digest = hashlib.sha256()
        self._file = path.open("xb", buffering=0)

    def __enter__(self) -> HashedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """The hash of what was written so far."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Appends; SourceError if the file gets too long, OSError from the disk."""
        self.size += len(chunk)
        if self._limit is not None and self.size > self._limit:
            raise SourceError(f"it is longer than the {self._limit} bytes it should have")
        left = memoryview(chunk)
        while left:
            left = left[self._file.write(left) :]
        self._digest.update(chunk)

    def restart(self) -> None:
        """Throws away what was written."""
        self._file.seek(0)
        os.ftruncate(self._file.fileno(), 0)
        self._digest = hashlib.sha256()
        self.size = 0

    def finished(self, *, sha256: str | None, size: int | None) -> None:
        """SourceError unless all that was promised is there; None promises nothing."""
        expect(sha256=sha256, size=size, got_sha256=self.sha256, got_size=self.size)


def expect(*, sha256: str | None, size: int | None, got_sha256: str, got_size: int) -> None:
    """SourceError if a size or hash is not the promised one."""
    if size is not None and got_size != size:
        raise SourceError(f"it has {got_size} bytes instead of {size}")
    if sha256 is not None and got_sha256 != sha256:
        raise SourceError(f"its sha256 is {got_sha256} instead of {sha256}")


def expect_gguf(path: Path) -> None:
    """SourceError if a file whose hash nobody pinned is not even a GGUF."""
    with path.open("rb") as file:
        start = file.read(len(GGUF_MAGIC))
    if start != GGUF_MAGIC:
        raise SourceError("it is not a GGUF model file")
