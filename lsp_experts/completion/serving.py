"""Who answers a request now: the best expert of the chain if it is HOT or a moment away, else the next HOT one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lsp_experts.completion.held import Held, hold
from lsp_experts.completion.silence import Silence
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.pool.pool import Pool
from lsp_experts.routing.chain import Candidate, Chain

# Unparking takes 10 to 40 ms; a wish that has to wait behind another load is not waited for longer than this.
UNPARK_GUARD_S = 0.4
Saving = Callable[[], str]  # "full": not saving; "save": only a request loads; "off": nothing loads


class CompletionEngine(Protocol):
    """The part of engine/supervisor.py that completions need."""

    def complete(self, request: Complete) -> Call[CompleteReport]:
        """Start a completion."""
        ...


@dataclass(frozen=True)
class Served:
    """The expert that answers, in use."""

    candidate: Candidate
    held: Held
    engine: CompletionEngine | None = None  # who computes, if it is not this machine's engine


class Serving:
    """Takes leases for requests. A keystroke waits for an unpark, never for a load."""

    def __init__(self, pool: Pool, saving: Saving, unpark_guard_s: float = UNPARK_GUARD_S) -> None:
        self._pool, self._saving = pool, saving
        self._unpark_guard_s = unpark_guard_s

    async def serve(self, route: Chain) -> Served | Silence:
        """A use of the first expert of `route` that is HOT, or why there is none."""
        if not route.candidates:
            skipped = "; ".join(f"{expert}: {why}" for expert, why in route.skipped[:3])
            return Silence("no expert", skipped or "no registry entry names this language")
        may_load = self._saving() != "off"
        wanted, parked, wish = self._want(route, may_load=may_load)
        if parked:
            await self._unparked(wanted)
        for candidate in route.candidates:
            held = hold(self._pool, candidate.expert)
            if held is not None:
                return Served(candidate, held)
        if not may_load:
            return Silence("saving battery", f"{wanted} is not loaded")
        on_its_way = wish is not None and not wish.done()
        return Silence("loading" if on_its_way else "not ready", f"{wanted}: {self._pool.why_not(wanted)}")

    def _want(self, route: Chain, *, may_load: bool) -> tuple[str, bool, asyncio.Task[bool] | None]:
        """The first expert that is HOT or can come in (the chain's first where none can), whether it is only parked,
        and the wish for it."""
        for candidate in route.candidates:
            state = self._pool.state_of(candidate.expert)
            parked = state in ("PARKED", "UNPARKING")
            wish = self._pool.preload(candidate.expert, "a request in its language") if may_load or parked else None
            if wish is not None or state == "HOT":
                return candidate.expert, parked, wish
        return route.candidates[0].expert, False, None

    async def _unparked(self, expert: str) -> None:
        try:
            await asyncio.wait_for(self._pool.ready(expert), self._unpark_guard_s)
        except TimeoutError:
            return  # whoever is HOT answers
