"""A text as windows of whole lines that fit into an expert's context, each with the lines above it as context. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_CONTEXT_SHARE = 4  # a quarter of the room shows what stands above


@dataclass(frozen=True)
class Window:
    """`start` to `scored` is what the expert is shown, `scored` to `end` what it is asked about."""

    start: int
    scored: int
    end: int


def window_at(text: str, scored: int, last: int, room_bytes: int) -> Window:
    """The window whose question begins at `scored`, a line's start, and goes to `last` at most.

    All of it has `room_bytes` in UTF-8 at most, but for a single line that is longer: that has a window of its own.
    """
    start = _line_starts_above(text, scored, room_bytes // _CONTEXT_SHARE)
    end = _filled(text, scored, last, room_bytes - _size(text[start:scored]))
    fits = _size(text[start:end]) <= room_bytes
    return Window(start if fits else scored, scored, end)


def pieces(text: str, window: Window, most_bytes: int) -> Iterator[Window]:
    """A window as several questions of whole lines, of `most_bytes` or a single line each. Each is shown what was asked
    before it, so that an expert decodes nothing twice.
    """
    at = window.scored
    while at < window.end:
        end = _filled(text, at, window.end, most_bytes)
        yield Window(window.start, at, end)
        at = end


def _filled(text: str, at: int, last: int, room_bytes: int) -> int:
    """Behind as many lines as have room, or behind the first one."""
    end = _line_end(text, at, last)
    left = room_bytes - _size(text[at:end])
    while end < last:
        further = _line_end(text, end, last)
        left -= _size(text[end:further])
        if left < 0:
            break
        end = further
    return end


def _line_starts_above(text: str, at: int, room_bytes: int) -> int:
    """The start of the highest line above `at` from which on there are `room_bytes` at most. It is no blank line:
    line breaks behind one another are one token.
    """
    start, room = at, room_bytes
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        room -= _size(text[above:start])
        if room < 0:
            break
        start = above
    while start < at and not text[start : _line_end(text, start, at)].strip():
        start = _line_end(text, start, at)
    return start


def _line_end(text: str, at: int, last: int) -> int:
    """Behind the line break of the line at `at`."""
    found = text.find("\n", at, last)
    return last if found < 0 else found + 1


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
