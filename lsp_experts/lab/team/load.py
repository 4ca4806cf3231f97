"""What users ask of a server: when they press keys, and what each keystroke costs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class Cost:
    """Tokens of one request: decoded of its prompt, and generated."""

    prompt_tokens: int
    answer_tokens: int


@dataclass(frozen=True)
class Load:
    """What every user of a simulation does. Sizes and pauses are drawn from measured ones, so that they vary alike.

    A place is typed at for `keys_per_place` keys, then the user goes elsewhere, where no server knows the prompt.
    """

    gaps_s: tuple[float, ...]  # between keys, in the order in which they are typed
    first: tuple[Cost, ...]  # of requests where the server knows nothing of the prompt
    following: tuple[Cost, ...]  # of those where it has the last key's prompt
    keys_per_place: int

    @property
    def keys_per_s(self) -> float:
        """Keystrokes of one user each second, thinking included."""
        return 1 / fmean(self.gaps_s)

    @property
    def prompt_tokens_per_key(self) -> float:
        """Prompt tokens that a keystroke decodes where the server keeps the prompt."""
        return (
            _mean_prompt(self.first) + (self.keys_per_place - 1) * _mean_prompt(self.following)
        ) / self.keys_per_place

    @property
    def answer_tokens_per_key(self) -> float:
        """Tokens that an answer takes which nobody interrupts."""
        return fmean(cost.answer_tokens for cost in self.following)

    @property
    def place_tokens(self) -> float:
        """Tokens of a whole prompt: so many a server must keep for a user."""
        return _mean_prompt(self.first)


def _mean_prompt(costs: Sequence[Cost]) -> float:
    return fmean(cost.prompt_tokens for cost in costs)
