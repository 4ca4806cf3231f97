"""Training examples: places of real files with something held out, written as the product's own prompts.

What is held out follows the tail, as a completion would, so the model reads it in the pieces it will later write.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_experts.completion.templates import FimTemplate
from lsp_experts.engine.protocol import Segment
from lsp_experts.lab.case_request import written_prompt
from lsp_experts.lab.corpus import Tokenize
from lsp_experts.lab.replay_cases import KINDS, Hole, holes
from lsp_experts.settings import Settings

_CHARS_PER_TOKEN = 3.6  # code has 3 to 4.5; what is too long is cut
_HELD_OUT_CHARS = 250  # kept free for what is held out
_SUFFIX_SHARE = 0.25
_BATCH = 64  # texts in one question to the tokenizer
_LEAST_TOKENS = 16


@dataclass(frozen=True)
class Example:
    """One sequence; `learnt[i]`: the model is to say tokens[i] behind those before it."""

    tokens: tuple[int, ...]
    learnt: tuple[bool, ...]


@dataclass(frozen=True)
class Spelling:
    """How a base writes an example: its template, the ids of control texts, and the id that ends a completion."""

    template: FimTemplate | None
    controls: Mapping[str, int]
    end: int


def windows(
    texts: Sequence[str], template: FimTemplate | None, length: int, seed: int, most: int
) -> list[tuple[Segment, ...]]:
    """At most `most` prompts with what was held out, for sequences of `length` tokens, in a random order.

    A text has as many as its size asks for, each at a place of a random kind of hole; the same arguments, the same
    windows.
    """
    rng = random.Random(seed)
    room = int(length * _CHARS_PER_TOKEN) - _HELD_OUT_CHARS
    suffix = int(room * _SUFFIX_SHARE)
    settings = replace(Settings(), prefix_chars=max(80, room - suffix), suffix_chars=suffix)
    wanted = [number for number, text in enumerate(texts) for _ in range(1 + len(text) // max(1, room))]
    rng.shuffle(wanted)
    places = {number: iter(_places(texts[number], count, rng)) for number, count in Counter(wanted[:most]).items()}
    found = ((texts[number], next(places[number], None)) for number in wanted[:most])
    return [written_prompt(text, hole, template, settings) for text, hole in found if hole is not None]


def _places(text: str, count: int, rng: random.Random) -> list[Hole]:
    found = holes(text)
    kinds = [kind for kind in KINDS if found[kind]]
    return [rng.choice(found[rng.choice(kinds)]) for _ in range(count if kinds else 0)]


async def examples(
    prompts: Sequence[tuple[Segment, ...]], spelling: Spelling, tokenize: Tokenize, length: int
) -> list[Example]:
    """The windows as sequences of at most `length` tokens: what is too long loses text before its held-out part."""
    made: list[Example] = []
    for first in range(0, len(prompts), _BATCH):
        batch = prompts[first : first + _BATCH]
        plain = [segment.text for prompt in batch for segment in prompt if not segment.control]
        tokens = iter(await tokenize(plain))
        for prompt in batch:
            parts = [
                ([spelling.controls[segment.text]], True) if segment.control else (next(tokens), False)
                for segment in prompt
            ]
            example = _example(parts, spelling.end, length)
            if len(example.tokens) >= _LEAST_TOKENS:
                made.append(example)
    return made


def _example(parts: Sequence[tuple[list[int], bool]], end: int, length: int) -> Example:
    excess = sum(len(tokens) for tokens, _ in parts) + 1 - length
    sequence: list[int] = []
    learnt: list[bool] = []
    for tokens, control in parts:
        if not control and excess > 0:
            cut = min(excess, len(tokens))
            tokens, excess = tokens[cut:], excess - cut
        sequence += tokens
        learnt += [not control] * len(tokens)
    return Example((*sequence, end), (*learnt, True))
