"""Fulfils wishes, one move at a time: the only code that makes moves. What to do next is decided by policy.py."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from lsp_experts.errors import BudgetExceeded, EngineDied, EngineError, ExpertsError
from lsp_experts.pool import policy
from lsp_experts.pool.alarm import Alarm
from lsp_experts.pool.header import Shape
from lsp_experts.pool.holding import Holding
from lsp_experts.pool.ledger import Ledger
from lsp_experts.pool.measured import MeasuredSizes
from lsp_experts.pool.model import Model, Urgency
from lsp_experts.pool.moves import Moves
from lsp_experts.pool.policy import Leaving, Load, Park, Refuse, Unpark, Wait
from lsp_experts.pool.prefetch import Prefetch
from lsp_experts.pool.snapshot import Snapshot
from lsp_experts.pool.wishes import Wish, Wishes

log = logging.getLogger(__name__)
_REMEDY = "Raise lspExperts.memoryBudgetBytes, or use a smaller expert."
_NO_MEMORY_REMEDY = "Close other programs, lower lspExperts.memoryBudgetBytes, or use a smaller expert."
WITHDRAWN = "nobody wants it any more"
AGAIN_S = 1.0  # until what the engine refused is measured and tried again


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, ExpertsError) else f"{type(error).__name__}: {error}"


class Runner:
    """Runs while there are wishes or something to trim, and not otherwise. See Pool for what the parts are."""

    def __init__(
        self,
        wishes: Wishes,
        ledger: Ledger,
        moves: Moves,
        *,
        budget_bytes: int,
        locate: Callable[[str], Model],
        shape_of: Callable[[Path], Shape | None],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        refused: Callable[[str], str],
        sizes: MeasuredSizes,
        prefetch: Prefetch,
        changed: Callable[[], None],
    ) -> None:
        self.budget_bytes, self.tight = budget_bytes, False
        self.loading: Wish | None = None
        self.blocked: Wish | None = None  # the newest wish that only leases keep out
        self._wishes, self._ledger, self._moves = wishes, ledger, moves
        self._locate, self._shape_of, self._clock = locate, shape_of, clock
        self._refused, self._sizes, self._prefetch, self._changed = refused, sizes, prefetch, changed
        self._trim_due = False
        self._doubted: set[str] = set()  # experts whose model may be another one now
        self._findings: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._alarm = Alarm(self.trim_soon, sleep)

    # --- what others may ask

    def wake(self) -> None:
        """There is a wish."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def trim_soon(self) -> None:
        """Measure, and bring the sum within the budget."""
        self._trim_due = True
        self.wake()

    def doubt(self, expert: str) -> None:
        """Find the model of `expert` again, if it is in memory: its file or its pin may have changed."""
        self._doubted.add(expert)
        self.wake()

    def trim_if_over(self) -> None:
        """trim_soon(), if it could do anything. Cheap."""
        now = self._snapshot(None)
        if now.over and (policy.trim(now) or policy.trim_later_s(now) is not None):
            self.trim_soon()

    def finish(self, wish: Wish, reason: str) -> None:
        """End `wish`, with the reason why its expert is not HOT ("": known already)."""
        self._wishes.remove(wish)
        holding = self._ledger.open(wish.expert)
        if holding.state == "PARKED":
            holding.reason = reason or holding.reason
        elif holding.state != "HOT" and reason:
            holding.become_cold(reason)
        if not wish.outcome.done():
            wish.outcome.set_result(holding.state == "HOT")
        self._changed()

    def drop_superseded(self) -> None:
        """End the wishes that a newer one made superfluous."""
        for wish in self._wishes.superseded():
            self.finish(wish, "a newer wish came before it was loaded")

    async def settled(self) -> None:
        """Wait until every wish ended and the sizes after it were measured."""
        while True:
            busy: set[asyncio.Future[bool] | asyncio.Task[None]] = {wish.outcome for wish in self._wishes}
            if self._task is not None and not self._task.done():
                busy.add(self._task)
            if not busy:
                return
            await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)

    async def close(self, reason: str) -> None:
        """End every wish and stop."""
        ended = [wish for wish in (*self._wishes, self.loading) if wish is not None]
        self._alarm.cancel()
        for finding in self._findings:
            finding.cancel()
        await asyncio.gather(*self._findings, return_exceptions=True)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for wish in ended:
            self.finish(wish, reason)
        await asyncio.gather(*(wish.task for wish in ended if wish.task is not None), return_exceptions=True)

    # --- the loop

    async def _run(self) -> None:
        while True:
            while (self._wishes or self._trim_due or self._doubted) and await self._once():
                pass
            if not self._sizes.unsaved:
                return
            await asyncio.to_thread(self._sizes.save)

    async def _once(self) -> bool:
        """One move, at most. False: nothing can be done before the alarm or a newer wish."""
        try:
            while self._doubted:
                await self._find_again(self._ledger.of(self._doubted.pop()))
            if self._trim_due:
                await self._trim(None)
            await self._find_files()
            self.drop_superseded()
            wish = self._wishes.first()
            if wish is not None and not wish.sought and await self._step(wish):
                return True
            return self._trim_due or bool(self._doubted)  # something came up meanwhile
        except EngineDied as error:  # while it measured or put something out
            self._ledger.lose(error.message)
        except EngineError as error:  # what could not be put out is measured, and put out again
            log.warning("pool: %s", error)
            self._alarm.set(AGAIN_S)
        except Exception as error:  # a defect of ours: nobody waits for ever because of it
            log.exception("pool")
            for wish in self._wishes:
                self._fail(wish, _in_words(error))
        return True

    async def _find_files(self) -> None:
        unknown = [wish for wish in self._wishes if wish.model is None and not self._ledger.of(wish.expert).there]
        needed = [wish for wish in unknown if wish.urgency == "now"]
        guesses_wait = any(wish.urgency == "now" for wish in self._wishes)
        for wish in needed if guesses_wait else unknown:
            if not wish.sought:
                wish.finding = asyncio.get_running_loop().create_task(self._find(wish))
                self._findings.add(wish.finding)
                wish.finding.add_done_callback(self._on_found)
        # Nobody waits for a guess's file, which may take long to check.
        finding = [wish.finding for wish in needed if wish.finding is not None]
        if finding:
            await asyncio.wait(finding)

    def _on_found(self, finding: asyncio.Task[None]) -> None:
        self._findings.discard(finding)
        self.wake()

    async def _find(self, wish: Wish) -> None:
        try:
            model = await asyncio.to_thread(self._locate, wish.expert)
            shape = await asyncio.to_thread(self._shape_of, model.path)
        except Exception as error:  # whatever a store does, the waiters get an answer
            if self._wishes.get(wish.expert) is wish:
                self._fail(wish, _in_words(error), escalate=False)
        else:
            layers = min(model.n_gpu_layers, shape.n_layer + 1) if shape is not None else 0
            wish.model, wish.pinned, wish.shape = replace(model, n_gpu_layers=layers), model.pinned, shape

    async def _find_again(self, holding: Holding) -> None:
        """What is in memory and is not what would be loaded now leaves. One whose file is gone goes on serving."""
        if not holding.there or holding.model is None:
            return
        try:
            model = await asyncio.to_thread(self._locate, holding.expert)
        except Exception as error:  # whatever a store does: the next load will say it
            log.info("pool: %s: %s", holding.expert, _in_words(error))
            return
        if (model.path, model.adapter) == (holding.model.path, holding.model.adapter):
            holding.model = replace(holding.model, pinned=model.pinned)
            self._trim_due = True
        elif not holding.insisted_on:
            await self._moves.evict(holding.expert, "its file was replaced", forget=True)

    async def _step(self, wish: Wish) -> bool:
        """One move towards `wish`: another may be more urgent, and a lease may have begun, before the next one."""
        self._ledger.notice_restart()
        if refused := self._refused(wish.expert):
            self.finish(wish, refused)
            return True
        holding = self._ledger.open(wish.expert)
        if not holding.there:
            if wish.model is None:
                return True  # what was parked is gone: its file is to be found first
            self._ledger.size_up(holding.expert, wish.model, wish.shape, on_cpu=wish.on_cpu)
            if holding.need is not None:
                if not await self._look_at_devices(wish):
                    return True
                if not self._ledger.has_device:  # then what it takes is known under no layers at all
                    wish.on_cpu = True
                    self._ledger.size_up(holding.expert, wish.model, wish.shape, on_cpu=True)
        decision = policy.plan(self._snapshot(wish.expert, wish.urgency))
        if isinstance(decision, Wait):
            wish.waits = decision.reason
            self._alarm.set(decision.until_s - self._clock())
            return False
        if isinstance(decision, Refuse) and self._only_saved_kv_is_in_the_way(wish):
            wish.forgot = True
            await self._moves.forget_evicted(but=wish.expert)
        elif isinstance(decision, Refuse):
            self._refuse(wish, holding, decision)
        elif not decision:
            self.finish(wish, "")
        elif isinstance(decision[0], Load | Unpark):
            await self._bring_in(wish, holding, decision[0])
        else:
            await self._put_out(decision[0], f" for {wish.expert}")
            self._trim_due = True  # measured before the next move
        return True

    async def _look_at_devices(self, wish: Wish) -> bool:
        """Whether `wish` is still the one to fulfil, now that the GPU's free memory is known."""
        try:
            await self._moves.look_at_devices()
        except EngineError as error:  # the load will meet the same trouble, and answers it better
            log.warning("pool: %s", error)
            wish.on_cpu = True
            return False
        return self._wishes.first() is wish

    def _only_saved_kv_is_in_the_way(self, wish: Wish) -> bool:
        if wish.urgency != "now" or wish.forgot or not self._ledger.evicted_kv_bytes:
            return False
        now = self._snapshot(wish.expert)
        without = replace(now, overhead_bytes=now.overhead_bytes - self._ledger.evicted_kv_bytes)
        return not isinstance(policy.plan(without), Refuse)

    def _refuse(self, wish: Wish, holding: Holding, refusal: Refuse) -> None:
        if wish.urgency == "now":
            if refusal.in_use and not holding.pinned:
                self.blocked = wish
            self.finish(wish, str(BudgetExceeded(f"{refusal.reason}.", remedy=_REMEDY)))
        elif wish.model is not None and not self.tight and not self._prefetch.is_cached(wish.model.path):
            self._prefetch.start(wish.model.path)
            self.finish(wish, f"in the page cache: {refusal.reason}")
        else:
            self.finish(wish, refusal.reason)

    # --- coming in

    async def _bring_in(self, wish: Wish, holding: Holding, move: Load | Unpark) -> None:
        self._wishes.start(wish)
        self.loading = wish
        if wish.model is not None:
            self._prefetch.cancel(wish.model.path)  # the load reads it itself
        holding.set_out("LOADING" if isinstance(move, Load) else "UNPARKING", "loading")
        self._changed()
        try:
            if isinstance(move, Unpark):
                await self._moves.unpark(holding)
            elif wish.model is not None:
                await self._moves.load(holding, wish.model, move.n_gpu_layers)
        except EngineDied as error:
            self._died(wish, holding, error)
        except EngineError as error:
            if error.code == "out_of_memory":
                await self._out_of_memory(wish, holding)
            elif isinstance(move, Unpark):  # what does not come back is loaded anew
                self._ledger.cool(holding, error.message)
                self._again(wish)
                await self._moves.evict(wish.expert, error.message)
            else:
                self._fail(wish, _in_words(error))
        except Exception as error:  # anything that a broken pipe can do
            self._fail(wish, _in_words(error))
        else:
            await self._settle(wish, holding)
        finally:
            self.loading = None

    async def _settle(self, wish: Wish, holding: Holding) -> None:
        """HOT at once, for keystrokes; the wish is fulfilled when the expert may stay, by measured sizes."""
        now_s = self._clock()
        holding.ready_ms = (now_s - wish.wished_at_s) * 1000
        if wish.urgency == "now":
            holding.last_used_s = now_s
        try:
            await self._trim(wish.expert, wish.urgency)
        except EngineDied as error:  # it is gone again
            self._ledger.lose(error.message)
        finally:
            self.finish(wish, "")

    def _died(self, wish: Wish, holding: Holding, error: EngineDied) -> None:
        wish.deaths += 1
        self._ledger.lose(error.message)
        if wish.deaths > 1 or self._refused(wish.expert):
            self._fail(wish, f"{error.message} while it was loaded")
        else:  # at once again: something else may have killed it, and twice is what quarantine takes
            self._ledger.cool(holding, error.message)
            self._again(wish)

    async def _out_of_memory(self, wish: Wish, holding: Holding) -> None:
        """Everything else that may leave does, and the load is tried once more, without the GPU."""
        was_unparking = holding.state == "UNPARKING"
        self._ledger.cool(holding, "memory ran out")
        if wish.urgency == "next":  # nobody leaves for a guess
            self._fail(wish, "memory ran out", escalate=False)
            if was_unparking:
                await self._moves.evict(wish.expert, "memory ran out")
            return
        others = policy.without_the_others(self._snapshot(wish.expert, wish.urgency))
        if wish.out_of_memory or not (others or holding.need is not None or was_unparking):
            self._fail(
                wish, str(BudgetExceeded(f"memory ran out while {wish.expert} came in.", remedy=_NO_MEMORY_REMEDY))
            )
            return
        wish.out_of_memory = wish.on_cpu = True
        self._again(wish)
        if was_unparking:
            await self._moves.evict(wish.expert, "memory ran out")
        for other in others:
            await self._moves.evict(other.expert, f"put out for {wish.expert}: memory ran out", forget=True)
        self._trim_due = True

    def _again(self, wish: Wish) -> None:
        if wish.withdrawn:
            self.finish(wish, WITHDRAWN)
        else:
            self._wishes.restore(wish)

    def _fail(self, wish: Wish, reason: str, *, escalate: bool = True) -> None:
        self._ledger.open(wish.expert).fail(reason, self._clock(), escalate=escalate)
        self.finish(wish, reason)

    # --- going out

    async def _trim(self, came_in: str | None, urgency: Urgency = "now") -> None:
        """Put out until the measured sum is within the budget, `came_in` last; saved KV of others goes before it."""
        self._trim_due = forgot = False
        await self._moves.measure()
        while (now := self._snapshot(came_in, urgency)).over:
            moves = policy.trim(now)
            stuck = not moves or self.tight or (moves[0].expert == came_in and urgency == "now")
            if stuck and not forgot and self._ledger.evicted_kv_bytes:
                forgot = True
                await self._moves.forget_evicted()
                continue
            if not moves:
                break
            move = moves[0]
            if move.expert == came_in:
                size_bytes = self._ledger.open(came_in).figures.resident_bytes
                too_large = f"does not fit: it took {size_bytes} bytes, more than was left. {_REMEDY}"
                await self._put_out(move, "", too_large)
            elif self.tight:
                await self._put_out(move, ": memory is wanted back")
            else:
                await self._put_out(move, ": measured, the experts take more than the budget")
            await self._moves.measure()
        later_s = policy.trim_later_s(self._snapshot(None))
        if later_s is not None:
            self._alarm.set(later_s - self._clock())

    async def _put_out(self, move: Leaving, why: str, reason: str = "") -> None:
        if isinstance(move, Park):
            await self._moves.park(move.expert, reason or f"parked{why}")
        else:
            await self._moves.evict(move.expert, reason or f"put out{why}", forget=self.tight)

    def _snapshot(self, wanted: str | None, urgency: Urgency = "now") -> Snapshot:
        return self._ledger.snapshot(self.budget_bytes, wanted, urgency=urgency, tight=self.tight)
