"""How likely texts are to a toy: every token has the toy's probability (0.9), and the entropy is always 0.1.

The variable LSP_EXPERTS_FAKE_SURPRISE makes tokens surprising, or sure, wherever they stand: a JSON object
{"token": probability}. The likeliest token has what is more of the token's own and the toy's probability.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence

from lsp_experts.engine.fake_kv import shared
from lsp_experts.engine.fake_model import Cancelled, GaveWay, ToyExpert, Turn, toy_tokens
from lsp_experts.engine.protocol import MAX_SCORED_TOKENS, Score, ScoreReport, TextScore
from lsp_experts.errors import EngineError

_CHUNK = 16  # tokens between two looks at the queue
_ENTROPY = 0.1

Surprises = Mapping[str, float]


def surprises_of(environment: Mapping[str, str]) -> Surprises:
    """What LSP_EXPERTS_FAKE_SURPRISE says; ValueError if that is not a JSON object of numbers."""
    found = json.loads(environment.get("LSP_EXPERTS_FAKE_SURPRISE", "{}"))
    return {str(token): float(probability) for token, probability in found.items()}


def score(toy: ToyExpert, request: Score, turn: Turn, surprises: Surprises) -> ScoreReport:
    """Run a score; Cancelled between two chunks. EngineError("bad_request") if it is too long."""
    started = time.monotonic()
    prompt, _ = toy.prompt(request.segments, heal=False, room=toy.n_ctx, whole=True)
    texts = [toy_tokens(text) for text in request.texts]
    longest, total = max(map(len, texts), default=0), sum(map(len, texts))
    if len(prompt) + longest > toy.n_ctx:
        raise EngineError(
            "bad_request", f"{len(prompt)} tokens and a text of {longest} are too long for a context of {toy.n_ctx}"
        )
    if total > MAX_SCORED_TOKENS:
        raise EngineError("bad_request", f"its texts are {total} tokens long, over {MAX_SCORED_TOKENS}")
    try:
        decoded = toy.prefill(prompt, turn, gives_way=True)
        for tokens in sorted(texts):
            _decode(toy, [*prompt, *tokens[:-1]], turn)
    except GaveWay:
        toy.cache.interrupted = True
        raise
    return ScoreReport(
        scores=tuple(_score(tokens, toy.probability, surprises) for tokens in texts),
        prompt_tokens=decoded,
        cached_tokens=len(prompt) - decoded,
        total_ms=round((time.monotonic() - started) * 1000, 3),
    )


def _decode(toy: ToyExpert, tokens: list[str], turn: Turn) -> None:
    mirror = toy.cache.mirror
    del mirror[shared(mirror, tokens) :]
    while len(mirror) < len(tokens):
        if turn.cancelled():
            raise Cancelled
        if turn.must_yield():
            raise GaveWay
        part = tokens[len(mirror) : len(mirror) + _CHUNK]
        turn.on_prompt(len(part))
        mirror.extend(part)


def _score(tokens: Sequence[str], usual: float, surprises: Surprises) -> TextScore:
    likely = [surprises.get(token, usual) for token in tokens]
    return TextScore(
        starts=tuple(sum(map(len, tokens[:index])) for index in range(len(tokens))),
        log_probabilities=tuple(map(math.log, likely)),
        best_log_probabilities=tuple(math.log(max(usual, probability)) for probability in likely),
        entropies=(_ENTROPY,) * len(tokens),
    )
