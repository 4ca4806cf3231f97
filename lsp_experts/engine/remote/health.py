"""How a remote expert's host is doing, and whether it may be asked now. Pure: a moment and what happened in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from lsp_experts.errors import RemoteFailed

LONGEST_PAUSE_S = 60.0
LONGEST_RETRY_AFTER_S = 600.0
_NEEDS_THE_USER = ("key refused", "not found", "untrusted")  # asking again soon changes nothing


@dataclass(frozen=True)
class Health:
    """ "late" and "resting" last until the host answers again: it is left alone up to `rest_until` (monotonic seconds),
    then asked by one request at a time. "late": its last answer took too long; "resting": something else was wrong.
    """

    state: Literal["unknown", "prompt", "late", "resting"] = "unknown"
    rest_until: float = 0.0
    reason: str = ""  # RemoteFailed.reason of the last failure
    message: str = ""
    remedy: str = ""
    failures: int = 0  # in a row
    probing: bool = False  # the one request after a rest is under way


def may_ask(health: Health, now: float) -> bool:
    """Whether a request may be sent."""
    return not health.failures or (now >= health.rest_until and not health.probing)


def asked(health: Health) -> Health:
    """A request was sent."""
    return replace(health, probing=health.failures > 0)


def answered() -> Health:
    """It answered."""
    return Health("prompt")


def abandoned(health: Health) -> Health:
    """The probe was cancelled before it could tell anything."""
    return replace(health, probing=False)


def failed(health: Health, error: RemoteFailed, now: float) -> Health:
    """It failed: pauses of 1 s, 2 s ... 60 s, or as long as it asked for. Requests sent before a rest prolong none."""
    if now < health.rest_until:
        return health
    pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(health.failures, 10))
    if error.reason in _NEEDS_THE_USER:
        pause_s = LONGEST_PAUSE_S
    pause_s = max(pause_s, min(error.retry_after_s, LONGEST_RETRY_AFTER_S))
    return Health(
        state="late" if error.reason == "too late" else "resting",
        rest_until=now + pause_s,
        reason=error.reason,
        message=error.message,
        remedy=error.remedy,
        failures=health.failures + 1,
    )


def at_rest(health: Health, expert: str) -> RemoteFailed:
    """What a request gets that may not be sent."""
    return RemoteFailed(health.reason, f"{expert} is not asked for a while: {health.message}", remedy=health.remedy)
