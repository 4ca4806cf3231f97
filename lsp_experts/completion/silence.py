"""Every empty answer has a named reason, and the reasons are counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Silence:
    """No suggestion, and why: `reason` is one of a small set of names, `detail` says more to a reader.

    The tokens are what the engine did for it, if it was asked at all.
    """

    reason: str
    detail: str = ""
    prompt_tokens: int = 0
    decoded_tokens: int = 0


class SilenceCount:
    """How often each reason occurred since the start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def note(self, silence: Silence) -> Silence:
        """Count `silence` and hand it on."""
        self._counts[silence.reason] += 1
        return silence

    def as_dict(self) -> dict[str, int]:
        """Reason -> count, most frequent first."""
        return dict(self._counts.most_common())
