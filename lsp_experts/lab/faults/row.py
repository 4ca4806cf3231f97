"""One published figure of a drill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`id` names faults of the list, `figure` what is counted, `target` what is promised, `measured` what was seen;
    `ok`: the promise is kept.
    """

    id: str
    figure: str
    target: str
    measured: str
    ok: bool


def named(found: Iterable[str]) -> str:
    """How many were found, and which: what is measured where there should be none."""
    names = tuple(found)
    return f"{len(names)} ({', '.join(names)})" if names else "0"
