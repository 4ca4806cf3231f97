"""Progress of a download that somebody else writes: the size of the growing file is watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_EVERY_S = 0.2


def largest_file_bytes(folder: Path) -> int:
    """The size of the largest file below `folder`: the downloads of one call are one file, copied at most."""
    largest = 0
    try:
        for path in folder.rglob("*"):
            status = path.lstat()
            # A file may be given its full length before its bytes come: what lies on the disk counts.
            on_disk = getattr(status, "st_blocks", None)
            size = status.st_size if on_disk is None else min(status.st_size, on_disk * 512)
            largest = max(largest, size)
    except OSError:  # files come and go while we look; the next look sees more
        pass
    return largest


@contextmanager
def watched(folder: Path, grown: Callable[[int], None]) -> Iterator[None]:
    """While the block runs, calls `grown` with the bytes of the largest file below `folder`, from another thread."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(_LOOK_EVERY_S):
            grown(largest_file_bytes(folder))

    thread = threading.Thread(target=look, name="download-growth", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
