"""A model file that is on this machine already: copied into the store, never linked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from lsp_experts.errors import SourceError
from lsp_experts.registry.disk import expect_room, open_regular
from lsp_experts.registry.entry import FileSource
from lsp_experts.registry.sources.fetched import CHUNK_BYTES, Fetched, HashedFile, Progress, expect_gguf


def fetch(source: FileSource, folder: Path, progress: Progress) -> Fetched:
    """A copy of the file in `folder`; SourceError if it cannot be read or is not the one that was asked for, OSError if
    the disk has no room for it.
    """
    origin = Path(source.path).expanduser()
    if not origin.is_absolute():
        raise SourceError(f"{source.path} is not an absolute path")
    try:
        opened = open_regular(origin)
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror or error}") from error
    with opened, HashedFile(folder / "model.gguf", source.size) as copy:
        size = os.fstat(opened.fileno()).st_size
        expect_room(folder, size)
        progress.start(origin.name, size)
        try:
            while chunk := _read(opened):
                copy.write(chunk)
                progress.advance(copy.size)
        finally:
            progress.finish()
        copy.finished(sha256=source.sha256, size=source.size)
    if source.sha256 is None:
        expect_gguf(copy.path)
    return Fetched(copy.path, copy.sha256, copy.size, f"file:{origin}")


def _read(file: BinaryIO) -> bytes:
    """The next chunk; an error here is the origin's, not the store's disk's."""
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror or error}") from error
