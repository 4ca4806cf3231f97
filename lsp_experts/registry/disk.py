"""Reading files without being held up by them, replacing them whole, and what a disk can refuse, as one message."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lsp_experts.errors import StoreError

_CHUNK_BYTES = 1 << 20
_DISK_ERRNOS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ENOTDIR}
)


def open_regular(path: Path) -> BinaryIO:
    """Opens `path` for reading if it is a regular file; OSError if it is anything else (a FIFO never blocks)."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{path} is not a regular file")
    # Between stat and open the file may have become a FIFO: O_NONBLOCK keeps the open from waiting for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a regular file")
    return os.fdopen(descriptor, "rb")


def read_private(path: Path, most_bytes: int = 1 << 20) -> bytes:
    """All of a file that replace_private() wrote. OSError if it is no regular file, ValueError if it is longer."""
    with open_regular(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError(f"{path} has more than {most_bytes} bytes")
    return data


def make_private(folder: Path) -> None:
    """Makes `folder`, and what is missing above it, for this user only (0700, as XDG Base Directory wants). OSError."""
    for missing in reversed([each for each in folder.parents if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def replace_private(path: Path, text: str) -> None:
    """Writes a file (0600) so that a reader sees the old or the new one; a folder it makes for it is 0700. OSError.

    For what is learned and can be learned again: a power cut may lose the new one.
    """
    make_private(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")  # 0600
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def disk_error(error: OSError, folder: Path) -> StoreError:
    """One message for what a disk can refuse, with what the user can do."""
    home = "set LSP_EXPERTS_HOME to a folder on another disk"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError(f"no space left for {folder} ({error.strerror}).", remedy=f"Free some, or {home}.")
    if error.errno == errno.EROFS:
        return StoreError(f"{folder} is on a read-only disk.", remedy=f"Make it writable, or {home}.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return StoreError(f"{folder} may not be written.", remedy=f"Change its permissions, or {home}.")
    what = error.filename or folder
    return StoreError(f"{what}: {error.strerror}.", remedy=f"Move it away, or {home}.")


def no_space() -> OSError:
    """What a child process said in words, as the error it met."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def expect_room(folder: Path, needed_bytes: int) -> None:
    """OSError, as from a write that finds no space, unless the disk of `folder` can take that many bytes more."""
    if shutil.disk_usage(folder).free < needed_bytes:
        raise no_space()


def is_disk_error(error: OSError) -> bool:
    """Whether the error speaks of the disk, so that no other source would help."""
    return error.errno in _DISK_ERRNOS


def hash_file(file: BinaryIO) -> str:
    """The sha256 of all that is left in an open file."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Makes a rename survive a power cut, where folders can be synced."""
    with suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
