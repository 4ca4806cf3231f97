"""Guesses of what a completion will say, from what followed the same tokens before (prompt lookup). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lsp_experts.engine.worker.vocabulary import Tokens

MOST = 15  # guessed tokens checked in one decode
_MATCHES = (3, 2)  # tokens that must be the same, the better evidence first
# What a decode of so many tokens costs in decodes of one (0.5B base, 2 cores). Between these sizes it is worse: 5 cost
# 2.8. A guess pays where more tokens come true than this says.
_COSTS = {1: 1.0, 2: 1.4, 4: 2.0, 8: 4.0, 16: 6.5}
_FIRST_TRUST = {3: 0.75, 2: 0.6}
_LEARNING = 0.1  # weight of the newest guess


@dataclass
class Trust:
    """How often a guessed token came true lately, for each length of match; one expert's."""

    share: dict[int, float] = field(default_factory=lambda: dict(_FIRST_TRUST))

    def learn(self, match: int, right: bool) -> None:
        """One guessed token came true, or did not."""
        self.share[match] += _LEARNING * (right - self.share[match])

    def worth(self, match: int, most: int) -> int:
        """How many guessed tokens to check, at most `most`, so that the most text comes of each unit of cost."""

        def gain(batch: int) -> float:
            return sum(self.share[match] ** index for index in range(batch)) / _COSTS[batch]

        return max((batch for batch in _COSTS if batch - 1 <= most), key=gain) - 1


class Lookup:
    """The tokens so far, and what followed their latest occurrence."""

    def __init__(self, tokens: Sequence[int], trust: Trust) -> None:
        self._tokens: Tokens = []
        self._behind: dict[tuple[int, ...], int] = {}  # 2 or 3 tokens -> the place behind where they stood last
        self._trust = trust
        self._guess: Tokens = []  # what should come next
        self._match = 0  # on how many equal tokens that rests
        for token in tokens:
            self._append(token)

    def push(self, token: int) -> None:
        """This token came. Guesses are judged whether they were checked in a decode or not: that costs nothing."""
        if self._guess:
            right = self._guess[0] == token
            self._trust.learn(self._match, right)
            self._guess = self._guess[1:] if right else []
        self._append(token)
        if not self._guess:
            self._look_up()

    def guess(self, most: int, useful: Callable[[Tokens], Tokens]) -> Tokens:
        """The tokens worth checking, at most `most` of those that are `useful`."""
        guess = useful(self._guess[: max(0, most)])
        return guess[: self._trust.worth(self._match, len(guess))] if guess else []

    def _append(self, token: int) -> None:
        for length in _MATCHES:
            if len(self._tokens) >= length:
                self._behind[tuple(self._tokens[-length:])] = len(self._tokens)
        self._tokens.append(token)

    def _look_up(self) -> None:
        for length in _MATCHES:
            at = self._behind.get(tuple(self._tokens[-length:]))
            if at is not None:
                self._guess, self._match = self._tokens[at : at + MOST], length
                return
