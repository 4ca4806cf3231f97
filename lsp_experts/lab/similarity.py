"""How alike two texts are. Pure."""

from __future__ import annotations


def edit_similarity(one: str, two: str) -> float:
    """1 - Levenshtein distance / length of the longer text: 1.0 for equal texts, 0.0 for nothing in common."""
    if one == two:
        return 1.0
    return 1 - _distance(one, two) / max(len(one), len(two))


def _distance(one: str, two: str) -> int:
    above = list(range(len(two) + 1))
    for row, left in enumerate(one, start=1):
        current = [row]
        for column, right in enumerate(two, start=1):
            current.append(min(above[column] + 1, current[-1] + 1, above[column - 1] + (left != right)))
        above = current
    return above[-1]
