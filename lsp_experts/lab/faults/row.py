"""One published figure of a drill."""

from __future__ import annotations

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
