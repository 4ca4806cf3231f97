"""The toy model of the fake engine: its tokens, its KV mirror, and what it says.

Tokens are words, runs of blanks, newlines and single other characters; a control segment is one token; there is one
token at the start of every prompt. So counts of prompt and cached tokens are real longest-common-prefix figures.

What it says: the scripted text of the expert, less what stands before the cursor already. If the script is `return x`
and the text before the cursor ends in `ret`, it says `urn x`. Text before the cursor is the first user segment, and the
last one where that ends the prompt (as in an anchored prompt). Without a script it says `«EXPERT»:N`, N being the
number of prompt tokens. The script is the variable LSP_EXPERTS_FAKE_TEXT: a text for all experts, or a JSON object
{"go": "return x", "*": "..."}.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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


@dataclass
class ToyExpert:
    """One loaded toy."""

    name: str
    path: str
    file_bytes: int
    n_ctx: int
    script: str | None
    probability: float = 0.9
    parked: bool = False
    mirror: list[str] = field(default_factory=list)

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
        shared = _shared(self.mirror, tokens)
        if not warming:
            shared = min(shared, len(tokens) - 1)
        del self.mirror[shared:]
        decoded = 0
        for start in range(shared, len(tokens), _CHUNK):
            if turn.cancelled():
                raise Cancelled
            if warming and turn.must_yield():
                break
            part = tokens[start : start + _CHUNK]
            turn.on_prompt(len(part))
            self.mirror.extend(part)
            decoded += len(part)
        return decoded

    def complete(self, request: Complete, turn: Turn) -> CompleteReport:
        """Run a completion; Cancelled between two tokens."""
        started = time.monotonic()
        stop = request.stop
        warming = stop.max_tokens <= 0
        tokens, must = self.prompt(request.segments, heal=request.heal, room=self.n_ctx - max(8, stop.max_tokens) - 1)
        decoded = self.prefill(tokens, turn, warming=warming)
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
            self.mirror.append(piece)
        if reason in ("end", "tokens", "time"):
            text, reason = cut(text, stop, final=True) or (text, reason)
        said = generated - forced
        return report(text, reason, decoded + forced, cached, said, started, first, self.probability**said)

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


def _shared(one: list[str], two: list[str]) -> int:
    for index, (first, second) in enumerate(zip(one, two, strict=False)):
        if first != second:
            return index
    return min(len(one), len(two))
