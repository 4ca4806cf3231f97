"""Columns as the client counts them (utf-8, utf-16 or utf-32 units) against columns in code points.

A column beyond the line's end means the line's end; one inside a character means the character's start.
"""

from __future__ import annotations

from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_BYTES_PER_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def code_points(line: str, units: int, encoding: Encoding) -> int:
    """Code points of `line` (without its line end) before the column `units`."""
    if units <= 0:
        return 0
    head = line[:units]  # a character has at least one unit, so no more than this can be needed
    if encoding == "utf-32" or head.isascii():
        return len(head)
    kept = head.encode(_CODECS[encoding])[: units * _BYTES_PER_UNIT[encoding]]
    return len(kept.decode(_CODECS[encoding], errors="ignore"))


def units(line: str, column: int, encoding: Encoding) -> int:
    """Units of `line` before the code point `column`."""
    head = line[: max(column, 0)]
    if encoding == "utf-32" or head.isascii():
        return len(head)
    return len(head.encode(_CODECS[encoding])) // _BYTES_PER_UNIT[encoding]
