"""A completion as a host says it: healed, and ended by the same rules of the text as one of the local engine."""

from __future__ import annotations

from lsp_experts.engine.protocol import Stop, StopReason
from lsp_experts.engine.remote.answer import Said, Token
from lsp_experts.engine.remote.healing import agrees
from lsp_experts.engine.spelling import Spelling

_CHARS, _CHARS_PER_TOKEN = 256, 32  # code has three or four per token, a ruler a hundred; more is no honest answer


class Speech:
    """It has ended once `ended` says with what text and why, or `unhealable` that it did not begin as it must."""

    def __init__(self, stop: Stop, must: str = "") -> None:
        """`must`: what has to be spelled before anything new; it is no part of the text."""
        self.must = must
        self._tokens_left = max(1, stop.max_tokens)  # of those that say something new
        self._longest = _CHARS + self._tokens_left * _CHARS_PER_TOKEN
        self.spelling = Spelling(stop)
        self.ended: tuple[str, StopReason] | None = None
        self.unhealable = False
        self.heard = 0  # tokens
        self.prompt_tokens = self.cached_tokens = self.told_tokens = 0  # as the host counts

    @property
    def over(self) -> bool:
        """Nothing more need be heard."""
        return self.ended is not None or self.unhealable

    def hear(self, said: Said) -> None:
        """One more event. OverflowError where it says more than its tokens could."""
        self.prompt_tokens = self.prompt_tokens if said.prompt_tokens is None else said.prompt_tokens
        self.cached_tokens = self.cached_tokens if said.cached_tokens is None else said.cached_tokens
        self.told_tokens = self.told_tokens if said.generated_tokens is None else said.generated_tokens
        for token in said.tokens:
            if not self.over:
                self._token(token)
        if said.finish and not self.over:
            if self.must:
                self.unhealable = True
            else:
                self.end("tokens" if said.finish == "length" else "end")

    def end(self, reason: StopReason) -> None:
        """Nothing more will come."""
        self.ended = self.spelling.at_end(reason)

    def _token(self, token: Token) -> None:
        self.heard += 1
        if not agrees(token.text, self.must):
            self.unhealable = True
            return
        probability = self._given_must(token) if self.must else token.probability
        new = token.text[len(self.must) :]
        self.must = self.must[len(token.text) :]
        if not new:
            return
        if len(self.spelling.text) + len(new) > self._longest:
            raise OverflowError
        self.spelling.add(new, probability)
        self._tokens_left -= 1
        self.ended = self.spelling.verdict()
        if self.ended is None and self._tokens_left < 1:
            self.end("tokens")

    def _given_must(self, token: Token) -> float:
        """The token's share among the likeliest ones that agree with what must be spelled, as in the local engine."""
        agreeing = {text: probability for text, probability in token.likeliest if text and agrees(text, self.must)}
        agreeing[token.text] = token.probability
        total = sum(agreeing.values())
        return token.probability / total if total > 0 else 1.0
