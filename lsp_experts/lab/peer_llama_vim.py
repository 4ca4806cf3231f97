"""What llama.vim does with llama.cpp's server, key by key; our own words for autoload/llama.vim of 2026-01.

- A key hides the hint, looks into the cache (type-through over up to 128 characters), and asks for the new place.
- One request is under way at a time; while it is, the next one is tried again every 100 ms. None is cancelled.
- 256 lines above and 64 below the cursor, 128 tokens; the first request of a place may generate for 250 ms, the
  speculative one, which is sent once a hint is shown, for 1000 ms.
- No request with more than 8 characters right of the cursor. A blank line is completed from its start.
- An answer is cached, also when the cursor has moved on, under its context and under that without its first one, two
  and three lines; 250 answers are kept.
Left out: its ring of chunks from other buffers, which it fills while the user is not typing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsp_experts.errors import ExpertsError
from lsp_experts.lab.peer_hint import Hint, hint_of
from lsp_experts.lab.replay_cases import Case
from lsp_experts.lab.replay_server import LOOK_S
from lsp_experts.lab.replay_typist import Cost, Ghost, Seen

_PREFIX_LINES, _SUFFIX_LINES, _TOKENS = 256, 64, 128
_FIRST_MS, _SPECULATIVE_MS, _PROMPT_MS = 250, 1000, 500
_RETRY_S = 0.1
_CACHED, _LOOK_BACK_CHARS, _MAX_RIGHT_CHARS = 250, 128, 8

Infill = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Context:
    """What a request shows the model: lines above, the cursor's line left of it, all that follows."""

    prefix: str
    middle: str
    suffix: str
    indent: int
    right_chars: int

    @property
    def key(self) -> tuple[str, str]:
        """Answers are cached under it."""
        return self.prefix + self.middle, self.suffix

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Its own key, and those of the window moved down by up to three lines."""
        found, prefix = [self.key], self.prefix
        for _ in range(3):
            prefix = prefix.partition("\n")[2]
            if not prefix:
                break
            found.append((prefix + self.middle, self.suffix))
        return found


@dataclass
class _Document:
    text: str
    offset: int
    seen: Seen
    key: int = 0  # of the last key


@dataclass
class _Spent:
    """Requests and tokens of the case so far."""

    requests: int = 0
    prompt_tokens: int = 0
    predicted_tokens: int = 0


@dataclass
class LlamaVim:
    """A Subject (lab/replay_typist.py). `infill` sends a request, `quiet` waits until the server computes nothing."""

    infill: Infill
    quiet: Callable[[], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _document: _Document | None = None
    _cache: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)
    _hint: Hint | None = None
    _job: asyncio.Task[None] | None = None
    _retry: asyncio.Task[None] | None = None
    _indent: int = -1  # of the last request
    _spent: _Spent = field(default_factory=_Spent)
    _failure: ExpertsError | None = None

    async def begin(self, case: Case, seen: Seen) -> None:
        """Open the document, have the cursor's place answered as after a key and what follows it, and look at it."""
        self._document = _Document(case.text, case.offset, lambda _ghost, _key: None)
        self._fim(case.offset, None)
        while tasks := {task for task in (self._job, self._retry) if task is not None and not task.done()}:
            await asyncio.wait(tasks)
        await self.sleep(LOOK_S)
        self._document.seen, self._spent = seen, _Spent()

    def press(self, key: int, text: str, replaced: int = 0) -> None:
        """Change the document; show what the cache has, and ask."""
        document = self._here()
        document.text = document.text[: document.offset] + text + document.text[document.offset + replaced :]
        document.offset += len(text)
        document.key = key
        self._hint = None
        self._try_hint()
        self._fim(document.offset, None)

    async def end(self) -> Cost:
        """Leave the document. The request that is under way ends by itself; no other one follows.

        ExpertsError if the server failed meanwhile.
        """
        self._document = None
        if self._retry is not None:
            self._retry.cancel()
        tasks = [task for task in (self._job, self._retry) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        self._hint = self._job = self._retry = None
        if self._failure is not None:
            raise self._failure
        await self.quiet()
        spent = self._spent
        return Cost(spent.requests, spent.prompt_tokens, spent.prompt_tokens + spent.predicted_tokens)

    # -- asking -------------------------------------------------------------------------------------------------------

    def _fim(self, offset: int | None, hint: Hint | None) -> None:
        """Ask for `offset` (None: wherever the cursor is then), or for what follows `hint` there."""
        document = self._here()
        if self._job is not None and not self._job.done():
            if self._retry is not None:
                self._retry.cancel()
            self._retry = asyncio.create_task(self._later(None if hint is None else offset, hint))
            return
        context = context_at(document.text, document.offset if offset is None else offset, hint, self._indent)
        if context.right_chars > _MAX_RIGHT_CHARS or any(self._known(key) is not None for key in context.keys):
            return
        self._indent = context.indent
        self._job = asyncio.create_task(self._ask(context, _FIRST_MS if hint is None else _SPECULATIVE_MS))

    async def _later(self, offset: int | None, hint: Hint | None) -> None:
        await self.sleep(_RETRY_S)
        self._retry = None
        if self._document is not None:
            self._fim(offset, hint)

    async def _ask(self, context: Context, predict_ms: int) -> None:
        self._spent.requests += 1
        try:
            answer = await self.infill(request_of(context, predict_ms))
        except ExpertsError as error:
            self._failure = error
            return
        timings = answer.get("timings", {})
        self._spent.prompt_tokens += timings.get("prompt_n", 0)
        self._spent.predicted_tokens += timings.get("predicted_n", 0)
        for key in context.keys:
            self._keep(key, answer.get("content", ""))
        if self._document is not None and (self._hint is None or not self._hint.acceptable):
            self._try_hint()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _try_hint(self) -> None:
        document = self._here()
        context = context_at(document.text, document.offset, None, self._indent)
        content = self._known(context.key)
        if content is None:
            content = self._typed_through(context)
        if content is None:
            return
        self._hint = hint_of(content, document.text, document.offset)
        visible = self._hint.acceptable and self._hint.text
        document.seen(Ghost(self._hint.text) if visible else None, document.key)
        self._fim(document.offset, self._hint)

    def _typed_through(self, context: Context) -> str | None:
        """The longest rest of an answer to an earlier place that the user has since typed along."""
        before, suffix = context.key
        rests = []
        for back in range(1, min(_LOOK_BACK_CHARS, len(before) - 1) + 1):
            content = self._known((before[:-back], suffix))
            if content and content[:back] == before[-back:] and len(content) > back:
                rests.append(content[back:])
        return max(rests, key=len, default=None)

    def _known(self, key: tuple[str, str]) -> str | None:
        content = self._cache.get(key)
        if content is not None:
            self._cache.move_to_end(key)
        return content

    def _keep(self, key: tuple[str, str], content: str) -> None:
        self._cache[key] = content
        self._cache.move_to_end(key)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)

    def _here(self) -> _Document:
        if self._document is None:
            raise RuntimeError("no document is open")
        return self._document


def context_at(text: str, offset: int, hint: Hint | None, last_indent: int) -> Context:
    """The context of a cursor, or of the one behind `hint` as if that had been accepted."""
    row = text.count("\n", 0, offset)
    lines = text.split("\n")
    line = lines[row]
    column = offset - (text.rfind("\n", 0, offset) + 1)
    above = lines[max(0, row - _PREFIX_LINES) : row]
    below = lines[row + 1 : row + 1 + _SUFFIX_LINES]
    left, right, indent = line[:column], line[column:], _leading(line)
    if hint is not None:
        lengthened = hint.lines
        above = lines[max(0, row - _PREFIX_LINES + len(lengthened) - 1) : row]
        left, right, indent = lengthened[-1], "", last_indent
        if len(lengthened) == 1:
            left = line + lengthened[0]
        else:
            above = [*above, line + lengthened[0], *lengthened[1:-1]]
    elif not line.strip():
        left, right, indent = "", "", 0
    return Context("\n".join(above) + "\n", left, right + "\n" + "\n".join(below) + "\n", indent, len(right))


def request_of(context: Context, predict_ms: int) -> dict[str, Any]:
    """The body of `POST /infill`."""
    return {
        "id_slot": 0,
        "input_prefix": context.prefix,
        "input_suffix": context.suffix,
        "input_extra": [],
        "prompt": context.middle,
        "n_predict": _TOKENS,
        "stop": [],
        "n_indent": context.indent,
        "top_k": 40,
        "top_p": 0.90,
        "samplers": ["top_k", "top_p", "infill"],
        "stream": False,
        "cache_prompt": True,
        "t_max_prompt_ms": _PROMPT_MS,
        "t_max_predict_ms": predict_ms,
    }


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
