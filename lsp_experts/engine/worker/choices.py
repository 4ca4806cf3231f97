"""Different completions of one prompt, decoded together: one batch per step over the cache that they share.

They part at the first token that shows something. Three cost 1.7 decodes of one a step on two cores, not 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lsp_experts.engine.worker.expert import LoadedExpert
from lsp_experts.engine.worker.limits import Limits
from lsp_experts.engine.worker.voice import Voice

CANDIDATES = 64  # likeliest tokens among which first ones are looked for


def part_here(voice: Voice, ranked: Sequence[tuple[int, float]]) -> bool:
    """Whether choices part now: the likeliest next token shows something, or would end the completion."""
    return bool(ranked) and (voice.ends(ranked[0][0]) or voice.shows(ranked[0][0]) != "")


def first_tokens(voice: Voice, ranked: Sequence[tuple[int, float]], count: int) -> list[tuple[int, float]]:
    """At most `count` of the `ranked` tokens, the likeliest that show something and each something else."""
    chosen: dict[str, tuple[int, float]] = {}
    for token, probability in ranked:
        shown = voice.shows(token)
        if shown and len(chosen) < count:
            chosen.setdefault(shown, (token, probability))
    return list(chosen.values())


def speak_together(
    expert: LoadedExpert,
    voice: Voice,
    firsts: Sequence[tuple[int, float]],
    limits: Limits,
    on_text: Callable[[Voice], None],
) -> list[Voice]:
    """Go on from `voice` with each of the first tokens until all have ended; the best of them first.

    The cache then holds what the best one decoded. Raises Superseded, Aborted: it holds what it held before then.
    """
    voices = [voice.twin() for _ in firsts]
    for each, (token, probability) in zip(voices, firsts, strict=True):
        each.say(token, probability)
        limits.judge(each)
    best = None
    expert.fork(len(voices))
    try:
        while living := {index: each for index, each in enumerate(voices) if each.ended is None}:
            limits.check()
            on_text(voices[0])
            if expert.cells_left() < len(living):
                for each in living.values():
                    each.end("context")
                break
            expert.decode_branches({index: each.tokens[-1] for index, each in living.items()})
            for back, each in enumerate(reversed(living.values())):
                each.go_on(expert.logits(back))
                limits.judge(each)
        best = next((index for index, each in enumerate(voices) if each.answer[0].strip()), 0)
    finally:
        expert.join(best)
    return [voices.pop(best), *voices]
