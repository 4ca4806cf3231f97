"""The toy model of the fake engine: its tokens, and what it says.

Tokens are words, runs of blanks, newlines and single other characters; a control segment is one token; there is one
token at the start of every prompt. So counts of prompt and cached tokens are real longest-common-prefix figures.

What it says: the scripted text of the expert, less what stands before the cursor already. If the script is `return x`
and the text before the cursor ends in `ret`, it says `urn x`. Text before the cursor is the first user segment, and the
last one where that ends the prompt (as in an anchored prompt). Without a script it says `«EXPERT»:N`, N being the
number of prompt tokens. In an ensemble all toys read the prompt, the first one speaks, and each token has the mean of
their probabilities. The script is the variable LSP_EXPERTS_FAKE_TEXT: a text for all experts, or a JSON object
{"go": "return x", "*": "..."}.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_experts.engine.fake_kv import ToyCache
from lsp_experts.engine.protocol import Complete, CompleteReport, Segment, StopReason
from lsp_experts.engine.reporting import report
from lsp_experts.engine.stopping import cut
from lsp_experts.errors import EngineError

_TOKEN = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_START = "\0start"
_CHUNK = 32  # prompt tokens between two looks at the queue
_TRIM_STEP = 256


class Cancelled(Exception):
    """The request that was running has been cancelled."""


@dataclass
class Turn:
    """What surrounds a running completion."""

    cancelled: Callable[[], bool]
    must_yield: Callable[[], bool]
    on_prompt: Callable[[int], None]  # that many prompt tokens were decoded
    on_token: Callable[[], None]  # before each generated token
    on_text: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class ToyWeights:
    """The model of one file, which toys share."""

    path: str
    bytes: int
    gpu_layers: int = 0


@dataclass
class ToyExpert:
    """One loaded toy."""

    name: str
    weights: ToyWeights
    file_bytes: int
    own_bytes: int  # beside the weights
    n_ctx: int
    script: str | None
    probability: float = 0.9
    files: tuple[object, ...] = ()  # names the files that its KV belongs to
    parked: bool = False
    cache: ToyCache = field(default_factory=ToyCache)

    @property
    def n_vocab(self) -> int:
        """Toys whose names start with `alien` have another vocabulary than the others."""
        return 2000 if self.name.startswith("alien") else 1000

    def prompt(self, segments: tuple[Segment, ...], *, heal: bool, room: int) -> tuple[list[str], str]:
        """The prompt's tokens, and the text that the first generated tokens have to spell again."""
        parts = [["\0" + segment.text] if segment.control else toy_tokens(segment.text) for segment in segments]
        users = [index for index, segment in enumerate(segments) if not segment.control]
        must = parts[users[-1]].pop() if heal and users and parts[users[-1]] else ""
        over = 1 + sum(map(len, parts)) - room
        if over > 0 and users:
            parts[users[0]] = parts[users[0]][-(-over // _TRIM_STEP) * _TRIM_STEP :]
        tokens = [_START, *(token for part in parts for token in part)]
        if len(tokens) > room:
            raise EngineError("bad_request", f"a prompt of {len(tokens)} tokens does not fit {room}")
        return tokens, must

    def prefill(self, tokens: list[str], turn: Turn, *, warming: bool) -> int:
        """Bring the mirror to `tokens`; how many were decoded. At least one, except while warming."""
        mirror_tokens = self.cache.prepare(tokens)
        if not warming:
            mirror_tokens = min(mirror_tokens, len(tokens) - 1)
        del self.cache.mirror[mirror_tokens:]
        decoded = 0
        for start in range(mirror_tokens, len(tokens), _CHUNK):
            if turn.cancelled() or (warming and turn.must_yield()):
                raise Cancelled
            part = tokens[start : start + _CHUNK]
            turn.on_prompt(len(part))
            self.cache.mirror.extend(part)
            decoded += len(part)
        return decoded

    def complete(self, request: Complete, turn: Turn, partners: Sequence[ToyExpert] = ()) -> CompleteReport:
        """Run a completion, as the first of an ensemble if it has partners; Cancelled between two tokens."""
        started = time.monotonic()
        stop = request.stop
        warming = stop.max_tokens <= 0
        ensemble = (self, *partners)
        room = min(toy.n_ctx for toy in ensemble) - max(8, stop.max_tokens) - 1
        tokens, must = self.prompt(request.segments, heal=request.heal, room=room)
        decoded, *_ = [toy.prefill(tokens, turn, warming=warming) for toy in ensemble]
        cached = len(tokens) - decoded
        if warming:
            return report("", "warm", decoded, cached, 0, started, started, 1.0)
        text, sent, generated, forced, first = "", "", 0, 0, 0.0
        reason: StopReason = "end"
        for piece in toy_tokens(must + self._says(request.segments, len(tokens))):
            if generated >= stop.max_tokens:
                reason = "tokens"
                break
            turn.on_token()
            if turn.cancelled():
                raise Cancelled
            first = first or time.monotonic()
            generated += 1
            new, must = piece[len(must) :], must[len(piece) :]
            forced += not new
            text += new
            ended = cut(text, stop)
            if ended:
                text, reason = ended
                break
            if len(text) > len(sent):
                turn.on_text(text[len(sent) :])
                sent = text
            if stop.time_ms and (time.monotonic() - first) * 1000 >= stop.time_ms:
                reason = "time"
                break
            for toy in ensemble:
                toy.cache.mirror.append(piece)
        if reason in ("end", "tokens", "time"):
            text, reason = cut(text, stop, final=True) or (text, reason)
        said = generated - forced
        probability = sum(toy.probability for toy in ensemble) / len(ensemble)
        return report(text, reason, decoded + forced, cached, said, started, first, probability**said)

    def _says(self, segments: tuple[Segment, ...], prompt_tokens: int) -> str:
        if self.script is None:
            return f"«{self.name}»:{prompt_tokens}"
        users = [segment.text for segment in segments if not segment.control]
        before = users[0] if users else ""
        if len(users) > 1 and not segments[-1].control:
            before += users[-1]
        for length in range(len(self.script), 0, -1):
            if before.endswith(self.script[:length]):
                return self.script[length:]
        return self.script


def toy_tokens(text: str) -> list[str]:
    """The toy tokens of a text; joined they give it back."""
    return _TOKEN.findall(text)


def script_of(expert: str, environment: Mapping[str, str]) -> str | None:
    """What LSP_EXPERTS_FAKE_TEXT lets `expert` say, None without a script."""
    text = environment.get("LSP_EXPERTS_FAKE_TEXT")
    if text is None or not text.startswith("{"):
        return text
    try:
        scripts = json.loads(text)
    except ValueError:
        return text
    said = scripts.get(expert, scripts.get("*"))
    return said if isinstance(said, str) else None
