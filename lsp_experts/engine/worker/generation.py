"""A completion: prompt into the KV cache, then speech until its rules or limits end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.engine.reporting import choice, report
from lsp_experts.engine.worker.choices import CANDIDATES, first_tokens, part_here, speak_together
from lsp_experts.engine.worker.decoding import Decoding
from lsp_experts.engine.worker.expert import N_BRANCHES, LoadedExpert
from lsp_experts.engine.worker.limits import Limits
from lsp_experts.engine.worker.prompting import GaveWay, Turn, build_prompt, prefill
from lsp_experts.engine.worker.voice import Voice
from lsp_experts.errors import EngineError


def complete(
    experts: Sequence[LoadedExpert], request: Complete, turn: Turn, on_text: Callable[[str], None]
) -> CompleteReport:
    """Run `request` on its expert, the first of `experts`, together with its partners, which share its vocabulary.

    `on_text` gets provisional text, the report's text is the answer. Raises Superseded, Aborted. What gives way ends
    before any prompt chunk or behind any token; of several choices, the best so far is the report's text.
    """
    started = time.monotonic()
    stop = request.stop
    warming = stop.max_tokens <= 0
    smallest = min(expert.n_ctx for expert in experts)
    room = smallest - max(8, stop.max_tokens) - 1
    if room < 32:
        raise EngineError("bad_request", f"max_tokens {stop.max_tokens} leaves no room in {smallest} tokens")
    prompt = build_prompt(experts[0], request.segments, request.heal, room, whole=request.whole)
    gives_way = request.gives_way
    try:
        decoded, *_ = [prefill(each, prompt.tokens, turn, warming=warming, gives_way=gives_way) for each in experts]
    except GaveWay as gave:
        if not gives_way:
            raise
        _interrupt(experts)
        return report("", "gave way", gave.decoded_tokens, gave.cached_tokens, 0, started, 0.0)
    cached = len(prompt.tokens) - decoded
    if warming:
        return report("", "warm", decoded, cached, 0, started, started)
    turn.enter_generation()
    alone = len(experts) == 1 and experts[0].drops_tails
    choices = max(1, min(request.choices, N_BRANCHES)) if alone else 1
    limits = Limits(request, turn)
    decoding = Decoding(experts, request.draft_tokens if alone and choices == 1 else 0)
    try:
        voice = Voice(experts[0].vocabulary, stop, prompt.must)
        best, *others = _speak(voice, decoding, choices, limits, _Stream(on_text))
    finally:
        decoding.settle()
    text, reason = best.answer
    if reason == "gave way":
        _interrupt(experts)
    return report(
        text,
        reason,
        decoded + best.forced_only,
        cached,
        sum(each.generated for each in (best, *others)),
        started,
        limits.first,
        best.spelling.line_probabilities(text),
        others=tuple(choice(*each.answer, each.spelling.line_probabilities(each.answer[0])) for each in others),
        drafted=decoding.drafted,
        accepted=decoding.accepted,
    )


def _interrupt(experts: Sequence[LoadedExpert]) -> None:
    for expert in experts:
        expert.interrupt()


class _Stream:
    """Sends what a voice has said since the last time."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text, self._sent = on_text, 0

    def __call__(self, voice: Voice) -> None:
        text = voice.spelling.text
        if voice.ended is None and len(text) > self._sent:
            self._on_text(text[self._sent :])
            self._sent = len(text)


def _speak(voice: Voice, decoding: Decoding, choices: int, limits: Limits, stream: _Stream) -> list[Voice]:
    """Let `voice` speak to its end; the voices that it came to be, the best first."""
    while True:
        limits.check()
        if choices > 1:
            ranked = voice.ranked(decoding.logits(), CANDIDATES)
            firsts = first_tokens(voice, ranked, choices) if part_here(voice, ranked) else []
            if firsts:
                return speak_together(decoding.leader, voice, firsts, limits, stream)
        voice.go_on(decoding.logits())
        stream(voice)
        limits.judge(voice)
        if voice.ended is None and decoding.room() < 1:
            voice.end("context")
        if voice.ended is not None:
            return [voice]
        useful = limits.tokens_left(voice) - 1
        decoding.follow(voice.tokens[-1], 0 if voice.must else useful, voice.useful)
