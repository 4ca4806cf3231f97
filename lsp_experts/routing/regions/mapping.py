"""Where each character of a region's text stands in its source: the text of the document between start and end. Pure.

Runs cover what both have. What only the source has (a common indentation, the quotes between two adjacent strings)
lies between runs. Offsets are code points, from the beginning of the source and of the text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Run:
    """`length` characters of the source are `spoken` characters of the text.

    A plain run maps one to one; of any other (an escape, a line break of two characters, `held` code of the host) only
    the ends can be pointed at.
    """

    start: int
    length: int
    at: int
    spoken: int
    plain: bool = True
    held: bool = False  # must not be replaced


@dataclass(frozen=True)
class Mapping:
    """The runs of a region in order, at least one; `text` is what they spell."""

    runs: tuple[Run, ...]
    text: str

    def inside(self, offset: int) -> int | None:
        """The place in the text of a place in the source; None if it has none, or another place has the same."""
        last = bisect_right(self._starts, offset)
        for run in reversed(self.runs[max(last - 3, 0) : last]):
            found = _across(offset, run.start, run.length, run.at, run.spoken, run.plain)
            if found is not None:
                return found if self.outside(found) == offset else None
        return None

    def outside(self, offset: int) -> int | None:
        """The place in the source of a place in the text: what is written there comes to stand there.

        Where two places are the same, it is the later one at the beginning of a line (behind the indentation), else
        the earlier one (before the closing quote).
        """
        found = [
            place
            for run in self._round(offset)
            if (place := _across(offset, run.at, run.spoken, run.start, run.length, run.plain)) is not None
        ]
        if not found:
            return None
        starts_line = offset == 0 or self.text[offset - 1] == "\n"
        return found[-1] if starts_line else found[0]

    def holds(self, start: int, end: int) -> bool:
        """Is anything between two places of the source that must stay?"""
        return any(run.held and run.start < end and start < run.start + run.length for run in self.runs)

    def _round(self, offset: int) -> tuple[Run, ...]:
        first = bisect_left(self._ends, offset)
        return self.runs[first : bisect_right(self._ats, offset)]

    @cached_property
    def _starts(self) -> list[int]:
        return [run.start for run in self.runs]

    @cached_property
    def _ats(self) -> list[int]:
        return [run.at for run in self.runs]

    @cached_property
    def _ends(self) -> list[int]:
        return [run.at + run.spoken for run in self.runs]


def _across(offset: int, start: int, length: int, other: int, other_length: int, plain: bool) -> int | None:
    if not start <= offset <= start + length:
        return None
    if offset == start + length:
        return other + other_length
    return other + offset - start if plain or offset == start else None
