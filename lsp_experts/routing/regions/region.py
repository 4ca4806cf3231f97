"""A stretch of a document in another language: its text as the language's expert reads it, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lsp_experts.routing.regions.mapping import Mapping
from lsp_experts.routing.regions.quoting import Quoting
from lsp_experts.routing.regions.spelling import Hole, spelled


@dataclass(frozen=True)
class Source:
    """What a region is made from: `text` from `origin` on, of the document or of the region round it.

    Holes are masked in `text`. `before` comes first in the region's text and is nowhere in the document.
    """

    text: str
    origin: int
    quoting: Quoting
    margin: str
    holes: tuple[Hole, ...] = ()
    before: str = ""
    fresh: bool = False  # it begins with a whole line

    def spelled(self) -> Mapping:
        """The region's text, and where it stands here."""
        return spelled(self.text, self.quoting, self.margin, self.holes, before=self.before, fresh=self.fresh)

    def edited(self, start: int, end: int, said: str) -> Source:
        """With other text between two places; no held hole may be among them."""
        moved = len(said) - (end - start)
        holes = tuple(
            replace(hole, start=hole.start + moved, end=hole.end + moved) if hole.start >= end else hole
            for hole in self.holes
            if hole.end <= start or hole.start >= end
        )
        return replace(self, text=self.text[:start] + said + self.text[end:], holes=holes)


@dataclass(frozen=True)
class Region:
    """`text` is what stands between `start` and `end` of the document (code points): without the indentation that all
    its lines share, without quoting, \\n its only line break. Earlier cells of a notebook may come before it.

    `key` stays the same while the document is edited elsewhere. `stops`: what would end the region.
    """

    key: str
    language: str  # as routing/languages.py names it
    start: int
    end: int
    text: str
    stops: tuple[str, ...]
    mapping: Mapping = field(repr=False)
    source: Source = field(repr=False)
    within: Region | None = field(default=None, repr=False)

    def inside(self, offset: int) -> int | None:
        """The place in `text` of a place of the document; None if it has none of its own, as within an escape."""
        place: int | None = offset if self.within is None else self.within.inside(offset)
        return None if place is None else self.mapping.inside(place - self.source.origin)

    def outside(self, offset: int) -> int | None:
        """The place in the document of a place in `text`; None if it has none."""
        place = self.mapping.outside(offset)
        if place is None or self.within is None:
            return None if place is None else self.source.origin + place
        return self.within.outside(self.source.origin + place)

    def spoken(self, text: str, offset: int, replace_right: int) -> tuple[str, int] | None:
        """`text`, in the place of `replace_right` characters of the region's text from `offset` on, as the document
        says it: the text, and how many characters of the document it replaces. None if it cannot be said there.

        Line breaks stay \\n; every line after the first gets the region's indentation.
        """
        start, end = self.mapping.outside(offset), self.mapping.outside(offset + replace_right)
        if start is None or end is None or end < start or "\r" in text or self.mapping.holds(start, end):
            return None
        quoting, left = self.source.quoting, self.source.text[:start]
        if "\n" in text and quoting.newline is None:
            return None
        said = self._missing_margin(left) + self._lines(text, quoting.newline or "")
        expected = self.text[:offset] + text + self.text[offset + replace_right :]
        if not quoting.stands(left, said, self.source.text[end:]):
            return None
        if quoting.escapes and self.source.edited(start, end, said).spelled().text != expected:
            return None
        said = self._missing_margin(left) + self._lines(text, (quoting.newline or "") + quoting.seam)
        if self.within is not None:
            return self.within.spoken(said, self.source.origin + start, end - start)
        return said, end - start

    def _lines(self, text: str, newline: str) -> str:
        lines = [self.source.quoting.write(line) for line in text.split("\n")]
        last, margin = len(lines) - 1, self.source.margin
        # A blank line stays blank; the last one goes on with what stands right of the cursor.
        return newline.join(
            (margin + line if line or index == last else margin.rstrip()) if index else line
            for index, line in enumerate(lines)
        )

    def _missing_margin(self, left: str) -> str:
        """What a blank line at the cursor lacks of the region's indentation."""
        margin, line = self.source.margin, max(left.rfind("\n"), left.rfind("\r")) + 1
        whole = line > 0 or self.source.fresh
        return margin[len(left) - line :] if whole and margin.startswith(left[line:]) else ""


def region_of(
    key: str, language: str, source: Source, stops: tuple[str, ...], within: Region | None = None
) -> Region | None:
    """The region of a source; None if its ends cannot be found in the document."""
    mapping = source.spelled()
    start: int | None = source.origin
    end: int | None = source.origin + len(source.text)
    if within is not None and start is not None and end is not None:
        key, start, end = f"{within.key}/{key}", within.outside(start), within.outside(end)
    if start is None or end is None:
        return None
    return Region(key, language, start, end, mapping.text, stops, mapping, source, within)
