"""Which experts are in memory: wishes come in, one move at a time goes out, measured sizes stay within the budget.

Everything happens on one event loop. Who leaves is decided by policy.py, the moves are made by runner.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.engine_port import EnginePort
from lsp_experts.pool.header import Shape, read_shape
from lsp_experts.pool.holding import Holding
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.ledger import Ledger
from lsp_experts.pool.measured import MeasuredSizes
from lsp_experts.pool.model import ExpertStatus, Model, State, Urgency
from lsp_experts.pool.moves import Moves
from lsp_experts.pool.page_cache import PageCachePort
from lsp_experts.pool.prefetch import NoPageCache, Prefetch
from lsp_experts.pool.runner import WITHDRAWN, Runner
from lsp_experts.pool.wishes import Wish, Wishes

__all__ = ["EnginePort", "ExpertStatus", "Lease", "MeasuredSizes", "Model", "Pool", "State", "Urgency"]

log = logging.getLogger(__name__)
_CLOSING = "the server is closing"


def _nothing(expert: str, fraction: float) -> None:
    return None


async def _outcome(wish: Wish) -> bool:
    return await asyncio.shield(wish.outcome)


class Pool:
    """The experts of one engine under a budget of bytes.

    `locate` finds and checks an expert's file; it may block and runs in a thread. `clock` gives seconds, monotonic.
    `on_change` is called after each change of a state, `on_progress` with (expert, 0..1) while one loads.
    `sizes` remembers what experts took, `page_cache` reads files ahead that do not fit, `sleep` waits seconds.
    """

    def __init__(
        self,
        engine: EnginePort,
        *,
        budget_bytes: int,
        locate: Callable[[str], Model],
        clock: Callable[[], float],
        on_change: Callable[[], None],
        on_progress: Callable[[str, float], None] = _nothing,
        shape_of: Callable[[Path], Shape | None] = read_shape,
        sizes: MeasuredSizes | None = None,
        page_cache: PageCachePort | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        sizes = sizes or MeasuredSizes()
        self._engine, self._clock, self._tell = engine, clock, on_change
        self._ledger = Ledger(lambda: engine.generation, self._changed, clock, sizes)
        self._wishes = Wishes()
        self._prefetch = Prefetch(page_cache or NoPageCache(), clock)
        self._runner = Runner(
            self._wishes,
            self._ledger,
            Moves(engine, self._ledger, on_progress),
            budget_bytes=budget_bytes,
            locate=locate,
            shape_of=shape_of,
            clock=clock,
            sleep=sleep,
            refused=lambda expert: engine.quarantined.get(expert, ""),
            sizes=sizes,
            prefetch=self._prefetch,
            changed=self._changed,
        )
        self._closed = False

    # --- asking for experts

    def preload(self, expert: str, why: str, *, urgency: Urgency = "now") -> asyncio.Task[bool] | None:
        """Ask for `expert`; the task says whether it became HOT. None: it is HOT, or asking is no use (why_not).

        Never raises. A wish for an expert that is on its way joins it; cancelling the task takes nothing back.
        "next" is a guess: it comes after every other wish, displaces only what is idle and less likely, and what does
        not fit is read into the page cache instead.
        """
        self._ledger.notice_restart()
        if self._closed:
            return None
        holding = self._ledger.open(expert)
        if holding.state == "HOT":
            if urgency == "now":
                holding.last_used_s, holding.why = self._clock(), why
            return None
        loading = self._runner.loading
        if loading is not None and loading.expert == expert:
            loading.withdrawn = False
            loading.urgency = "now" if urgency == "now" else loading.urgency
            return loading.task
        if expert in self._engine.quarantined or self._clock() < holding.retry_at_s:
            return None
        holding.why = why
        wish = self._wishes.get(expert)
        if wish is None:
            wish = self._wish(holding, why, urgency)
        elif urgency == "now":
            wish.urgency = urgency
            self._wishes.add(wish)  # it is the newest again
        if urgency == "now":
            self._prefetch.cancel()
            if not holding.pinned:
                self._runner.blocked = None
        self._runner.drop_superseded()
        self._runner.wake()
        return wish.task

    def withdraw(self, expert: str) -> None:
        """Nobody wants `expert` any more: a wish that has not started ends, reading its file ahead stops.

        A load that runs goes on, since the expert is nearly there; it is not tried again if it fails.
        """
        holding, wish = self._ledger.of(expert), self._wishes.get(expert)
        if self._runner.blocked is not None and self._runner.blocked.expert == expert:
            self._runner.blocked = None
        if self._runner.loading is not None and self._runner.loading.expert == expert:
            self._runner.loading.withdrawn = True
        if wish is not None:
            self._runner.finish(wish, WITHDRAWN)
            self._runner.wake()  # another one may have stood behind it
        if holding.model is not None:
            self._prefetch.cancel(holding.model.path)

    def expect(self, probabilities: Mapping[str, float]) -> None:
        """How likely each expert is to be needed soon, 0..1, instead of what was expected before."""
        self._ledger.expected = dict(probabilities)

    async def ready(self, expert: str) -> bool:
        """Wait until the wish for `expert`, if there is one, ended. Whether it is HOT."""
        self._ledger.notice_restart()
        loading = self._runner.loading
        wish = loading if loading is not None and loading.expert == expert else self._wishes.get(expert)
        if wish is None:
            return self._ledger.of(expert).state == "HOT"
        wish.waiters += 1
        try:
            return await asyncio.shield(wish.outcome)
        finally:
            wish.waiters -= 1
            self._runner.drop_superseded()

    async def settled(self) -> None:
        """Wait until every wish ended and the sizes after it were measured (demo, bench, tests)."""
        await self._runner.settled()

    def lease(self, expert: str, on_revoke: Callable[[], None] | None = None) -> Lease | None:
        """A use of `expert` if it is HOT now, else None. Never waits, never loads.

        With `on_revoke` the pool may take the expert's place while the lease is open: then the lease is dead,
        `on_revoke` is called once, and what runs on the expert is aborted. Without it the expert stays.
        """
        self._ledger.notice_restart()
        holding = self._ledger.of(expert)
        if self._closed or holding.state != "HOT" or holding.report is None:
            return None
        stay = holding.stay

        def is_alive() -> bool:
            self._ledger.notice_restart()
            return not self._closed and holding.state == "HOT" and holding.stay == stay

        def on_release(lease: Lease) -> None:
            if is_alive():
                self._released(holding, lease)

        def on_lost(error: EngineError) -> None:
            if not is_alive():
                return
            if isinstance(error, EngineDied) or error.code == "died":
                self._ledger.lose(error.message)
            else:
                self._ledger.cool(holding, error.message)

        lease = Lease(
            expert, holding.report, is_alive=is_alive, on_release=on_release, on_lost=on_lost, on_revoke=on_revoke
        )
        holding.leases.append(lease)
        holding.last_used_s = self._clock()
        return lease

    # --- what is known

    @property
    def budget_bytes(self) -> int:
        """Bytes that the engine may hold."""
        return self._runner.budget_bytes

    @property
    def tight(self) -> bool:
        """Whether memory is short outside of the engine."""
        return self._runner.tight

    @property
    def resident_bytes(self) -> int:
        """Bytes that the engine held when it was last measured, everything included."""
        return self._ledger.engine_bytes

    @property
    def coming_in(self) -> str | None:
        """The expert that is being loaded or unparked because it is needed now; guesses do not count."""
        loading = self._runner.loading
        if loading is None or loading.urgency != "now":
            return None
        return loading.expert if self._ledger.of(loading.expert).state in ("LOADING", "UNPARKING") else None

    def states(self) -> tuple[ExpertStatus, ...]:
        """Every expert that was asked for, by name."""
        self._ledger.notice_restart()
        return tuple(
            holding.status(self._shown(holding), self.why_not(holding.expert), self._ledger.probability(holding))
            for holding in self._ledger
        )

    def state_of(self, expert: str) -> State:
        """The state of one expert; never CACHED, since that look costs milliseconds and keystrokes ask this."""
        self._ledger.notice_restart()
        return self._ledger.of(expert).state

    def why_not(self, expert: str) -> str:
        """Why `expert` is not HOT, for people; "" if it is."""
        self._ledger.notice_restart()
        holding = self._ledger.of(expert)
        if holding.state == "HOT":
            return ""
        if expert in self._engine.quarantined:
            return f"quarantined: {self._engine.quarantined[expert]}"
        wish = self._wishes.get(expert)
        if wish is not None:
            return wish.waits or "waiting for its turn to load"
        return holding.reason

    # --- changing and ending

    def set_budget(self, budget_bytes: int, *, tight: bool = False) -> None:
        """Change the budget in bytes; what does not fit any more leaves, what is in use when it is free.

        `tight`: memory is short outside of the engine, so that idle experts leave down to the last one.
        """
        if (budget_bytes, tight) == (self._runner.budget_bytes, self._runner.tight):
            return
        self._runner.budget_bytes, self._runner.tight = budget_bytes, tight
        if self._closed:
            return
        self._retry_blocked()
        self._runner.trim_soon()

    def file_changed(self, expert: str) -> None:
        """Its file was pulled or replaced: the next wish tries it at once, whatever failed before.

        If another file is in memory under its name, that one leaves.
        """
        self._ledger.of(expert).forgive()
        self._doubt(expert)

    def settings_changed(self) -> None:
        """`locate` may say something else of any expert now: another one may be pinned."""
        for holding in self._ledger:
            self._doubt(holding.expert)

    def _doubt(self, expert: str) -> None:
        if not self._closed and self._ledger.of(expert).there:
            self._runner.doubt(expert)

    async def close(self) -> None:
        """Forget every wish (their tasks give False) and stop. The engine is closed by whoever made it."""
        self._closed = True
        self._prefetch.cancel()
        await self._runner.close(_CLOSING)

    # --- small steps

    def _wish(self, holding: Holding, why: str, urgency: Urgency) -> Wish:
        loop = asyncio.get_running_loop()
        wish = Wish(holding.expert, why, self._clock(), loop.create_future(), urgency)
        wish.pinned = holding.model.pinned if holding.model is not None else None
        wish.task = loop.create_task(_outcome(wish))
        self._wishes.add(wish)
        return wish

    def _shown(self, holding: Holding) -> State:
        if holding.state == "COLD" and holding.model is not None and self._prefetch.is_cached(holding.model.path):
            return "CACHED"
        return holding.state

    def _changed(self) -> None:
        try:
            self._tell()
        except Exception:  # a display that is gone must not stop the pool
            log.exception("pool: on_change")

    def _retry_blocked(self) -> None:
        blocked, self._runner.blocked = self._runner.blocked, None
        if blocked is not None:
            self.preload(blocked.expert, blocked.why)

    def _released(self, holding: Holding, lease: Lease) -> None:
        holding.leases.remove(lease)
        holding.last_used_s = self._clock()
        if not holding.leases:
            self._retry_blocked()
            self._runner.trim_if_over()
