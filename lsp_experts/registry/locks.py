"""A lock between processes, for as long as the platform and the file system have one."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_LOCK_POLL_S = 0.2


class FileLock:
    """An exclusive lock on a file that stays; it goes with its process, so a dead one leaves none behind."""

    def __init__(self, path: Path, waiting: Callable[[], None]) -> None:
        self._path = path
        self._waiting = waiting
        self._descriptor = -1

    def __enter__(self) -> None:
        if sys.platform == "win32":  # unique names and renames alone keep the store right
            return
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            told = False
            while not self._try():
                if not told:
                    self._waiting()
                    told = True
                time.sleep(_LOCK_POLL_S)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _try(self) -> bool:
        if sys.platform == "win32":
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some network file systems have no locks (ENOLCK, ENOTSUP): go on without one.
            return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EINTR)
        return True
