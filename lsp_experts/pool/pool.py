"""Which experts are in memory: wishes come in, one load at a time goes out, measured sizes stay within the budget.

Everything happens on one event loop. Who leaves is decided by policy.py; this file holds the state and has the effects.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from lsp_experts.engine.protocol import LoadReport
from lsp_experts.errors import BudgetExceeded, EngineDied, EngineError, ExpertsError
from lsp_experts.pool.engine_port import EnginePort
from lsp_experts.pool.header import Shape, read_shape
from lsp_experts.pool.holding import Holding
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.ledger import Ledger
from lsp_experts.pool.model import ExpertStatus, Model, State
from lsp_experts.pool.policy import Evict, Refuse, plan, trim
from lsp_experts.pool.prediction import predict_resident_bytes
from lsp_experts.pool.wishes import Wish, Wishes

__all__ = ["EnginePort", "ExpertStatus", "Lease", "Model", "Pool", "State"]

log = logging.getLogger(__name__)
_CLOSING = "the server is closing"
_REMEDY = "Raise lspExperts.memoryBudgetBytes, or use a smaller expert."


def _nothing(expert: str, fraction: float) -> None:
    return None


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, ExpertsError) else f"{type(error).__name__}: {error}"


async def _outcome(wish: Wish) -> bool:
    return await asyncio.shield(wish.outcome)


class Pool:
    """The experts of one engine under a budget of bytes.

    `locate` finds and checks an expert's file; it may block and runs in a thread. `clock` gives seconds.
    `on_change` is called after each change of a state, `on_progress` with (expert, 0..1) while one loads.
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
    ) -> None:
        self._engine = engine
        self._budget_bytes = budget_bytes
        self._locate = locate
        self._clock = clock
        self._tell = on_change
        self._on_progress = on_progress
        self._shape_of = shape_of
        self._ledger = Ledger(lambda: engine.generation, self._changed)
        self._wishes = Wishes()
        self._loading: Wish | None = None
        self._blocked: Wish | None = None  # the newest wish that only leases keep out
        self._trim_due = False
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    # --- asking for experts

    def preload(self, expert: str, why: str) -> asyncio.Task[bool] | None:
        """Ask for `expert`; the task says whether it became HOT. None: it is HOT, or asking is no use (why_not).

        Never raises. A wish for an expert that is on its way joins it; cancelling the task takes nothing back.
        """
        self._ledger.notice_restart()
        if self._closed:
            return None
        holding = self._ledger.open(expert)
        now = self._clock()
        if holding.state == "HOT":
            holding.last_used, holding.why = now, why
            return None
        if self._loading is not None and self._loading.expert == expert:
            return self._loading.task
        if expert in self._engine.quarantined or now < holding.retry_at:
            return None
        holding.why = why
        wish = self._wishes.get(expert)
        if wish is None:
            loop = asyncio.get_running_loop()
            wish = Wish(expert, why, now, loop.create_future())
            wish.pinned = holding.model.pinned if holding.model is not None else None
            wish.task = loop.create_task(_outcome(wish))
        if not holding.pinned:
            self._blocked = None
        self._wishes.add(wish)
        self._drop_superseded()
        self._wake()
        return wish.task

    async def ready(self, expert: str) -> bool:
        """Wait until the wish for `expert`, if there is one, ended. Whether it is HOT."""
        self._ledger.notice_restart()
        loading = self._loading
        wish = loading if loading is not None and loading.expert == expert else self._wishes.get(expert)
        if wish is None:
            return self._ledger.of(expert).state == "HOT"
        wish.waiters += 1
        try:
            return await asyncio.shield(wish.outcome)
        finally:
            wish.waiters -= 1
            self._drop_superseded()

    async def settled(self) -> None:
        """Wait until every wish ended and the sizes after it were measured (demo, bench, tests)."""
        while self._runner is not None and not self._runner.done():
            await asyncio.wait({self._runner})

    def lease(self, expert: str) -> Lease | None:
        """A use of `expert` if it is HOT now, else None. Never waits, never loads."""
        self._ledger.notice_restart()
        holding = self._ledger.of(expert)
        if self._closed or holding.state != "HOT" or holding.report is None:
            return None
        holding.leases += 1
        holding.last_used = self._clock()
        number = holding.load_number

        def is_alive() -> bool:
            self._ledger.notice_restart()
            return not self._closed and holding.state == "HOT" and holding.load_number == number

        def on_release() -> None:
            if is_alive():
                self._released(holding)

        def on_lost(error: EngineError) -> None:
            if not is_alive():
                return
            if isinstance(error, EngineDied) or error.code == "died":
                self._ledger.lose(error.message)
            else:
                self._ledger.cool(holding, error.message)

        return Lease(expert, holding.report, is_alive=is_alive, on_release=on_release, on_lost=on_lost)

    # --- what is known

    @property
    def budget_bytes(self) -> int:
        """Bytes that the engine may hold."""
        return self._budget_bytes

    @property
    def resident_bytes(self) -> int:
        """Bytes that the engine held when it was last measured, everything included."""
        return self._ledger.engine_bytes

    def states(self) -> tuple[ExpertStatus, ...]:
        """Every expert that was asked for, by name."""
        self._ledger.notice_restart()
        return tuple(holding.status(self.why_not(holding.expert)) for holding in self._ledger)

    def why_not(self, expert: str) -> str:
        """Why `expert` is not HOT, for people; "" if it is."""
        self._ledger.notice_restart()
        holding = self._ledger.of(expert)
        if holding.state == "HOT":
            return ""
        if expert in self._engine.quarantined:
            return f"quarantined: {self._engine.quarantined[expert]}"
        if holding.state == "LOADING":
            return "loading"
        return "waiting for its turn to load" if self._wishes.get(expert) is not None else holding.reason

    # --- changing and ending

    def set_budget(self, budget_bytes: int) -> None:
        """Change the budget in bytes; experts that do not fit any more leave, those in use when they are free."""
        self._budget_bytes = budget_bytes
        self._retry_blocked()
        self._trim_due = True
        self._wake()

    def file_changed(self, expert: str) -> None:
        """Its file was pulled or replaced: the next wish tries it at once, whatever failed before."""
        self._ledger.of(expert).forgive()

    async def close(self) -> None:
        """Forget every wish (their tasks give False) and stop. The engine is closed by whoever made it."""
        self._closed = True
        ended = [wish for wish in (*self._wishes, self._loading) if wish is not None]
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        for wish in ended:
            self._finish(wish, _CLOSING)
        await asyncio.gather(*(wish.task for wish in ended if wish.task is not None), return_exceptions=True)

    # --- the one runner: all that awaits the engine

    def _wake(self) -> None:
        if not self._closed and (self._runner is None or self._runner.done()):
            self._runner = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._wishes or self._trim_due:
            try:
                if self._trim_due:
                    await self._trim(None)
                await asyncio.gather(*(self._find(wish) for wish in self._wishes if wish.model is None))
                self._drop_superseded()
                wish = self._wishes.newest()
                if wish is not None and wish.model is not None:
                    await self._step(wish, wish.model)
            except EngineDied as error:  # while it measured or evicted
                self._ledger.lose(error.message)
            except EngineError as error:  # what could not be evicted is measured, and evicted again
                log.warning("pool: %s", error)
            except Exception as error:  # a defect of ours: nobody waits for ever because of it
                log.exception("pool")
                for wish in self._wishes:
                    self._fail(wish, _in_words(error))

    async def _find(self, wish: Wish) -> None:
        try:
            model = await asyncio.to_thread(self._locate, wish.expert)
            shape = await asyncio.to_thread(self._shape_of, model.path)
        except Exception as error:  # whatever a store does, the waiters get an answer
            self._fail(wish, _in_words(error), escalate=False)
        else:
            wish.model, wish.pinned, wish.shape = model, model.pinned, shape
            self._ledger.open(wish.expert).model = model

    async def _step(self, wish: Wish, model: Model) -> None:
        """One move towards `wish`: another may be more urgent, and a lease may have begun, before the next one."""
        self._ledger.notice_restart()
        if wish.expert in self._engine.quarantined:
            self._finish(wish, self._engine.quarantined[wish.expert])
            return
        needed_bytes = self._ledger.sizes.recall(model) or predict_resident_bytes(model, wish.shape)
        moves = plan(self._ledger.snapshot(self._budget_bytes, wish.expert, needed_bytes))
        if isinstance(moves, Refuse):
            if moves.in_use and not model.pinned:
                self._blocked = wish
            self._finish(wish, str(BudgetExceeded(f"{moves.reason}.", remedy=_REMEDY)))
        elif not moves:
            self._finish(wish, "")
        elif isinstance(moves[0], Evict):
            self._trim_due = True  # measured before the next move, and evicted again if this fails
            await self._evict(moves[0].expert, f"put out for {wish.expert}")
        else:
            await self._load(wish, model, needed_bytes)

    async def _load(self, wish: Wish, model: Model, needed_bytes: int) -> None:
        holding = self._ledger.open(wish.expert)
        self._wishes.remove(wish)
        self._loading = wish
        holding.state, holding.resident_bytes, holding.reason = "LOADING", needed_bytes, "loading"
        self._changed()
        try:
            report = await self._engine.load(
                model.load(wish.expert), lambda fraction: self._on_progress(wish.expert, fraction)
            )
        except EngineDied as error:
            wish.deaths += 1
            self._ledger.lose(error.message)
            if wish.deaths > 1 or wish.expert in self._engine.quarantined:
                self._fail(wish, f"{error.message} while it was loaded")
            else:  # at once again: something else may have killed it, and twice is what quarantine takes
                self._ledger.cool(holding, error.message)
                self._wishes.restore(wish)
        except Exception as error:  # EngineError, and anything that a broken pipe can do
            self._fail(wish, _in_words(error))
        else:
            await self._settle(wish, model, holding, report)
        finally:
            self._loading = None

    async def _settle(self, wish: Wish, model: Model, holding: Holding, report: LoadReport) -> None:
        """HOT at once, for keystrokes; the wish is fulfilled when the expert may stay, by measured sizes."""
        holding.become_hot(report, generation=self._engine.generation, now=self._clock(), wished_at=wish.wished_at)
        self._ledger.sizes.remember(model, report.resident_bytes)
        self._changed()
        try:
            await self._trim(wish.expert)
        finally:
            self._finish(wish, "")

    async def _trim(self, came_in: str | None) -> None:
        """Evict until the measured sum is within the budget, `came_in` last."""
        self._trim_due = False
        await self._measure()
        while moves := trim(self._ledger.snapshot(self._budget_bytes, came_in)):
            leaves = self._ledger.open(moves[0].expert)
            reason = "put out: measured, the experts take more than the budget"
            if leaves.expert == came_in:
                reason = f"does not fit: it took {leaves.resident_bytes} bytes, more than was left. {_REMEDY}"
            await self._evict(leaves.expert, reason)
            await self._measure()

    async def _evict(self, expert: str, reason: str) -> None:
        self._ledger.cool(self._ledger.open(expert), reason)  # first, so that no lease begins while the engine frees it
        await self._engine.evict(expert)

    async def _measure(self) -> None:
        if self._ledger.empty:
            return  # the engine may not even run
        for stray in self._ledger.measured(await self._engine.state()):  # an eviction that failed
            await self._engine.evict(stray)

    # --- small steps

    def _changed(self) -> None:
        try:
            self._tell()
        except Exception:  # a display that is gone must not stop the pool
            log.exception("pool: on_change")

    def _fail(self, wish: Wish, reason: str, *, escalate: bool = True) -> None:
        self._ledger.open(wish.expert).fail(reason, self._clock(), escalate=escalate)
        self._finish(wish, reason)

    def _finish(self, wish: Wish, reason: str) -> None:
        """End `wish`, with the reason why its expert is not HOT ("": known already)."""
        self._wishes.remove(wish)
        holding = self._ledger.open(wish.expert)
        if holding.state != "HOT" and reason:
            holding.become_cold(reason)
        if not wish.outcome.done():
            wish.outcome.set_result(holding.state == "HOT")
        self._changed()

    def _drop_superseded(self) -> None:
        for wish in self._wishes.superseded():
            self._finish(wish, "a newer wish came before it was loaded")

    def _retry_blocked(self) -> None:
        blocked, self._blocked = self._blocked, None
        if blocked is not None:
            self.preload(blocked.expert, blocked.why)

    def _released(self, holding: Holding) -> None:
        holding.leases -= 1
        holding.last_used = self._clock()
        if holding.leases:
            return
        self._retry_blocked()
        if trim(self._ledger.snapshot(self._budget_bytes, None)):
            self._trim_due = True
            self._wake()
