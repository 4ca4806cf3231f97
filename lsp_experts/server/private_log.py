"""A log that only its owner can read, of bounded size."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler


class PrivateLog(RotatingFileHandler):
    """Each file that it goes on in is its owner's alone, as is one that was there before."""

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(
            open(self.baseFilename, f"{self.mode}b", opener=_private), encoding=self.encoding, errors=self.errors
        )


def _private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    with suppress(OSError, AttributeError):  # another user's file, Windows
        if stat.S_ISREG(os.fstat(descriptor).st_mode):  # not /dev/stderr
            os.fchmod(descriptor, 0o600)
    return descriptor
