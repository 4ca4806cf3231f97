"""How likely texts are behind a prompt, token by token.

The texts are a tree of tokens: at each place of it one look at the logits scores all tokens that may follow there. So
what texts share is decoded once, and scored equally.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lsp_experts.engine.protocol import MAX_SCORED_TOKENS, Score, ScoreReport, TextScore
from lsp_experts.engine.worker.expert import N_OUTPUTS, LoadedExpert, Logits
from lsp_experts.engine.worker.prompting import PREFILL_CHUNK, GaveWay, Superseded, Turn, prefill
from lsp_experts.engine.worker.shelf import common_length
from lsp_experts.engine.worker.vocabulary import Tokens, Vocabulary
from lsp_experts.errors import EngineError

_FAR_BELOW = -200.0  # nats under the likeliest token: exp() of it is 0, and 0 times it still is (-inf would be NaN)


@dataclass
class _Place:
    """A place in the tree: what may follow there, and how likely each of that is once `seen`."""

    after: dict[int, _Place] = field(default_factory=dict)
    log_probabilities: dict[int, float] = field(default_factory=dict)
    best = entropy = 0.0
    seen = False

    def see(self, logits: Logits) -> None:
        """Score what may follow by the logits of this place. EngineError("decode_failed") if they are no numbers."""
        top = float(logits.max())
        distance = logits - np.float32(top)
        np.maximum(distance, np.float32(_FAR_BELOW), out=distance)
        weights = np.exp(distance)
        total = float(weights.sum(dtype=np.float64))
        if not np.isfinite(total):
            raise EngineError("decode_failed", "the model computes no numbers")
        self.best = -float(np.log(total))
        self.entropy = max(0.0, -self.best - float((weights * distance).sum(dtype=np.float64)) / total)
        for token in self.after:
            self.log_probabilities[token] = self.best + float(logits[token]) - top
        self.seen = True

    def see_nothing(self) -> None:
        """There is nothing before this place: whatever comes first is not surprising."""
        self.log_probabilities = dict.fromkeys(self.after, 0.0)
        self.seen = True


def score(expert: LoadedExpert, request: Score, turn: Turn) -> ScoreReport:
    """Run `request`. EngineError("bad_request") if it is too long, Superseded, Aborted: the mirror is true then."""
    started = time.monotonic()
    vocabulary = expert.vocabulary
    parts = [vocabulary.tokens(segment.text, control=segment.control) for segment in request.segments]
    prompt = [*vocabulary.bos, *(token for part in parts for token in part)]
    texts = [vocabulary.tokens(text) for text in request.texts]
    _check_room(expert, len(prompt), texts)
    root = _tree(texts)
    decoded = 0
    try:
        if prompt:
            decoded = prefill(expert, prompt, turn, gives_way=True)
            root.see(expert.logits())
        else:
            expert.approach([], aside=True)
            root.see_nothing()
        for tokens in sorted(texts):  # each then shares most with the one before it
            _decode(expert, prompt, tokens, root, turn)
    except GaveWay:
        expert.interrupt()
        raise
    return ScoreReport(
        scores=tuple(_score(vocabulary, text, tokens, root) for text, tokens in zip(request.texts, texts, strict=True)),
        prompt_tokens=decoded,
        cached_tokens=len(prompt) - decoded,
        total_ms=round((time.monotonic() - started) * 1000, 3),
    )


def starts(text: str, pieces: Sequence[bytes]) -> tuple[int, ...]:
    """The code point in which each piece begins; together the pieces spell `text`, perhaps behind a blank of theirs."""
    raw = text.encode("utf-8", "replace")
    lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths - max(0, int(lengths.sum()) - len(raw))
    first_bytes = (np.frombuffer(raw, np.uint8) & 0xC0) != 0x80
    of_byte = np.cumsum(first_bytes) - 1
    return tuple(of_byte[np.clip(begins, 0, len(raw) - 1)].tolist()) if raw else (0,) * len(pieces)


def _check_room(expert: LoadedExpert, prompt: int, texts: Sequence[Tokens]) -> None:
    longest, total = max(map(len, texts), default=0), sum(map(len, texts))
    if prompt + longest > expert.n_ctx:
        raise EngineError(
            "bad_request", f"{prompt} tokens and a text of {longest} are too long for a context of {expert.n_ctx}"
        )
    if total > MAX_SCORED_TOKENS:
        raise EngineError("bad_request", f"its texts are {total} tokens long, over {MAX_SCORED_TOKENS}")


def _tree(texts: Sequence[Tokens]) -> _Place:
    root = _Place()
    for tokens in texts:
        place = root
        for token in tokens:
            place = place.after.setdefault(token, _Place())
    return root


def _decode(expert: LoadedExpert, prompt: Tokens, tokens: Tokens, root: _Place, turn: Turn) -> None:
    """See every place of one text, all but its end. Raises Superseded, Aborted."""
    place, first = root, 0
    unseen: list[_Place] = []
    for index, token in enumerate(tokens):
        if place.seen:
            first = index
        else:
            unseen.append(place)
        place = place.after[token]
    if not unseen:
        return
    full = [*prompt, *tokens[:-1]]
    known = len(prompt) + first
    expert.keep(min(known, common_length(expert.mirror, full)))  # a model that cannot drop a tail begins again
    while unseen:
        if turn.cancelled():
            raise Superseded
        if turn.must_yield():
            raise GaveWay
        held = len(expert.mirror)
        if held < known:
            expert.decode(full[held : min(known, held + PREFILL_CHUNK)])
            continue
        expert.decode(full[held : held + N_OUTPUTS], outputs=min(N_OUTPUTS, len(unseen)))
        seen = len(expert.mirror) - held
        for back, one in enumerate(reversed(unseen[:seen])):
            one.see(expert.logits(back))
        del unseen[:seen]


def _score(vocabulary: Vocabulary, text: str, tokens: Tokens, root: _Place) -> TextScore:
    places = [root]
    for token in tokens:
        places.append(places[-1].after[token])
    return TextScore(
        starts=starts(text, [vocabulary.piece(token) for token in tokens]),
        log_probabilities=tuple(place.log_probabilities[token] for place, token in zip(places, tokens, strict=False)),
        best_log_probabilities=tuple(place.best for place in places[:-1]),
        entropies=tuple(place.entropy for place in places[:-1]),
    )
