"""What the engine process holds, and giving it back."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from pathlib import Path

_MADV_DONTNEED = 4
_MADV_POPULATE_READ = 22
_RANGE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+\s*(.*)$")


def anonymous_bytes() -> int:
    """Private memory of this process that no file backs (RssAnon); all of its memory where /proc is missing."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return _psutil_rss()


def _psutil_rss() -> int:
    import psutil  # only where /proc is missing

    return int(psutil.Process().memory_info().rss)


def mapped_bytes(path: str) -> int:
    """Bytes of `path` that are mapped and resident here. Counted once, however often the file is mapped."""
    resident: dict[str, int] = {}
    key = ""
    with contextlib.suppress(OSError):
        target = os.fsencode(os.path.realpath(path)).decode("utf-8", "replace")
        for line in Path("/proc/self/smaps").read_text("utf-8", "replace").splitlines():
            match = _RANGE.match(line)
            if match:
                key = match.group(0).split()[2] if match.group(3) == target else ""
            elif key and line.startswith("Rss:"):
                resident[key] = max(resident.get(key, 0), int(line.split()[1]) * 1024)
    return sum(resident.values())


def _advise(path: str, advice: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    target = os.path.realpath(path)
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
            match = _RANGE.match(line)
            if match and match.group(3) == target:
                low, high = int(match.group(1), 16), int(match.group(2), 16)
                libc.madvise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), advice)


def drop_pages(path: str) -> None:
    """Give back the resident pages of a mapped model; the page cache keeps them (11 ms for 463 MiB)."""
    _advise(path, _MADV_DONTNEED)


def populate_pages(path: str) -> None:
    """Map all pages of a model again at once; without it each first touch is a fault."""
    _advise(path, _MADV_POPULATE_READ)


def trim_heap() -> None:
    """Give freed heap back to the system: glibc keeps about 70 MiB after a model is freed."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
