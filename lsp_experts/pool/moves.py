"""The moves themselves: what is asked of the engine, with the ledger true before, while and after, whatever happens.

An expert that leaves is out of the ledger before the engine is asked, so that no lease begins meanwhile. What the
engine could not do shows at the next measurement, which ends in an eviction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.engine_port import EnginePort
from lsp_experts.pool.holding import Holding
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.ledger import Ledger
from lsp_experts.pool.model import Model

log = logging.getLogger(__name__)


class Moves:
    """One engine's moves, one at a time. All may raise EngineDied, and EngineError unless they say otherwise."""

    def __init__(self, engine: EnginePort, ledger: Ledger, on_progress: Callable[[str, float], None]) -> None:
        self._engine, self._ledger, self._on_progress = engine, ledger, on_progress
        self._left_behind: set[str] = set()  # COLD for the ledger, but the engine may still hold them

    async def load(self, holding: Holding, model: Model, n_gpu_layers: int) -> None:
        """COLD to HOT."""
        expert = holding.expert
        if expert in self._left_behind:  # the engine loads nothing twice
            await self.evict(expert, holding.reason)
        holding.model = replace(model, n_gpu_layers=n_gpu_layers)
        report = await self._engine.load(
            holding.model.load(expert), lambda fraction: self._on_progress(expert, fraction)
        )
        self._ledger.loaded(holding, report)

    async def unpark(self, holding: Holding) -> None:
        """PARKED to HOT."""
        self._ledger.unparked(holding, await self._engine.unpark(holding.expert))

    async def park(self, expert: str, reason: str) -> None:
        """HOT to PARKED; leases are revoked. An expert that cannot be parked is evicted instead."""
        holding = self._ledger.open(expert)
        _revoke(self._ledger.park(holding, reason))
        try:
            report = await self._engine.park(expert)
        except EngineDied:
            raise
        except EngineError as error:
            log.warning("pool: parking %s: %s", expert, error)
            await self.evict(expert, reason)
        else:
            if holding.state == "PARKED":
                self._ledger.parked(holding, report)

    async def evict(self, expert: str, reason: str, *, forget: bool = False) -> None:
        """To COLD; leases are revoked. `forget`: its saved KV goes too."""
        _revoke(self._ledger.cool(self._ledger.open(expert), reason))
        self._left_behind.add(expert)
        await self._engine.evict(expert, forget=forget)
        self._left_behind.discard(expert)

    async def forget_evicted(self, *, but: str | None = None) -> None:
        """Drop the saved KV of the experts that left."""
        for holding in self._ledger:
            if holding.state == "COLD" and holding.expert != but:
                await self._engine.evict(holding.expert, forget=True)
        await self.measure()

    async def measure(self) -> None:
        """Take the engine's sizes over; what it holds and should not is evicted."""
        if self._ledger.empty:
            return  # the engine may not even run
        for stray in self._ledger.measured(await self._engine.state()):
            await self._engine.evict(stray)
            self._left_behind.discard(stray)

    async def look_at_devices(self) -> None:
        """How much GPU memory is free right now: verified before a load, not computed."""
        await self._engine.start()
        self._ledger.measured_devices(await self._engine.state())


def _revoke(leases: tuple[Lease, ...]) -> None:
    for lease in leases:
        if lease.on_revoke is not None:
            try:
                lease.on_revoke()
            except Exception:  # whoever gives the place up must not keep the pool from taking it
                log.exception("pool: on_revoke")
