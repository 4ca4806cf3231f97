"""What the engine process holds, and giving it back."""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Collection
from pathlib import Path

_MADV_DONTNEED = 4
_MADV_POPULATE_READ = 22
# A mapped file may have been replaced since: its old pages are ours all the same.
_RANGE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ +(/.*?)(?: \(deleted\))?$", re.MULTILINE)
_MAPPING = re.compile(
    r"[0-9a-f]+-[0-9a-f]+ \S+ (?P<offset>[0-9a-f]+) \S+ \d+ +(?P<path>/.*?)(?: \(deleted\))?\n"
    r"(?:[A-Z].*\n)*?Rss: +(?P<kib>\d+) kB\n"
)


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


def mapped_bytes(paths: Collection[str]) -> dict[str, int]:
    """Bytes of each file that are mapped and resident here, counted once however often a file is mapped.

    `paths` are real paths. One look at the process for all of them: the kernel walks every mapped page for it, 2 to
    5 ms for 500 MB.
    """
    smaps = ""
    with contextlib.suppress(OSError):
        smaps = Path("/proc/self/smaps").read_text("utf-8", "surrogateescape") if paths else ""
    return {path: sum(_resident_parts(smaps, path).values()) for path in paths}


def _resident_parts(smaps: str, path: str) -> dict[str, int]:
    """Resident bytes of `path` by offset in the file; the text is searched, since parsing all of it costs 2 ms."""
    parts: dict[str, int] = {}
    at = smaps.find(f" {path}")
    while at >= 0:
        match = _MAPPING.match(smaps, smaps.rfind("\n", 0, at) + 1)
        if match and match["path"] == path:
            parts[match["offset"]] = max(parts.get(match["offset"], 0), int(match["kib"]) * 1024)
        at = smaps.find(f" {path}", at + 1)
    return parts


def _advise(path: str, advice: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(OSError):
        for match in _RANGE.finditer(Path("/proc/self/maps").read_text("utf-8", "surrogateescape")):
            if match.group(3) == path:
                low, high = int(match.group(1), 16), int(match.group(2), 16)
                libc.madvise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), advice)


def drop_pages(path: str) -> None:
    """Give back the resident pages of a mapped file (a real path); the page cache keeps them (11 ms for 463 MiB)."""
    _advise(path, _MADV_DONTNEED)


def populate_pages(path: str) -> None:
    """Map all pages of a file (a real path) at once; without it, or on kernels before 5.14, each touch is a fault."""
    _advise(path, _MADV_POPULATE_READ)


def trim_heap() -> None:
    """Give freed heap back to the system: glibc keeps about 70 MiB after a model is freed."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
