"""The pool at one moment, frozen, for the policy to think about; and the one sum that the budget is about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lsp_experts.pool.devices import DeviceNeed
from lsp_experts.pool.model import State, Urgency


@dataclass(frozen=True)
class Resident:
    """One expert that takes part. Sizes are measured where it was loaded once, else predicted.

    Of `resident_bytes` (HOT) and `parked_bytes`, `weights_bytes` and `parked_weights_bytes` belong to the model named
    `weights`, which other experts may share ("": nobody shares it).
    """

    expert: str
    state: State
    resident_bytes: int
    weights: str = ""
    weights_bytes: int = 0
    parked_bytes: int = 0
    parked_weights_bytes: int = 0
    leases: int = 0  # that cannot be revoked
    revocable: int = 0  # leases that can be
    last_used_s: float = 0.0
    came_in_s: float = -math.inf  # by a full load
    pinned: bool = False
    load_ms: float = 0.0
    unpark_ms: float = 0.0
    probability: float = 0.0  # of being needed soon, as the routing expects it
    device_bytes: int = 0  # of GPU memory, now
    device_need: DeviceNeed | None = None  # of the wanted one

    @property
    def awake(self) -> bool:
        """Whether it holds its HOT size, or is about to."""
        return self.state in ("HOT", "LOADING", "UNPARKING")

    @property
    def held(self) -> bool:
        """Whether it holds memory now."""
        return self.awake or self.state == "PARKED"

    @property
    def bytes_now(self) -> int:
        """What it holds in its state, the model that it may share included."""
        return self.resident_bytes if self.awake else self.parked_bytes if self.held else 0

    @property
    def weights_bytes_now(self) -> int:
        """What of that is the model's."""
        weights = self.weights_bytes if self.awake else self.parked_weights_bytes
        return min(weights, self.bytes_now)

    @property
    def in_use(self) -> bool:
        """Whether anybody has a lease of it."""
        return self.leases > 0 or self.revocable > 0

    @property
    def movable(self) -> bool:
        """Whether it may leave: nobody insists on it, it is not pinned, it is not just coming in."""
        return self.state in ("HOT", "PARKED") and self.leases == 0 and not self.pinned


@dataclass(frozen=True)
class Snapshot:
    """Every expert with a size, the one that is wanted (or just came in), and the bytes there are.

    `overhead_bytes`: what the engine holds besides its experts (interpreter, libraries, arenas, saved KV of experts
    that left). `tight`: memory is short outside of the engine. `free_device_bytes`: of the GPUs, as measured.
    """

    experts: tuple[Resident, ...]
    budget_bytes: int
    overhead_bytes: int = 0
    wanted: str | None = None
    urgency: Urgency = "now"
    now_s: float = 0.0
    tight: bool = False
    free_device_bytes: int = 0

    def find(self, expert: str | None) -> Resident | None:
        """The expert of this name."""
        return next((resident for resident in self.experts if resident.expert == expert), None)

    def others(self) -> tuple[Resident, ...]:
        """The experts that hold memory, without the wanted one."""
        return tuple(resident for resident in self.experts if resident.held and resident.expert != self.wanted)

    def after(self, states: Mapping[str, State]) -> Snapshot:
        """This moment with these experts in other states."""
        experts = (replace(resident, state=states.get(resident.expert, resident.state)) for resident in self.experts)
        return replace(self, experts=tuple(experts))

    @property
    def held_bytes(self) -> int:
        """What the engine holds."""
        return self.overhead_bytes + sum_bytes(self.experts)

    @property
    def over(self) -> bool:
        """Whether that is more than the budget."""
        return self.held_bytes > self.budget_bytes


def sum_bytes(residents: Iterable[Resident]) -> int:
    """What experts hold together: their own bytes, and each model once, whole as soon as one HOT expert uses it."""
    own_bytes = 0
    models: dict[tuple[str, str], int] = {}
    for resident in residents:
        own_bytes += resident.bytes_now - resident.weights_bytes_now
        key = ("model", resident.weights) if resident.weights else ("expert", resident.expert)
        models[key] = max(resident.weights_bytes_now, models.get(key, 0))
    return own_bytes + sum(models.values())
