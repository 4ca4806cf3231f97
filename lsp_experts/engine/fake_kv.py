"""The KV cache of a toy: its mirror, and a shelf of earlier mirrors that are worth coming back to."""

from __future__ import annotations

from dataclasses import dataclass, field

SHELF = 4
_WORTH = 8  # tokens that a mirror on the shelf must save


@dataclass
class ToyCache:
    """`mirror` holds the tokens in the cache, `shelf` those of earlier prompts, newest last."""

    mirror: list[str] = field(default_factory=list)
    shelf: list[list[str]] = field(default_factory=list)
    interrupted: bool = False  # who filled the mirror gave way, and will go on

    @property
    def shelf_tokens(self) -> int:
        """Tokens on the shelf."""
        return sum(map(len, self.shelf))

    @property
    def tokens(self) -> int:
        """All tokens of which there is KV."""
        return len(self.mirror) + self.shelf_tokens

    def prepare(self, tokens: list[str], *, aside: bool = False) -> int:
        """Cut the mirror, or a better one from the shelf, to what it shares with `tokens`; how many those are.

        A mirror that would lose over half of itself goes to the shelf, and so does any whose owner was interrupted, or
        that makes room for what is nobody's keystroke (`aside`); the oldest of more than SHELF is dropped.
        """
        kept = shared(self.mirror, tokens)
        best = max(self.shelf, key=lambda saved: shared(saved, tokens), default=[])
        found = shared(best, tokens) >= kept + _WORTH
        if found:
            self.shelf.remove(best)
        leaves = found or aside or self.interrupted or kept < len(self.mirror) / 2
        self.interrupted = False
        if len(self.mirror) - kept >= _WORTH and leaves:
            self.shelf = [*self.shelf, self.mirror][-SHELF:]
            self.mirror = self.mirror[:]
        if found:
            self.mirror = best
        del self.mirror[shared(self.mirror, tokens) :]
        return len(self.mirror)


def shared(one: list[str], two: list[str]) -> int:
    """Length of the longest common prefix."""
    for index, (first, second) in enumerate(zip(one, two, strict=False)):
        if first != second:
            return index
    return min(len(one), len(two))
