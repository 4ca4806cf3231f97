"""Having the expert ready before the first keystroke: load on focus, decode what is known of the prompt, and while
nobody types a better prompt: its anchor closer, with more of what other files say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from lsp_experts.completion.held import Held, hold
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.serving import CompletionEngine
from lsp_experts.completion.session import Session
from lsp_experts.engine.protocol import Complete, Segment, Stop
from lsp_experts.errors import EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.settings import Settings

log = logging.getLogger(__name__)
WARM_PRIORITY = 10
IDLE_S = 1.5  # without a request, before an anchor moves: longer than a pause in typing


class Warmer:
    """Background work for the focused document; a newer focus replaces it, a keystroke goes before it."""

    def __init__(
        self,
        pool: Pool,
        engine: CompletionEngine,
        prompts: Prompts,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool, self._engine, self._prompts = pool, engine, prompts
        self._sleep = sleep
        self._focus: asyncio.Task[None] | None = None
        self._idle: asyncio.Task[None] | None = None

    def focus(
        self, session: Session, experts: tuple[str, ...], why: str, settings: Settings, then: Callable[[], None]
    ) -> None:
        """Get the first of `experts` ready for `session`, then the others (the interpreter), in the background.

        `then` is called when the first one is HOT and warm.
        """
        self._focus = self._replace(self._focus, self._prepare(session, experts, why, settings, then))

    def settle(self, session: Session, expert: str, settings: Settings) -> None:
        """After an answer: when no request follows for a while, have a better prompt for the place."""
        if settings.warm and settings.prompt_style == "anchored":
            self._idle = self._replace(self._idle, self._improve(session, expert, settings))

    def wake(self) -> None:
        """The user goes on: what was being prepared for a pause is for a place that was left, and gives way at once."""
        if self._idle is not None:
            self._idle.cancel()

    def rest(self) -> None:
        """End the background work: nobody works in its document any more."""
        for task in (self._focus, self._idle):
            if task is not None:
                task.cancel()

    async def close(self) -> None:
        """Stop all background work."""
        self.rest()
        tasks = [task for task in (self._focus, self._idle) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _replace(self, old: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if old is not None:
            old.cancel()
        return asyncio.get_running_loop().create_task(work)

    async def _prepare(
        self, session: Session, experts: tuple[str, ...], why: str, settings: Settings, then: Callable[[], None]
    ) -> None:
        first_is_ready = False
        for rank, expert in enumerate(experts):
            if rank == 0:
                self._pool.preload(expert, why)
            else:  # a guess, for the time until an expert is there: it must not take the place of one
                self._pool.preload(expert, "the interpreter answers while an expert loads", urgency="next")
            ready = await self._pool.ready(expert)
            if rank == 0:
                first_is_ready = ready
            if ready and rank == 0 and settings.warm:
                await self._look_up(session, settings)
            held = hold(self._pool, expert) if ready and rank == 0 and settings.warm else None
            if held is not None:
                with held:
                    await self._warm(held, self._prompts.known(session, held.lease, settings))
        if first_is_ready:
            then()

    async def _improve(self, session: Session, expert: str, settings: Settings) -> None:
        await self._sleep(IDLE_S)
        await self._look_up(session, settings)
        held = hold(self._pool, expert)
        if held is None:
            return
        version = session.view.version
        with held:
            better = self._prompts.closer(session, held.lease, settings)
            if better is None:
                return
            if await self._warm(held, better.prompt, keep_prefill=False) and session.view.version == version:
                session.anchors[expert] = better.anchor
                session.contexts[expert] = better.excerpts

    async def _look_up(self, session: Session, settings: Settings) -> None:
        """Have the files read that the document imports, so that a prompt may show them."""
        if settings.context_chars:
            languages = self._prompts.languages(session)
            await self._prompts.memory.look_up(session.view, session.language, languages, settings)

    async def _warm(self, held: Held, prompt: tuple[Segment, ...], *, keep_prefill: bool = True) -> bool:
        """Decode `prompt` into the KV cache; whether that was done to its end.

        `keep_prefill`: who comes in between needs its head too, so that the chunk under way is worth finishing.
        """
        if not prompt:
            return False
        call = self._engine.complete(
            Complete(held.lease.expert, prompt, heal=False, stop=Stop(max_tokens=0), priority=WARM_PRIORITY)
        )
        held.runs(call)
        try:
            await call.result()
        except asyncio.CancelledError:
            call.cancel(keep_prefill=keep_prefill)
            raise
        except EngineError as error:  # warming is a favour: the request that needs it will say what is wrong
            held.lease.lost(error)
            log.info("warming %s: %s", held.lease.expert, error.code)
            return False
        return True
