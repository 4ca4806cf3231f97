"""A model that only repeats itself has nothing more to say."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_experts.completion.filters.draft import Filtered, Place, refused

_ONE_CHARACTER = re.compile(r"(.)\1{24,}\Z", re.DOTALL)
_LEAST_PERIOD, _MOST_PERIOD, _COPIES = 6, 200, 4
_LINE_COPIES = {1: 4, 2: 3, 3: 3, 4: 3}  # so often so many lines may not follow on themselves
_WORD = re.compile(r"(?<![^\W_])[^\W\d]")  # the letter that a word begins with; not the x of 0x00


def not_repeating_itself(draft: Filtered, place: Place) -> Filtered:
    """Refused where its end is the same over and over ("repeats itself"); of repeated lines the first copy is kept."""
    text = draft.text.rstrip()
    if _ONE_CHARACTER.search(text) or _same_end(text):
        return refused("repeats itself")
    lines = draft.text.split("\n")
    kept = min((_first_copies(lines, count, copies) for count, copies in _LINE_COPIES.items()), default=len(lines))
    return draft if kept == len(lines) else replace(draft, text="\n".join(lines[:kept]))


def _same_end(text: str) -> bool:
    """Whether `text` ends in copies of one stretch, within a line."""
    text = text[text.rfind("\n") + 1 :]
    return any(
        text.endswith(text[-period:] * _COPIES)
        for period in range(_LEAST_PERIOD, min(_MOST_PERIOD, len(text) // _COPIES) + 1)
    )


def _first_copies(lines: list[str], count: int, copies: int) -> int:
    """How many of `lines` to keep, so that one copy is left of the first `count` lines that are repeated."""
    for start in range(len(lines) - count * copies + 1):
        block = lines[start : start + count]
        if _WORD.search("".join(block)) and lines[start : start + count * copies] == block * copies:
            return start + count
    return len(lines)
