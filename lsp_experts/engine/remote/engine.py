"""An engine that is elsewhere: completions asked of a host over `/completions`, in the form of the local engine's."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.engine.remote import health
from lsp_experts.engine.remote.body import body
from lsp_experts.engine.remote.healing import head_of
from lsp_experts.engine.remote.health import Health
from lsp_experts.engine.remote.host import Host
from lsp_experts.engine.remote.speech import Speech
from lsp_experts.engine.remote.wording import worded
from lsp_experts.errors import EngineError, RemoteFailed, UsageError
from lsp_experts.registry.endpoint import host_of
from lsp_experts.registry.entry import Entry

AFFINITY_HEADER = "X-LSP-Experts-Document"  # for load balancers: the same document, the same host, the same cache


@dataclass
class _Asked:
    """A request under way and its figures; times in seconds of the clock, tokens of both tries where it took two."""

    call: Call[CompleteReport]
    request: Complete
    headers: Mapping[str, str]
    started: float = 0.0
    first: float = 0.0  # when the first token came, 0.0: none yet
    prompt_tokens: int = 0
    cached_tokens: int = 0
    decoded_tokens: int = 0


class RemoteEngine:
    """Completes prompts on the host of a remote expert; that the user allowed it is the caller's business to know."""

    def __init__(
        self,
        entry: Entry,
        *,
        controls: Sequence[str],
        time_limit_ms: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`controls`: texts that spell control tokens of any model. `time_limit_ms` is asked at each request.

        `clock` gives monotonic seconds. UsageError if the entry names no endpoint.
        """
        if entry.remote is None:
            raise UsageError(f"{entry.id} is no remote expert.")
        self.entry, self.remote = entry, entry.remote
        self.health = Health()
        self._controls, self._time_limit_ms, self._clock = tuple(controls), time_limit_ms, clock
        self._environment = environment
        self._secret = secrets.token_bytes(16)
        self._opening: asyncio.Task[Host] | None = None
        self._tasks: set[asyncio.Task[CompleteReport]] = set()
        self._probe: asyncio.Task[CompleteReport] | None = None
        self._requests = 0
        self._closed = False

    def complete(self, request: Complete, *, affinity: str = "") -> Call[CompleteReport]:
        """Complete a prompt; `partners`, `choices` and drafts are left to the host. Ends with RemoteFailed, or
        "bad_request" where the text cannot be said to a host; while the host rests it fails without a byte sent.

        `affinity` is the document's URI: requests with the same one should reach the same host behind a balancer. What
        is sent of it is a keyed hash.
        """
        if self._closed:
            return Call.failed(EngineError("cancelled", "the engine is closed"))
        try:
            prompt = worded(request.segments, self._controls)
        except EngineError as error:
            return Call.failed(error)
        if not health.may_ask(self.health, self._clock()):
            return Call.failed(health.at_rest(self.health, self.entry.id))
        self.health = health.asked(self.health)
        self._requests += 1
        call: Call[CompleteReport] = Call(self._requests, lambda keep_prefill: self._cancel(task))
        stop = replace(request.stop, texts=(*request.stop.texts, *self._controls))
        asked = _Asked(call, replace(request, stop=stop), self._headers(affinity))
        task = asyncio.create_task(self._run(asked, prompt))
        self._tasks.add(task)
        if self.health.probing:
            self._probe = task
        task.add_done_callback(lambda task: self._done(task, call))
        return call

    async def close(self) -> None:
        """End every open call and close the connections. Twice is fine."""
        self._closed = True
        tasks = {*self._tasks, *([self._opening] if self._opening else ())}
        for task in self._tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._opening and not self._opening.exception():
            await self._opening.result().close()
        self._opening = None

    def _headers(self, affinity: str) -> Mapping[str, str]:
        if not affinity:
            return {}
        name = affinity.encode("utf-8", "surrogatepass")
        return {AFFINITY_HEADER: hmac.new(self._secret, name, hashlib.sha256).hexdigest()[:16]}

    async def _run(self, asked: _Asked, prompt: str) -> CompleteReport:
        host = await self._host()
        limit_ms = self._time_limit_ms()
        asked.started = self._clock()
        try:
            async with asyncio.timeout(limit_ms / 1000):
                head = head_of(asked.request.segments) if asked.request.heal else ""
                speech = await self._hear(host, asked, prompt, head)
                if speech.unhealable:
                    speech = await self._hear(host, asked, prompt, "")
        except TimeoutError:
            raise RemoteFailed("too late", f"{host.name} did not answer within {limit_ms} ms.") from None
        except OverflowError:
            raise RemoteFailed("too much", f"{host.name} says more than was asked for.") from None
        except RemoteFailed as error:
            if error.reason == "key refused":  # the next request reads the key again
                self._opening = None
                await host.close()
            raise
        return self._report(asked, speech)

    async def _hear(self, host: Host, asked: _Asked, prompt: str, head: str) -> Speech:
        """One try: the prompt without `head`, which is to be spelled again."""
        stop = asked.request.stop
        speech = Speech(stop, head)
        question = body(self.remote, prompt[: len(prompt) - len(head)], head, max(1, stop.max_tokens) + len(head))
        sent = 0
        async with aclosing(host.said(question, asked.headers)) as answer:
            async for said in answer:
                speech.hear(said)
                now = self._clock()
                asked.first = asked.first or (now if speech.heard else 0.0)
                if speech.over:
                    break
                if stop.time_ms and asked.first and not speech.must and (now - asked.first) * 1000 >= stop.time_ms:
                    speech.end("time")
                    break
                if piece := speech.spelling.text[sent:]:
                    asked.call.add_piece(piece)
                    sent += len(piece)
        if not speech.over:
            raise RemoteFailed("unreachable", f"{host.name} hung up before it had answered.")
        asked.prompt_tokens += speech.prompt_tokens
        asked.cached_tokens += speech.cached_tokens
        asked.decoded_tokens += max(speech.heard, speech.told_tokens)
        return speech

    def _report(self, asked: _Asked, speech: Speech) -> CompleteReport:
        text, reason = speech.ended or speech.spelling.at_end("end")
        if asked.request.stop.max_tokens <= 0:
            text, reason = "", "warm"
        lines = speech.spelling.line_probabilities(text)
        now = self._clock()
        return CompleteReport(
            text=text,
            stop=reason,
            prompt_tokens=asked.prompt_tokens,
            cached_tokens=asked.cached_tokens,
            decoded_tokens=asked.decoded_tokens,
            first_token_ms=round(((asked.first or now) - asked.started) * 1000, 3),
            total_ms=round((now - asked.started) * 1000, 3),
            joint_probability=math.prod(lines),
            line_probabilities=lines,
        )

    async def _host(self) -> Host:
        """The open client; the first request makes it, in a thread, and no time limit counts that."""
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(Host, self.remote, self._environment))
            self._opening.add_done_callback(lambda opening: opening.exception())  # all who wait may be gone
        opening = self._opening
        try:
            return await asyncio.shield(opening)
        except RemoteFailed:
            if self._opening is opening:
                self._opening = None
            raise

    def _cancel(self, task: asyncio.Task[CompleteReport]) -> None:
        task.cancel()
        self._give_up(task)  # at once: who cancels asks again in the same breath

    def _give_up(self, task: asyncio.Task[CompleteReport]) -> None:
        if self._probe is task:
            self._probe = None
            self.health = health.abandoned(self.health)

    def _done(self, task: asyncio.Task[CompleteReport], call: Call[CompleteReport]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._give_up(task)
            call.end(EngineError("cancelled", "the request was cancelled"))
            return
        error = task.exception()
        if error is None:
            self.health = health.answered()
            call.end(task.result())
            return
        if not isinstance(error, RemoteFailed):
            name = host_of(self.remote.endpoint)
            error = RemoteFailed("not an answer", f"{name} answers with what nobody expected ({type(error).__name__}).")
        self.health = health.failed(self.health, error, self._clock())
        call.end(error)
