"""Rewrites that build on each other's text, as changes of the text that they began with. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rewrite:
    """`start` to `end` of the original become `new_text`."""

    start: int
    end: int
    new_text: str


@dataclass(frozen=True)
class Rewrites:
    """A text and what was rewritten in it: pieces in order that neither overlap nor touch."""

    original: str
    pieces: tuple[Rewrite, ...] = ()

    @property
    def text(self) -> str:
        """What the text is by now."""
        parts, at = [], 0
        for piece in self.pieces:
            parts += [self.original[at : piece.start], piece.new_text]
            at = piece.end
        return "".join((*parts, self.original[at:]))

    def rewritten(self, start: int, end: int, new_text: str) -> Rewrites:
        """With `start` to `end` of `text` replaced; one piece comes of those that it overlaps or touches."""
        before: list[Rewrite] = []
        after: list[Rewrite] = []
        merged, moved, text = Rewrite(0, 0, new_text), 0, self.text
        first, last = start, end  # of the merged piece, in `text`
        moved_first = moved_last = 0  # what `text` is longer there than the original
        for piece in self.pieces:
            here = piece.start + moved
            there = here + len(piece.new_text)
            grown = there - here - (piece.end - piece.start)
            if there < start:
                before.append(piece)
                moved_first = moved_last = moved + grown
            elif here > end:
                after.append(piece)
            else:
                if here < first:
                    first = here
                last = max(last, there)
                moved_last = moved + grown
            moved += grown
        whole = text[first:start] + new_text + text[end:last]
        merged = replace(merged, start=first - moved_first, end=last - moved_last, new_text=whole)
        return Rewrites(self.original, (*before, merged, *after))
