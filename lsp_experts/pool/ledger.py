"""What is in memory, and how much of it, as far as the pool knows: no waiting, no effects on the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsp_experts.engine.protocol import StateReport
from lsp_experts.pool.holding import Holding
from lsp_experts.pool.prediction import MeasuredSizes
from lsp_experts.pool.snapshot import Resident, Snapshot


class Ledger:
    """The holdings of one engine. `generation` is that of the running process; `changed` follows each change."""

    def __init__(self, generation: Callable[[], int], changed: Callable[[], None]) -> None:
        self._generation, self._changed = generation, changed
        self._holdings: dict[str, Holding] = {}
        self.sizes = MeasuredSizes()
        self.engine_bytes = 0  # when it was last measured
        self.overhead_bytes = 0  # of them, what belongs to no expert

    def __iter__(self) -> Iterator[Holding]:
        return iter(sorted(self._holdings.values(), key=lambda holding: holding.expert))

    def of(self, expert: str) -> Holding:
        """The holding of `expert`, a COLD one if it was never asked for."""
        return self._holdings.get(expert) or Holding(expert)

    def open(self, expert: str) -> Holding:
        """The holding of `expert`, kept from here on."""
        return self._holdings.setdefault(expert, Holding(expert))

    @property
    def empty(self) -> bool:
        """Whether the engine holds nothing worth measuring."""
        return not self.engine_bytes and not any(holding.state == "HOT" for holding in self._holdings.values())

    def snapshot(self, budget_bytes: int, wanted: str | None, wanted_bytes: int = 0) -> Snapshot:
        """This moment, for the policy."""
        residents = [holding.resident() for holding in self._holdings.values() if holding.state != "COLD"]
        if wanted is not None and all(resident.expert != wanted for resident in residents):
            residents.append(Resident(wanted, "COLD", wanted_bytes))
        return Snapshot(tuple(residents), budget_bytes, self.overhead_bytes, wanted)

    def notice_restart(self) -> None:
        """What an older engine process held is gone."""
        now = self._generation()
        if any(holding.state == "HOT" and holding.generation != now for holding in self._holdings.values()):
            self.lose("the engine was restarted", now)

    def lose(self, reason: str, except_generation: int | None = None) -> None:
        """Everything is COLD, but what this generation loaded."""
        self.engine_bytes = self.overhead_bytes = 0
        for holding in self._holdings.values():
            if holding.state == "HOT" and holding.generation != except_generation:
                holding.become_cold(reason)
        self._changed()

    def cool(self, holding: Holding, reason: str) -> None:
        """One expert is COLD."""
        holding.become_cold(reason)
        self._changed()

    def measured(self, report: StateReport) -> tuple[str, ...]:
        """Take the engine's sizes over. Gives the experts that it still holds and should not."""
        self.notice_restart()
        strays = []
        for state in report.experts:
            holding = self.of(state.expert)
            if holding.state != "HOT":
                strays.append(state.expert)
            elif state.resident_bytes > 0:
                holding.resident_bytes = state.resident_bytes
                if holding.model is not None:
                    self.sizes.remember(holding.model, state.resident_bytes)
        self.engine_bytes = report.resident_bytes
        self.overhead_bytes = max(0, report.resident_bytes - sum(state.resident_bytes for state in report.experts))
        return tuple(strays)
