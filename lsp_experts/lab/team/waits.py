"""How long keystrokes wait for their answers, where the next key cuts many waits short. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Wait:
    """One keystroke that asked: its answer came after `ms`, or had not come until then (`answered` False)."""

    ms: float
    answered: bool


def wait_ms(waits: Collection[Wait], share: float) -> float:
    """Milliseconds within which `share` of all keystrokes would have been answered, had nobody typed on.

    Waits that the next key cut off say only "longer than this", so the shares are the product-limit estimate (Kaplan
    and Meier 1958, Nonparametric Estimation from Incomplete Observations). Leaving them out would make an overloaded
    server look fast. Infinite where so many were never answered.
    """
    left, open_share = len(waits), 1.0
    for wait in sorted(waits, key=lambda wait: (wait.ms, not wait.answered)):
        if wait.answered:
            open_share *= 1 - 1 / left
            if open_share <= 1 - share + 1e-9:
                return wait.ms
        left -= 1
    return math.inf


def answered_share(waits: Collection[Wait]) -> float:
    """Keystrokes whose answer came before the next key, of all; 0.0 of none."""
    return sum(wait.answered for wait in waits) / len(waits) if waits else 0.0
