"""The toy model of the fake engine: its tokens, and what it says.

Tokens are words, runs of blanks, newlines and single other characters; a control segment is one token; there is one
token at the start of every prompt. So counts of prompt and cached tokens are real longest-common-prefix figures.

What it says: the scripted text of the expert, less what stands before the cursor already. If the script is `return x`
and the text before the cursor ends in `ret`, it says `urn x`. Text before the cursor is the first user segment, and
those that end the prompt (as in an anchored prompt). Without a script it says `«EXPERT»:N`, N being the number of
prompt tokens. In an ensemble all toys read the prompt, the first one speaks, and each token has the mean of their
probabilities. The script is the variable LSP_EXPERTS_FAKE_TEXT: a text for all experts, or a JSON object
{"go": "return x", "*": "..."}. In place of a text may stand {"text": "a\nb", "lines": [0.9, 0.4]}, which says the
probability of each line; or a list of texts, the choices that a request for several gets. Nothing is ever drafted.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lsp_experts.engine.fake_kv import ToyCache
from lsp_experts.engine.protocol import Choice, Complete, CompleteReport, Segment, Stop, StopReason
from lsp_experts.engine.reporting import choice, report
from lsp_experts.engine.spelling import Spelling
from lsp_experts.errors import EngineError

_TOKEN = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_START = "\0start"
_CHUNK = 32  # prompt tokens between two looks at the queue
_TRIM_STEP = 256


class Cancelled(Exception):
    """The request that was running has been cancelled."""


@dataclass(eq=False)
class GaveWay(Cancelled):
    """It gave way to a more urgent one; so much of its prompt had been decoded, and cached before."""

    decoded_tokens: int = 0
    cached_tokens: int = 0


@dataclass
class Turn:
    """What surrounds a running request."""

    cancelled: Callable[[], bool]
    must_yield: Callable[[], bool]
    on_prompt: Callable[[int], None]  # that many prompt tokens were decoded
    on_token: Callable[[], None]  # before each generated token
    on_text: Callable[[str], None]


@dataclass(frozen=True)
class Scripted:
    """What a toy says."""

    text: str
    lines: tuple[float, ...] = ()  # probabilities of its lines; tokens of further ones have the toy's

    def tokens(self, before: str, must: str, probability: float) -> Iterator[tuple[str, str, float]]:
        """What it says behind `before`, less what stands there already: (token, text that it adds, probability).

        The first tokens spell `must` again. Of a line with a probability, the first token has it, the others are sure.
        """
        said = next((length for length in range(len(self.text), 0, -1) if before.endswith(self.text[:length])), 0)
        line, fresh = self.text.count("\n", 0, said), True
        for piece in toy_tokens(must + self.text[said:]):
            new, must = piece[len(must) :], must[len(piece) :]
            of_line = self.lines[line] if line < len(self.lines) else probability
            yield piece, new, of_line if new and (fresh or line >= len(self.lines)) else 1.0
            fresh = new == "\n" or (fresh and not new)
            line += new == "\n"


Sayings = tuple[Scripted, ...]


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
    script: Sayings
    probability: float = 0.9
    files: tuple[object, ...] = ()  # names the files that its KV belongs to
    parked: bool = False
    cache: ToyCache = field(default_factory=ToyCache)

    @property
    def n_vocab(self) -> int:
        """Toys whose names start with `alien` have another vocabulary than the others."""
        return 2000 if self.name.startswith("alien") else 1000

    def prompt(
        self, segments: tuple[Segment, ...], *, heal: bool, room: int, whole: bool = False
    ) -> tuple[list[str], str]:
        """The prompt's tokens, and the text that the first generated tokens have to spell again."""
        parts = [["\0" + segment.text] if segment.control else toy_tokens(segment.text) for segment in segments]
        users = [index for index, segment in enumerate(segments) if not segment.control]
        must = parts[users[-1]].pop() if heal and users and parts[users[-1]] else ""
        over = 1 + sum(map(len, parts)) - room
        if over > 0 and users and not whole:
            parts[users[0]] = parts[users[0]][-(-over // _TRIM_STEP) * _TRIM_STEP :]
        tokens = [_START, *(token for part in parts for token in part)]
        if len(tokens) > room:
            raise EngineError("bad_request", f"its prompt is {len(tokens)} tokens long, and there is room for {room}")
        return tokens, must

    def prefill(self, tokens: list[str], turn: Turn, *, warming: bool = False, gives_way: bool = False) -> int:
        """Bring the mirror to `tokens`; how many were decoded. At least one, except while warming."""
        mirror_tokens = self.cache.prepare(tokens, aside=warming or gives_way)
        if not warming:
            mirror_tokens = min(mirror_tokens, len(tokens) - 1)
        del self.cache.mirror[mirror_tokens:]
        decoded = 0
        for start in range(mirror_tokens, len(tokens), _CHUNK):
            if turn.cancelled():
                raise Cancelled
            if (warming or gives_way) and turn.must_yield():
                raise GaveWay(decoded, mirror_tokens)
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
        tokens, must = self.prompt(request.segments, heal=request.heal, room=room, whole=request.whole)
        gives_way = request.gives_way
        try:
            decoded, *_ = [toy.prefill(tokens, turn, warming=warming, gives_way=gives_way) for toy in ensemble]
        except GaveWay as gave:
            if not gives_way:
                raise
            _interrupt(ensemble)
            return report("", "gave way", gave.decoded_tokens, gave.cached_tokens, 0, started, 0.0)
        cached = len(tokens) - decoded
        if warming:
            return report("", "warm", decoded, cached, 0, started, started)
        before, probability = _before(request.segments), sum(toy.probability for toy in ensemble) / len(ensemble)
        says, *others = self.script or (Scripted(f"«{self.name}»:{len(tokens)}"),)
        main = Speech(stop, turn, gives_way=gives_way)
        for piece in main.say(says.tokens(before, must, probability)):
            for toy in ensemble:
                toy.cache.mirror.append(piece)
        text, reason = main.ended
        if reason == "gave way":
            _interrupt(ensemble)
        return report(
            text,
            reason,
            decoded + main.forced,
            cached,
            main.generated - main.forced,
            started,
            main.first,
            main.spelling.line_probabilities(text),
            others=tuple(
                _aside(each.tokens(before, must, probability), stop)
                for each in others[: 0 if partners else request.choices - 1]
            ),
        )


class Speech:
    """Tokens said one by one under the rules of a Stop."""

    def __init__(self, stop: Stop, turn: Turn, *, gives_way: bool = False) -> None:
        self._stop, self._turn, self._gives_way = stop, turn, gives_way
        self.spelling = Spelling(stop)
        self.generated = self.forced = 0
        self.first = 0.0  # time.monotonic() of the first token
        self.ended: tuple[str, StopReason] = ("", "end")

    def say(self, tokens: Iterable[tuple[str, str, float]]) -> Iterator[str]:
        """Say (token, text that it adds, probability) until the end; gives each token after which it goes on."""
        stop, sent = self._stop, 0
        for piece, new, probability in tokens:
            if self.generated >= stop.max_tokens:
                self.ended = self.spelling.at_end("tokens")
                return
            self._turn.on_token()
            if self._turn.cancelled():
                raise Cancelled
            self.first = self.first or time.monotonic()
            self.generated += 1
            self.forced += not new
            self.spelling.add(new, probability)
            verdict = self.spelling.verdict()
            if verdict:
                self.ended = verdict
                return
            if new:
                self._turn.on_text(self.spelling.text[sent:])
                sent = len(self.spelling.text)
            if stop.time_ms and (time.monotonic() - self.first) * 1000 >= stop.time_ms:
                self.ended = self.spelling.at_end("time")
                return
            if self._gives_way and self._turn.must_yield():
                self.ended = (self.spelling.text, "gave way")
                return
            yield piece
        self.ended = self.spelling.at_end("end")


def _interrupt(toys: Sequence[ToyExpert]) -> None:
    for toy in toys:
        toy.cache.interrupted = True


def _aside(tokens: Iterable[tuple[str, str, float]], stop: Stop) -> Choice:
    """A further choice, which nobody hears while it is said."""
    speech = Speech(stop, Turn(lambda: False, lambda: False, lambda _: None, lambda: None, lambda _: None))
    for _ in speech.say(tokens):
        pass
    return choice(*speech.ended, speech.spelling.line_probabilities(speech.ended[0]))


def _before(segments: tuple[Segment, ...]) -> str:
    """The text before the cursor."""
    first = next((index for index, segment in enumerate(segments) if not segment.control), len(segments))
    end = max((index + 1 for index, segment in enumerate(segments) if segment.control), default=0)
    return "".join(segment.text for segment in (*segments[first : first + 1], *segments[max(first + 1, end) :]))


def toy_tokens(text: str) -> list[str]:
    """The toy tokens of a text; joined they give it back."""
    return _TOKEN.findall(text)


def script_of(expert: str, environment: Mapping[str, str]) -> Sayings:
    """What LSP_EXPERTS_FAKE_TEXT lets `expert` say, () without a script."""
    text = environment.get("LSP_EXPERTS_FAKE_TEXT")
    if text is None:
        return ()
    try:
        scripts = json.loads(text) if text.startswith("{") else {"*": text}
    except ValueError:
        scripts = {"*": text}
    said = scripts.get(expert, scripts.get("*"))
    if said is None:
        return ()
    return tuple(_scripted(each) for each in (said if isinstance(said, list) else [said]))


def _scripted(said: str | Mapping[str, Any]) -> Scripted:
    return Scripted(said) if isinstance(said, str) else Scripted(said["text"], tuple(said.get("lines", ())))
