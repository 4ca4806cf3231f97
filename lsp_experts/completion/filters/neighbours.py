"""Nothing is suggested that stands there already: the lines below, the lines above."""

from __future__ import annotations

import re

from lsp_experts.completion.filters.draft import Filtered, Place, refused

_COMPARED_LINES = 3
_LEAST_CHARS = 4  # a closer may well follow on a closer
_LEAST_LETTERS = 4  # tables have equal lines
# What may differ between two lines that say the same. An edit distance of 5 %, which peers use, cannot tell
# `self.a = a` from `self.b = b`: of 1,500 true lines and blocks of Python it refused ten, this refuses one.
_LITTLE = re.compile(r"[\s,;\"'`]+")


def not_the_neighbours(draft: Filtered, place: Place) -> Filtered:
    """Refused where its first lines are the next ones ("repeats what follows") or the last ones ("repeats …above")."""
    lines = [line for line in (place.before + draft.text).split("\n") if line.strip()][:_COMPARED_LINES]
    count = len(lines)
    own = [_LITTLE.sub("", line) for line in lines]
    if sum(map(len, own)) < _LEAST_CHARS or not count or place.rest:
        return draft
    if own == [_LITTLE.sub("", line) for line in place.below[:count]]:
        return refused("repeats what follows")
    if sum(char.isalpha() for line in own for char in line) < _LEAST_LETTERS:
        return draft
    above = place.above[-count:]
    if len(above) == count and [line.strip() for line in lines] == [line.strip() for line in above]:
        return refused("repeats what stands above")
    return draft
