"""When a completion says nothing new any more. Pure: its tokens' texts in, how many of them to keep out."""

from __future__ import annotations

import re
from collections.abc import Sequence

# (last tokens looked at, longest pattern that they may consist of): the numbers that Copilot drops completions by.
_WINDOWS = ((10, 1), (30, 10), (45, 20), (60, 30))
_BLANKS = 12  # tokens; a line's indentation takes fewer
_WORD = re.compile(r"(?<![^\W_])[^\W\d]")  # the letter that a word begins with; not the x of 0x00


def kept_pieces(pieces: Sequence[str]) -> int | None:
    """How many of `pieces` to keep, the pattern's first occurrence with them; None while they do not only repeat.

    Patterns without a word are never cut: indentation, rulers (`====`) and tables of numbers repeat themselves rightly.
    A completion that begins with ever more blanks is: where nothing is to be said, a model may go on so to the limit.
    """
    if len(pieces) >= _BLANKS and not "".join(pieces).strip(" \t"):
        return 1
    for window, longest in _WINDOWS:
        if len(pieces) < window:
            return None
        period = _period(pieces[-window:])
        if period <= longest and _has_word("".join(pieces[-period:])):
            start = len(pieces) - window
            while start > 0 and pieces[start - 1] == pieces[start - 1 + period]:
                start -= 1
            return start + period
    return None


def _period(pieces: Sequence[str]) -> int:
    """The length of the shortest pattern whose repetition, cut off anywhere, is `pieces` (by Knuth, Morris, Pratt)."""
    borders = [0] * len(pieces)
    length = 0
    for index in range(1, len(pieces)):
        while length and pieces[index] != pieces[length]:
            length = borders[length - 1]
        length += pieces[index] == pieces[length]
        borders[index] = length
    return len(pieces) - borders[-1]


def _has_word(pattern: str) -> bool:
    """Whether there is a word in the repeated pattern, which may begin anywhere, in the middle of a number too."""
    return _WORD.search(pattern * 2, len(pattern) and 1) is not None
