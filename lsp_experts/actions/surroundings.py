"""The lines round a stretch, as an expert is shown them; and an answer that says them again, without them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.completion.document import plain_newlines

_MOST_CHARS = 400  # of the lines above, and of those below


@dataclass(frozen=True)
class Surroundings:
    """Lines above and below that are not to be repeated, each with its line break."""

    above: str
    below: str

    def left_out(self, code: str, of: str) -> str:
        """`code` without what it says of the lines above before it begins, or of those below at its end.

        A line that what it replaces, `of`, begins or ends with as well is its own.
        """
        lines, own = code.split("\n"), _bare(of)
        above, below = _bare(self.above), _bare(self.below)
        shared = _longest(above, _bare(code))
        if shared and own[:shared] != above[-shared:]:
            lines = _without(lines, shared)
        backward = _longest(below[::-1], _bare("\n".join(lines))[::-1])
        if backward and own[-backward:] != below[:backward]:
            lines = _without(lines[::-1], backward)[::-1]
        return "\n".join(lines)


def surroundings(text: str, start: int, end: int, lines: int) -> Surroundings:
    """At most so many lines of `text` above `start` and below `end`, where lines begin and end."""
    above = plain_newlines(text[max(0, start - _MOST_CHARS) : start]).splitlines(keepends=True)
    below = plain_newlines(text[end : end + _MOST_CHARS]).splitlines(keepends=True)[1:]
    if start > _MOST_CHARS:
        above = above[1:]
    if end + _MOST_CHARS < len(text):
        below = below[:-1]
    return Surroundings("".join(above[-lines:] if lines else ()), "".join(below[:lines]))


def _longest(above: list[str], said: list[str]) -> int:
    """How many of the last lines of `above` `said` begins with."""
    return next((count for count in range(min(len(above), len(said)), 0, -1) if above[-count:] == said[:count]), 0)


def _without(lines: list[str], count: int) -> list[str]:
    """Without the first `count` lines that are not blank."""
    while lines and (count or not lines[0].strip()):
        count -= bool(lines[0].strip())
        lines = lines[1:]
    return lines


def _bare(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
