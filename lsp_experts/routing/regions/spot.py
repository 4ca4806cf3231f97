"""Where a region may be: what a finder says of a node, before the region's text is made."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_experts.routing.regions.quoting import Quoting
from lsp_experts.routing.regions.region import Region, Source, region_of
from lsp_experts.routing.regions.spelling import Hole, margin_of, masked

_BLANKS = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class Spot:
    """`start` to `end` of a text is in `language`; holes are places of that text.

    `marks` are what such regions begin with: how often they come before `start` tells one from the other.
    """

    kind: str
    language: str
    start: int
    end: int
    quoting: Quoting
    stops: tuple[str, ...] = ()
    holes: tuple[Hole, ...] = ()
    marks: tuple[str, ...] = ()
    margin: str | None = None  # where the host says what it is

    def covers(self, offset: int) -> bool:
        """Is this offset in it, and in none of the host's holes?"""
        held = any(hole.held and hole.start < offset < hole.end for hole in self.holes)
        return self.start <= offset <= self.end and not held

    def region(self, text: str, within: Region | None) -> Region | None:
        """The region that stands here in `text`, which is the document or the text of the region `within`."""
        holes = tuple(Hole(h.start - self.start, h.end - self.start, h.shown, h.held) for h in self.holes)
        source = masked(text[self.start : self.end], holes)
        line = _BLANKS.match(text, text.rfind("\n", 0, self.start) + 1)
        fresh = self.start == 0 or text[self.start - 1] in "\r\n"
        margin = self.margin
        if margin is None:
            margin = margin_of(source, line[0] if line is not None else "", fresh=fresh)
        number = max(sum(text.count(mark, 0, self.start) for mark in self.marks) - 1, 0)
        found = Source(source, self.start, self.quoting, margin, holes, fresh=fresh)
        stops = self.stops if self.quoting.newline else (*self.stops, "\n")
        return region_of(f"{self.kind}:{number}", self.language, found, stops, within)
