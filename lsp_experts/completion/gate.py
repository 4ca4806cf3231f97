"""How sure an expert must be of what is shown to a user who did not ask for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_experts.registry.entry import Entry
from lsp_experts.settings import Settings

# By lab/gate_fit.py's utility, at 216 line ends of Python's library and 60 of two Go projects, asked of their carved
# 0.5B experts. Without a gate all is shown and 36 % of it right; from 0.25 on 51 % is shown and 66 % right, with 96 %
# of the characters that could be saved. Anything from 0.1 to 0.35 is about as good. On code that no model has read
# `lsp-experts fit` found 0.24 (Python, 120 cases of this package, 80 % of draws 0.13 to 0.32).
DEFAULT_LEAST = 0.25


@dataclass(frozen=True)
class Gates:
    """The least joint probability of a line that is shown unasked. `default`: of an expert that was never fitted."""

    default: float = DEFAULT_LEAST

    def least(self, entry: Entry, settings: Settings, *, manual: bool) -> float:
        """The setting's, else the expert's own from the registry (`lsp-experts fit`), else the default; 0 if asked."""
        if manual:
            return 0.0
        if settings.confidence >= 0:
            return settings.confidence
        return self.default if entry.confidence is None else entry.confidence


def confident(text: str, line_probabilities: Sequence[float], least: float) -> str:
    """As many whole lines from the first one on as have each a probability of at least `least`; "" if none has text.

    A line of which no probability is known counts as the one above it, and a text of which none is known as sure.
    """
    lines = text.split("\n")
    sure = next((at for at, probability in enumerate(line_probabilities) if probability < least), len(lines))
    kept = "\n".join(lines[:sure])
    return kept if kept.strip() else ""
