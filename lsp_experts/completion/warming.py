"""Having the expert ready before the first keystroke: load on focus, decode what is known of the prompt, move anchors
closer while nobody types."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from lsp_experts.completion.anchor import is_far, place, prompt_text
from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.session import Session
from lsp_experts.completion.templates import FimTemplate, segments, warm_segments
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport, Segment, Stop
from lsp_experts.errors import EngineError
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.pool import Pool
from lsp_experts.settings import Settings

log = logging.getLogger(__name__)
WARM_PRIORITY = 10
IDLE_S = 1.5  # without a request, before an anchor moves: longer than a pause in typing


class CompletionEngine(Protocol):
    """The part of engine/supervisor.py that completions need."""

    def complete(self, request: Complete) -> Call[CompleteReport]:
        """Start a completion."""
        ...


class Warmer:
    """Background work for the focused document; a newer focus replaces it, a keystroke goes before it."""

    def __init__(
        self,
        pool: Pool,
        engine: CompletionEngine,
        template_of: Callable[[Lease], FimTemplate | None],
        pace: Pace,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool, self._engine = pool, engine
        self._template_of = template_of
        self._pace = pace
        self._sleep = sleep
        self._focus: asyncio.Task[None] | None = None
        self._idle: asyncio.Task[None] | None = None

    def focus(self, session: Session, experts: tuple[str, ...], why: str, settings: Settings) -> None:
        """Get the first of `experts` ready for `session`, then the others (the interpreter), in the background."""
        self._focus = self._replace(self._focus, self._prepare(session, experts, why, settings))

    def settle(self, session: Session, expert: str, settings: Settings) -> None:
        """After an answer: when no request follows for a while, move a far anchor closer to the cursor."""
        if settings.warm and settings.prompt_style == "anchored":
            self._idle = self._replace(self._idle, self._move_anchor(session, expert, settings))

    async def close(self) -> None:
        """Stop all background work."""
        tasks = [task for task in (self._focus, self._idle) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _replace(self, old: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if old is not None:
            old.cancel()
        return asyncio.get_running_loop().create_task(work)

    async def _prepare(self, session: Session, experts: tuple[str, ...], why: str, settings: Settings) -> None:
        for rank, expert in enumerate(experts):
            self._pool.preload(expert, why if rank == 0 else "the interpreter answers while an expert loads")
            ready = await self._pool.ready(expert)
            lease = self._pool.lease(expert) if ready and rank == 0 and settings.warm else None
            if lease is not None:
                with lease:
                    await self._warm(expert, self._known_prompt(session, expert, lease, settings))

    def _known_prompt(self, session: Session, expert: str, lease: Lease, settings: Settings) -> tuple[Segment, ...]:
        template, view = self._template_of(lease), session.view
        anchor = session.anchors.get(expert)
        if anchor is not None and session.offset is not None and session.offset <= len(view.text):
            text = prompt_text(anchor, view.text, session.offset)
            return segments(template, text.head, text.suffix, text.tail)
        if len(view.text) > self._pace.fitted(expert, settings).prefix_chars:
            return ()  # where the head begins depends on the cursor
        return warm_segments(template, plain_newlines(view.text))

    async def _move_anchor(self, session: Session, expert: str, settings: Settings) -> None:
        await self._sleep(IDLE_S)
        view, offset, anchor = session.view, session.offset, session.anchors.get(expert)
        if offset is None or anchor is None or offset > len(view.text):
            return
        if not is_far(anchor, view.text, offset, settings):
            return
        lease = self._pool.lease(expert)
        if lease is None:
            return
        closer = place(view.text, offset, self._pace.fitted(expert, settings))
        text = prompt_text(closer, view.text, offset)
        with lease:
            done = await self._warm(expert, segments(self._template_of(lease), text.head, text.suffix, text.tail))
        if done and session.view.version == view.version:
            session.anchors[expert] = closer

    async def _warm(self, expert: str, prompt: tuple[Segment, ...]) -> bool:
        """Decode `prompt` into the KV cache; whether that was done to its end."""
        if not prompt:
            return False
        call = self._engine.complete(
            Complete(expert, prompt, heal=False, stop=Stop(max_tokens=0), priority=WARM_PRIORITY)
        )
        try:
            await call.result()
        except asyncio.CancelledError:
            call.cancel(keep_prefill=True)
            raise
        except EngineError as error:  # warming is a favour: the request that needs it will say what is wrong
            log.info("warming %s: %s", expert, error.code)
            return False
        return True
