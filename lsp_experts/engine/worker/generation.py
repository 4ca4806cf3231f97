"""A completion: prompt to tokens, longest common prefix with the KV cache, token healing, greedy decoding, stops."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lsp_experts.engine.protocol import Complete, CompleteReport, Segment, StopReason
from lsp_experts.engine.reporting import report
from lsp_experts.engine.stopping import cut
from lsp_experts.engine.worker.ensemble import joint_logits
from lsp_experts.engine.worker.expert import LoadedExpert, Logits
from lsp_experts.engine.worker.vocabulary import Tokens
from lsp_experts.errors import EngineError

PREFILL_CHUNK = 64  # tokens between two looks at the queue: 32 were 40 % slower per token, 128 hardly faster
TRIM_STEP = 256  # a prompt that is too long loses its head in steps, so that the cached rest stays the same
_HEAL_CANDIDATES = 2000


@dataclass(frozen=True)
class Prompt:
    """Token ids to decode, and the bytes that the first generated pieces must spell again."""

    tokens: Tokens
    must: bytes = b""


class Superseded(Exception):
    """The request was cancelled between two decodes, or was only warming and gave way to a more urgent one."""


@dataclass
class Turn:
    """What the job queue tells a running completion: whether to go on."""

    cancelled: Callable[[], bool]
    must_yield: Callable[[], bool]  # a more urgent request waits (asked only while warming)
    enter_generation: Callable[[], None] = field(default=lambda: None)


def build_prompt(expert: LoadedExpert, segments: tuple[Segment, ...], heal: bool, room: int) -> Prompt:
    """The tokens of `segments`, at most `room` of them; EngineError("bad_request") if even a trimmed prompt is longer.

    Too much text: the first user segment (what stands furthest from the cursor) loses its head, then the
    longest other one its tail.
    """
    vocabulary = expert.vocabulary
    parts = [vocabulary.tokens(segment.text, control=segment.control) for segment in segments]
    users = [index for index, segment in enumerate(segments) if not segment.control]
    must = b""
    if heal and users and parts[users[-1]]:
        must = vocabulary.piece(parts[users[-1]].pop())
    total = len(vocabulary.bos) + sum(map(len, parts))
    if total > room and users:
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
        raise EngineError("bad_request", f"a prompt of {len(tokens)} tokens does not fit {room}")
    return Prompt(tokens, must)


def prefill(expert: LoadedExpert, tokens: Tokens, turn: Turn, *, warming: bool) -> int:
    """Bring the KV cache to `tokens`; how many were decoded. Raises Superseded, Aborted: what was decoded then stays.

    At least one token is always decoded, since the logits belong to the last decode; warming may do without.
    """
    if warming and expert.mirror[: len(tokens)] == tokens:
        return 0
    shared = expert.approach(tokens)
    decoded = 0
    for start in range(shared, len(tokens), PREFILL_CHUNK):
        if turn.cancelled() or (warming and turn.must_yield()):
            raise Superseded
        part = tokens[start : start + PREFILL_CHUNK]
        expert.decode(part)
        decoded += len(part)
    return decoded


def complete(
    experts: Sequence[LoadedExpert], request: Complete, turn: Turn, on_text: Callable[[str], None]
) -> CompleteReport:
    """Run `request` on its expert, the first of `experts`, together with its partners, which share its vocabulary.

    `on_text` gets provisional text, the report's text is the answer. Raises Superseded, Aborted.
    """
    started = time.monotonic()
    leader = experts[0]
    stop = request.stop
    warming = stop.max_tokens <= 0
    smallest = min(expert.n_ctx for expert in experts)
    room = smallest - max(8, stop.max_tokens) - 1
    if room < 32:
        raise EngineError("bad_request", f"max_tokens {stop.max_tokens} leaves no room in {smallest} tokens")
    prompt = build_prompt(leader, request.segments, request.heal, room)
    decoded, *_ = [prefill(expert, prompt.tokens, turn, warming=warming) for expert in experts]
    cached = len(prompt.tokens) - decoded
    if warming:
        return report("", "warm", decoded, cached, 0, started, started, 1.0)
    turn.enter_generation()
    run = _Run(experts, prompt.must)
    first = 0.0
    reason: StopReason = "tokens"
    text, sent = "", ""
    while run.generated < stop.max_tokens:
        if turn.cancelled():
            raise Superseded
        token = run.next_token()
        first = first or time.monotonic()
        if token is None:
            reason = "unhealable" if run.must else "end"
            break
        text = run.text
        ended = cut(text, stop)
        if ended:
            text, reason = ended
            break
        if len(text) > len(sent):
            on_text(text[len(sent) :])
            sent = text
        if stop.time_ms and (time.monotonic() - first) * 1000 >= stop.time_ms and not run.must:
            reason = "time"
            break
        if len(leader.mirror) >= smallest:
            reason = "context"
            break
        for expert in experts:
            expert.decode([token])
    if reason in ("end", "tokens", "time", "context"):
        ended = cut(text, stop, final=True)
        if ended:
            text, reason = ended
    forced = run.forced_only
    return report(text, reason, decoded + forced, cached, run.generated - forced, started, first, run.probability)


class _Run:
    """Greedy decoding with token healing: the state of one generation."""

    def __init__(self, experts: Sequence[LoadedExpert], must: bytes) -> None:
        self._experts = experts
        self._vocabulary = experts[0].vocabulary
        self.must = must  # bytes before the cursor that are still to be spelled
        self.generated = 0
        self.forced_only = 0  # tokens that only spelled bytes before the cursor
        self.probability = 1.0
        self.text = ""
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def next_token(self) -> int | None:
        """The next token, its text appended; None at the end of generation."""
        logits = joint_logits([expert.logits() for expert in self._experts])
        if len(self._vocabulary.banned):
            logits[self._vocabulary.banned] = -np.inf
        healing = bool(self.must)
        token, probability = self._healed(logits) if healing else self._greedy(logits)
        if token is None:
            return None
        self.generated += 1
        piece = self._vocabulary.piece(token)
        if healing:
            new = piece[len(self.must) :]
            self.must = self.must[len(piece) :]
            if not new:
                self.forced_only += 1
                return token
            piece = new
        self.probability *= probability
        self.text += self._utf8.decode(piece)
        return token

    def _greedy(self, logits: Logits) -> tuple[int | None, float]:
        token = int(logits.argmax())
        if self._vocabulary.is_end(token):
            return None, 1.0
        return token, float(1.0 / np.exp(logits - logits[token]).sum())

    def _healed(self, logits: Logits) -> tuple[int | None, float]:
        """The likeliest token that agrees with `must`; its probability among those that do."""
        count = min(_HEAL_CANDIDATES, len(logits) - 1)
        likely = np.argpartition(logits, len(logits) - count)[-count:]
        likely = likely[np.argsort(-logits[likely])]
        best, total = None, 0.0
        top = float(logits[likely[0]])
        for token in map(int, likely):
            piece = self._vocabulary.piece(token)
            if piece and (piece.startswith(self.must) or self.must.startswith(piece)):
                best = token if best is None else best
                total += float(np.exp(logits[token] - top))
        if best is not None:
            return best, float(np.exp(logits[best] - top)) / total
        return self._canonical(), 1.0

    def _canonical(self) -> int | None:
        """The tokeniser's own first token for `must`: where no likely token agrees, spelling goes on as usual."""
        text = self.must.decode("utf-8", "ignore")
        for token in self._vocabulary.tokens(text)[:1]:
            piece = self._vocabulary.piece(token)
            if piece and self.must.startswith(piece):
                return token
        return None
