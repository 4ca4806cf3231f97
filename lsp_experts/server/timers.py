"""What asyncio's call_later looks like to those who get it from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """What asyncio's call_later gives."""

    def cancel(self) -> None:
        """Call no more."""


CallLater = Callable[[float, Callable[[], None]], Timer]  # seconds from now


def call_later(seconds: float, act: Callable[[], None]) -> Timer:
    """The running loop's."""
    return asyncio.get_running_loop().call_later(seconds, act)
