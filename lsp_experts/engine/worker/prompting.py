"""Segments to the tokens of a prompt, and those into the KV cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lsp_experts.engine.protocol import Segment
from lsp_experts.engine.worker.expert import LoadedExpert
from lsp_experts.engine.worker.vocabulary import Tokens
from lsp_experts.errors import EngineError

PREFILL_CHUNK = 64  # tokens between two looks at the queue: 32 were 40 % slower per token, 128 hardly faster
TRIM_STEP = 256  # a prompt that is too long loses its head in steps, so that the cached rest stays the same


@dataclass(frozen=True)
class Prompt:
    """Token ids to decode, and the bytes that the first generated pieces must spell again."""

    tokens: Tokens
    must: bytes = b""


class Superseded(Exception):
    """The request was cancelled between two decodes, or gave way to a more urgent one."""


@dataclass(eq=False)
class GaveWay(Superseded):
    """It gave way to a more urgent one; so much of its prompt had been decoded, and cached before."""

    decoded_tokens: int = 0
    cached_tokens: int = 0


@dataclass
class Turn:
    """What the job queue tells a running request: whether to go on."""

    cancelled: Callable[[], bool]
    must_yield: Callable[[], bool]  # a more urgent request waits (asked only by those that give way)
    enter_generation: Callable[[], None] = field(default=lambda: None)


def build_prompt(
    expert: LoadedExpert, segments: tuple[Segment, ...], heal: bool, room: int, *, whole: bool = False
) -> Prompt:
    """The tokens of `segments`, at most `room` of them; EngineError("bad_request") if even a trimmed prompt is longer.

    Too much text, unless the prompt must be `whole`: the first user segment (what stands furthest from the cursor)
    loses its head, then the longest other one its tail.
    """
    vocabulary = expert.vocabulary
    parts = [vocabulary.tokens(segment.text, control=segment.control) for segment in segments]
    users = [index for index, segment in enumerate(segments) if not segment.control]
    must = b""
    if heal and users and parts[users[-1]]:
        must = vocabulary.piece(parts[users[-1]].pop())
    total = len(vocabulary.bos) + sum(map(len, parts))
    if total > room and users and not whole:
        first = users[0]
        drop = min(len(parts[first]), -(-(total - room) // TRIM_STEP) * TRIM_STEP)
        parts[first] = parts[first][drop:]
        total -= drop
        for index in users[1:-1]:
            extra = max(0, min(total - room, len(parts[index])))
            parts[index] = parts[index][: len(parts[index]) - extra]
            total -= extra
    tokens = [*vocabulary.bos, *(token for part in parts for token in part)]
    if not tokens:
        tokens = [0]
    if len(tokens) > room:
        raise EngineError("bad_request", f"its prompt is {len(tokens)} tokens long, and there is room for {room}")
    return Prompt(tokens, must)


def prefill(expert: LoadedExpert, tokens: Tokens, turn: Turn, *, warming: bool = False, gives_way: bool = False) -> int:
    """Bring the KV cache to `tokens`; how many were decoded. Raises Superseded, Aborted: what was decoded then stays.

    At least one token is always decoded, since the logits belong to the last decode; warming may do without.
    `gives_way`: GaveWay where a more urgent request waits.
    """
    if warming and expert.mirror[: len(tokens)] == tokens:
        return 0
    shared = expert.approach(tokens, aside=warming or gives_way)
    decoded = 0
    for start in range(shared, len(tokens), PREFILL_CHUNK):
        if turn.cancelled():
            raise Superseded
        if (warming or gives_way) and turn.must_yield():
            raise GaveWay(decoded, shared)
        part = tokens[start : start + PREFILL_CHUNK]
        expert.decode(part, prompt=True)
        decoded += len(part)
    return decoded
