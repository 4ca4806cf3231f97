"""Decoding what a completion says, guesses of what it will say along with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lsp_experts.engine.worker.drafting import MOST, Lookup
from lsp_experts.engine.worker.ensemble import joint_logits
from lsp_experts.engine.worker.expert import LoadedExpert, Logits
from lsp_experts.engine.worker.vocabulary import Tokens


class Decoding:
    """The caches of the experts that speak together, which all hold the prompt.

    A lone expert decodes each token with up to `draft_tokens` guesses of what follows. Guesses that come true cost no
    decode of their own, the others are dropped from its cache.
    """

    def __init__(self, experts: Sequence[LoadedExpert], draft_tokens: int) -> None:
        self._experts, self.leader = experts, experts[0]
        self._most = min(draft_tokens, MOST)
        self._lookup = Lookup(self.leader.mirror, self.leader.trust) if self._most > 0 else None
        self._ahead: Tokens = []  # the end of the cache: guessed, neither confirmed nor dropped yet
        self.drafted = self.accepted = 0

    def logits(self) -> Logits:
        """Logits of the next token: a view that may be written to."""
        return joint_logits([expert.logits(len(self._ahead)) for expert in self._experts])

    def room(self) -> int:
        """Tokens that still fit behind what is confirmed."""
        return min(expert.n_ctx - len(expert.mirror) for expert in self._experts) + len(self._ahead)

    def follow(self, token: int, most: int, useful: Callable[[Tokens], Tokens]) -> None:
        """Bring `token` into the caches, with at most `most` guesses, those that are `useful`. Raises Aborted."""
        if self._lookup:
            self._lookup.push(token)
        if self._ahead and self._ahead[0] == token:
            del self._ahead[0]
            self.accepted += 1
            return
        self.settle()
        guess: Tokens = []
        if self._lookup:
            guess = self._lookup.guess(min(self._most, most, self.room() - 1), useful)
        for expert in self._experts:
            expert.decode([token, *guess], outputs=1 + len(guess))
        self._ahead = guess
        self.drafted += len(guess)

    def settle(self) -> None:
        """Drop what was guessed and did not come true."""
        if self._ahead:
            self.leader.keep(len(self.leader.mirror) - len(self._ahead))
            self._ahead = []
