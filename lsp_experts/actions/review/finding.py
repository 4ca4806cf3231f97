"""What a review says of one place, and of a text."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_SHOWN_CHARS = 40


@dataclass(frozen=True)
class Finding:
    """`start` to `end` (code points) was expected to read `replacement`, by `delta` nats.

    `surprise`: how little the word was expected from what stands before it (surprise.py).
    """

    start: int
    end: int
    actual: str
    replacement: str
    delta: float
    surprise: float
    kind: str

    @property
    def message(self) -> str:
        """For people; it never says that this is a fault."""
        replaced = f"{shown(self.replacement)} fits better" if self.replacement.strip() else "it fits better without"
        return f"{shown(self.actual)} looks unusual here: {replaced} (LSP Experts, {self.delta:.1f} nats)"


@dataclass(frozen=True)
class Review:
    """`candidates`: the best alternative of each word that was asked about again, the likeliest slip first.

    `whole`: nothing was left out for want of time. `seconds` and `tokens` are what it took.
    """

    expert: str
    threshold: float
    candidates: tuple[Finding, ...]
    lines: int
    tokens: int
    seconds: float
    whole: bool

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those to show."""
        return tuple(each for each in self.candidates if each.delta >= self.threshold)


def shown(code: str) -> str:
    """Code in a sentence: one line, shortened."""
    one_line = " ".join(code.split())
    return f"`{one_line}`" if len(one_line) <= _MOST_SHOWN_CHARS else f"`{one_line[: _MOST_SHOWN_CHARS - 1]}…`"
