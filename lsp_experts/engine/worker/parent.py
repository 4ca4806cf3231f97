"""The engine ends with the server that started it, also where it cannot see that its pipe was closed."""

from __future__ import annotations

import ctypes
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """Have the kernel send SIGKILL when the thread that started this process ends: a stopped engine, too, and one that
    still reads its libraries from a slow disk. Linux; elsewhere the end of its input has to do.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
