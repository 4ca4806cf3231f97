"""The pool at one moment, frozen, for the policy to think about."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.pool.model import State


@dataclass(frozen=True)
class Resident:
    """One expert that takes part. `resident_bytes`: measured if HOT, predicted if LOADING or wanted."""

    expert: str
    state: State
    resident_bytes: int
    leases: int = 0
    last_used: float = 0.0  # seconds on any clock; only the order counts
    pinned: bool = False

    @property
    def held(self) -> bool:
        """Whether it holds memory now."""
        return self.state != "COLD"

    @property
    def evictable(self) -> bool:
        """Whether it may leave: nobody uses it, it is not pinned, it is not just coming in."""
        return self.state in ("HOT", "PARKED") and self.leases == 0 and not self.pinned


@dataclass(frozen=True)
class Snapshot:
    """Every expert with a size, the one that is wanted (or just came in), and the bytes there are.

    `overhead_bytes`: what the engine holds besides its experts (interpreter, libraries, arenas).
    """

    experts: tuple[Resident, ...]
    budget_bytes: int
    overhead_bytes: int = 0
    wanted: str | None = None

    def find(self, expert: str | None) -> Resident | None:
        """The expert of this name."""
        return next((resident for resident in self.experts if resident.expert == expert), None)

    def others(self) -> tuple[Resident, ...]:
        """The experts that hold memory, without the wanted one."""
        return tuple(resident for resident in self.experts if resident.held and resident.expert != self.wanted)
