"""Every empty answer has a named reason; server/notices.py counts them."""

from __future__ import annotations

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
