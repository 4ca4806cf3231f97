"""Model files in the system's page cache: who is there, and who is brought in before anybody needs it."""

from __future__ import annotations

import asyncio
import ctypes
import io
import logging
import mmap
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lsp_experts.pool.budget import memory_now
from lsp_experts.registry.disk import open_regular

CHUNK_BYTES = 4 << 20
_RUNS, _RUN_PAGES = 64, 16
_JOIN_S = 1.0  # a read from a disk that does not answer is left behind

_LOG = logging.getLogger(__name__)


class PageCachePort(Protocol):
    """What the pool needs of the page cache."""

    def start(self, path: Path) -> None:
        """Bring this file in, in the background; what was asked for before is given up."""

    def cancel(self) -> None:
        """Bring nothing in any more."""

    def cached_fraction(self, path: Path) -> float:
        """How much of the file is in the page cache, 0..1; 0.0 where that is unknown."""


@dataclass(frozen=True)
class _Job:
    path: Path
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class PageCache:
    """Reads one file at a time into the page cache, the newest that was asked for, on a thread of low priority.

    It gives up when what is left to read is over half of the memory that is available: nothing else shall have to
    leave for a guess. `on_done` gets (path, was it all read) once for each start. It is called on the reading thread:
    whoever has a loop passes something that calls `loop.call_soon_threadsafe`. All methods belong to one thread.
    """

    def __init__(
        self,
        *,
        on_done: Callable[[Path, bool], None] | None = None,
        available_bytes: Callable[[], int] = lambda: memory_now().available_bytes,
        read: Callable[[io.FileIO, memoryview], int | None] = io.FileIO.readinto,
    ) -> None:
        self._on_done, self._available_bytes, self._read = on_done, available_bytes, read
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._job: _Job | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, path: Path) -> None:
        """Bring this file in; one that is on its way goes on. Only regular files are read."""
        if self._closed or (self._job is not None and self._job.path == path and not self._job.ended.is_set()):
            return
        self.cancel()
        self._job = _Job(path)
        self._jobs.put(self._job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="page cache", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Stop after the read that is under way."""
        if self._job is not None:
            self._job.cancelled.set()
            self._job = None

    def cached_fraction(self, path: Path) -> float:
        """See the function of this name."""
        return cached_fraction(path)

    async def close(self) -> None:
        """Stop, and end the thread; a read that hangs is not waited for longer than a second."""
        self._closed = True
        self.cancel()
        self._jobs.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _JOIN_S)

    def _run(self) -> None:
        _lower_priority()
        while (job := self._jobs.get()) is not None:
            whole = False
            try:
                whole = self._bring_in(job)
            except Exception as error:  # a guess that fails costs nothing; the load will say what is wrong
                _LOG.debug("prefetch of %s: %s", job.path.name, error)
            job.ended.set()
            if self._on_done is not None:
                with suppress(RuntimeError):  # the loop that it tells is closed
                    self._on_done(job.path, whole)

    def _bring_in(self, job: _Job) -> bool:
        if job.cancelled.is_set():
            return False
        if cached_fraction(job.path) == 1.0:
            return True
        buffer = memoryview(bytearray(CHUNK_BYTES))
        with open_regular(job.path) as opened, io.FileIO(opened.fileno(), closefd=False) as file:
            left_bytes = os.fstat(file.fileno()).st_size
            while left_bytes > 0:
                if job.cancelled.is_set() or left_bytes > self._available_bytes() // 2:
                    return False
                read_bytes = self._read(file, buffer)
                if not read_bytes:
                    return False  # it was cut while it was read
                left_bytes -= read_bytes
        return True


def cached_fraction(path: Path) -> float:
    """How much of a regular file is in the page cache, 0..1 (an estimate above 4 MiB), without touching a page of it.

    0.0 where that is unknown: any error, any system but Linux, and files that this user may neither write nor owns,
    for which the kernel answers "all of it".
    """
    if sys.platform != "linux":
        return 0.0
    try:
        with open_regular(path) as file:
            facts = os.fstat(file.fileno())
            if facts.st_size == 0 or not (facts.st_uid == os.geteuid() or os.access(path, os.W_OK)):
                return 0.0
            # Writable and private, since ctypes takes the address of writable memory only; nothing is written.
            access = mmap.PROT_READ | mmap.PROT_WRITE
            with mmap.mmap(file.fileno(), facts.st_size, flags=mmap.MAP_PRIVATE, prot=access) as mapping:
                return _resident_fraction(mapping)
    except (OSError, ValueError):  # ValueError: it was cut in between
        return 0.0


def drop(path: Path) -> None:
    """Ask the kernel to forget the cached pages of a regular file (benches, tests). OSError if it cannot be opened.

    Pages that a process has mapped stay, and some file systems keep all: see cached_fraction afterwards.
    """
    with open_regular(path) as file:
        os.fsync(file.fileno())  # pages that are not on the disk yet could not be dropped
        if sys.platform == "linux":
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _resident_fraction(mapping: mmap.mmap) -> float:
    """Of small files all pages are looked at, of larger ones 64 runs of 16 over the whole length.

    Measured: the kernel takes 80 ns a page, 10 ms for all of a 491 MB file, and the pool asks on its loop.
    """
    pages = -(-len(mapping) // mmap.PAGESIZE)
    if pages <= _RUNS * _RUN_PAGES:
        starts, run_pages = [0], pages
    else:
        starts, run_pages = [run * (pages - _RUN_PAGES) // (_RUNS - 1) for run in range(_RUNS)], _RUN_PAGES
    residency = (ctypes.c_ubyte * run_pages)()
    mincore = ctypes.CDLL(None).mincore
    mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    address = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
    resident = 0
    for start in starts:
        if mincore(address + start * mmap.PAGESIZE, run_pages * mmap.PAGESIZE, residency) != 0:
            return 0.0
        resident += bytes(residency).count(1)
    return resident / (len(starts) * run_pages)


def _lower_priority() -> None:
    """This thread gives way to all others, for the CPU and for the disk, where the system can do that."""
    if sys.platform != "linux":  # elsewhere a thread's number means nothing, or another process
        return
    import psutil  # here: 30 ms that a server's first answer need not wait for

    thread = threading.get_native_id()
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, 19)
    with suppress(OSError, psutil.Error):
        psutil.Process(thread).ionice(psutil.IOPRIO_CLASS_IDLE)
