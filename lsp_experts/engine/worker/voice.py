"""One completion in the making over a model's vocabulary: which token comes next, and what it adds to the text."""

from __future__ import annotations

import codecs
import copy

import numpy as np

from lsp_experts.engine.protocol import Stop, StopReason
from lsp_experts.engine.spelling import Spelling
from lsp_experts.engine.worker.expert import Logits
from lsp_experts.engine.worker.vocabulary import Tokens, Vocabulary

_HEAL_CANDIDATES = 2000


class Voice:
    """Greedy speech with token healing. It has ended once `ended` says with what text and why."""

    def __init__(self, vocabulary: Vocabulary, stop: Stop, must: bytes = b"") -> None:
        self._vocabulary = vocabulary
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self.must = must  # bytes before the cursor that are still to be spelled
        self.tokens: Tokens = []  # said so far
        self.generated = 0  # of them, those that added text and that no other voice shares
        self.forced_only = 0  # of them, those that only spelled bytes before the cursor
        self.spelling = Spelling(stop)
        self.ended: tuple[str, StopReason] | None = None

    def ranked(self, logits: Logits, count: int) -> list[tuple[int, float]]:
        """The `count` likeliest next tokens with their probabilities, while healing among those that agree.

        Empty: no token can spell what must be spelled. `logits` are changed where tokens are banned.
        """
        if len(self._vocabulary.banned):
            logits[self._vocabulary.banned] = -np.inf
        if self.must:
            return self._healing(logits, count)
        if count == 1:
            token = int(logits.argmax())
            return [(token, float(1.0 / np.exp(logits - logits[token]).sum()))]
        likely = _likeliest(logits, count)
        total = np.exp(logits - logits[likely[0]]).sum()
        return [(token, float(np.exp(logits[token] - logits[likely[0]]) / total)) for token in likely]

    def ends(self, token: int) -> bool:
        """Whether the completion would end with `token`."""
        return self._vocabulary.is_end(token) or self.spelling.would_end(self._adds(token).decode("utf-8", "replace"))

    def shows(self, token: int) -> str:
        """What could be seen if `token` came next, blanks around it left out."""
        if self._vocabulary.is_end(token):
            return ""
        return self.spelling.kept_with(self._adds(token).decode("utf-8", "replace")).strip()

    def useful(self, guess: Tokens) -> Tokens:
        """The head of guessed tokens that it takes to choose all of them that can come before the completion ends."""
        text = ""
        for index, token in enumerate(guess):
            piece = self._vocabulary.piece(token)
            text += piece.decode("utf-8", "replace")
            if not piece or self.spelling.would_end(text):  # no piece: a control token
                return guess[:index]
        return guess

    def go_on(self, logits: Logits) -> None:
        """Say the likeliest next token."""
        ranked = self.ranked(logits, 1)
        if ranked:
            self.say(*ranked[0])
        else:
            self.end("unhealable")

    def say(self, token: int, probability: float) -> None:
        """Append a token and judge the text."""
        if self._vocabulary.is_end(token):
            self.end("end")
            return
        piece, new = self._vocabulary.piece(token), self._adds(token)
        self.tokens.append(token)
        if self.must:
            self.must = self.must[len(piece) :]
            if not new:
                self.forced_only += 1
                return
        self.generated += 1
        self.spelling.add(self._utf8.decode(new), probability)
        self.ended = self.spelling.verdict()

    def end(self, reason: StopReason) -> None:
        """Nothing more will come."""
        self.ended = self.spelling.at_end(reason)

    def give_way(self) -> None:
        """Stop here for now: no rule judges an unfinished line as if nothing more would come."""
        self.ended = (self.spelling.text, "gave way")

    def twin(self) -> Voice:
        """A voice that has said the same."""
        twin = copy.deepcopy(self, {id(self._vocabulary): self._vocabulary})
        twin.generated = 0
        return twin

    @property
    def answer(self) -> tuple[str, StopReason]:
        """The text and why it ended there; of a voice that has ended."""
        return self.ended or self.spelling.at_end("end")

    def _adds(self, token: int) -> bytes:
        """The bytes behind the cursor that `token` would add now."""
        return self._vocabulary.piece(token)[len(self.must) :]

    def _healing(self, logits: Logits, count: int) -> list[tuple[int, float]]:
        agreeing: list[int] = []
        likely = _likeliest(logits, min(_HEAL_CANDIDATES, len(logits) - 1))
        for token in likely:
            piece = self._vocabulary.piece(token)
            if piece and (piece.startswith(self.must) or self.must.startswith(piece)):
                agreeing.append(token)
        if agreeing:
            weights = [float(np.exp(logits[token] - logits[likely[0]])) for token in agreeing]
            total = sum(weights)
            return [(token, weight / total) for token, weight in zip(agreeing[:count], weights, strict=False)]
        return [(token, 1.0) for token in self._canonical()]

    def _canonical(self) -> Tokens:
        """The tokeniser's own first token for `must`: where no likely token agrees, spelling goes on as usual."""
        text = self.must.decode("utf-8", "ignore")
        return [
            token
            for token in self._vocabulary.tokens(text)[:1]
            if (piece := self._vocabulary.piece(token)) and self.must.startswith(piece)
        ]


def _likeliest(logits: Logits, count: int) -> Tokens:
    likely = np.argpartition(logits, len(logits) - count)[-count:]
    return [int(token) for token in likely[np.argsort(-logits[likely])]]
