"""A source with its cursor marked: data in, data out."""

from __future__ import annotations

MARK = "‸"


def split_cursor(marked: str) -> tuple[str, int]:
    """(text, offset) of a source with one cursor mark."""
    offset = marked.index(MARK)
    text = marked.replace(MARK, "", 1)
    assert MARK not in text, "one cursor mark only"
    return text, offset
