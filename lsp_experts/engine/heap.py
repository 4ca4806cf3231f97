"""The heap of our processes: what is freed goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3  # glibc's malloc.h


def return_large_blocks(least_bytes: int) -> None:
    """From now on a freed block of `least_bytes` or more goes back to the system at once; only with glibc.

    glibc else raises that size to 32 MiB as blocks are freed, and keeps the smaller ones.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, least_bytes)
