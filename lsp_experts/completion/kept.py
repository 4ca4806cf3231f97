"""Is accepted text still in the code? Pure.

As GitHub Copilot's client measures it: some edited copy of it stands near its place, with a word-level edit distance
of at most half its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NEAR_CHARS = (50, 1500)  # on both sides; the wider one only if it is not in the nearer one
MOST_DISTANCE = 0.5
_MOST_WORDS = 200  # of the accepted text: the comparison takes words times words near it
_WORD = re.compile(r"\w+|[^\w\s]")


def still_there(text: str, at: int, accepted: str) -> bool:
    """Whether `accepted`, which was put at the offset `at`, or most of it, stands in `text` near there."""
    words = _WORD.findall(accepted)[:_MOST_WORDS]
    for near in NEAR_CHARS:
        window = text[max(at - near, 0) : at + len(accepted) + near]
        if accepted in window or _distance(words, _WORD.findall(window)) <= MOST_DISTANCE * len(words):
            return True
    return False


def moved(at: int, start: int, old_end: int, added: int) -> int:
    """Where a place is after `old[start:old_end]` became a text that is longer by `added` (code points)."""
    if start >= at:
        return at
    return at + added if old_end <= at else min(at, old_end + added)


def _distance(words: Sequence[str], near: Sequence[str]) -> int:
    """The least number of words to insert, delete or replace that make `words` a stretch of `near` (Sellers 1980)."""
    row = [0] * (len(near) + 1)  # the stretch may begin anywhere
    for word in words:
        diagonal, row[0] = row[0], row[0] + 1
        for index, other in enumerate(near, 1):
            best = diagonal + (word != other)
            diagonal = row[index]
            row[index] = min(best, diagonal + 1, row[index - 1] + 1)
    return min(row)  # and end anywhere
