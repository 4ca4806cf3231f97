"""Who leaves, and how far: the least `reload_ms x P(use soon) / bytes freed` first. Pure.

Everybody offers two ways out: parking, which costs its unparking later, and evicting, which costs a load. Parking
mostly wins by its figures: a tenth of the time for nine tenths of the bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_experts.pool.model import State
from lsp_experts.pool.probability import use_soon
from lsp_experts.pool.snapshot import Resident, Snapshot

LIKE = 1.5  # measured times vary by a third from load to load: within this ratio recency decides, not chance
May = Callable[[Resident, State], bool]  # whether this expert, as it is now, may be PARKED or COLD
_WAYS_OUT: dict[State, tuple[State, ...]] = {"HOT": ("PARKED", "COLD"), "PARKED": ("COLD",)}


def probability(resident: Resident, snapshot: Snapshot) -> float:
    """P(use soon) of one expert at this moment."""
    return use_soon(resident.probability, resident.last_used_s, snapshot.now_s, in_use=resident.in_use)


def reload_cost(resident: Resident, target: State, snapshot: Snapshot) -> float:
    """Expected milliseconds that somebody will wait because this expert went from its state to `target`."""
    if target == "PARKED":
        reload_ms = resident.unpark_ms
    else:
        reload_ms = resident.load_ms - (resident.unpark_ms if resident.state == "PARKED" else 0.0)
    return max(0.0, reload_ms) * probability(resident, snapshot)


def make_room(snapshot: Snapshot, may: May) -> dict[str, State]:
    """The experts that leave until the sum is within the budget, with what becomes of them; all that may if it is not.

    One that turns out not to have been needed stays, the costliest first.
    """
    before = {resident.expert: resident for resident in snapshot.experts}
    gone: dict[str, State] = {}
    now = snapshot
    while now.over:
        options = [
            _way_out(now, resident, target)
            for resident in now.experts
            for target in _WAYS_OUT.get(resident.state, ())
            if may(before[resident.expert], target)
        ]
        if not options:
            return gone
        least = min(option.score for option in options) * LIKE
        expert, target = min((option for option in options if option.score <= least), key=_order).way
        gone[expert] = target
        now = now.after({expert: target})
    return _without_the_needless(snapshot, gone)


@dataclass(frozen=True)
class _Option:
    """One way out of one expert; `score`: what it costs per byte."""

    resident: Resident
    target: State
    score: float

    @property
    def way(self) -> tuple[str, State]:
        return self.resident.expert, self.target


def _way_out(snapshot: Snapshot, resident: Resident, target: State) -> _Option:
    freed_bytes = snapshot.held_bytes - snapshot.after({resident.expert: target}).held_bytes
    # Where models are shared, one that leaves may free nothing until the last one does: dear, but not impossible.
    return _Option(resident, target, reload_cost(resident, target, snapshot) / max(1, freed_bytes))


def _order(option: _Option) -> tuple[bool, bool, float, str]:
    """Of like scores: parking before evicting, what nobody uses, the longest unused, the name."""
    resident = option.resident
    return option.target == "COLD", resident.in_use, resident.last_used_s, resident.expert


def _without_the_needless(snapshot: Snapshot, gone: dict[str, State]) -> dict[str, State]:
    leaving = [resident for resident in snapshot.experts if resident.expert in gone]
    leaving.sort(key=lambda r: (-reload_cost(r, gone[r.expert], snapshot), -r.last_used_s, r.expert))
    for resident in leaving:
        stays = {expert: target for expert, target in gone.items() if expert != resident.expert}
        only_parked: dict[str, State] = {**gone, resident.expert: "PARKED"}
        if not snapshot.after(stays).over:
            gone = stays
        elif resident.state == "HOT" and not snapshot.after(only_parked).over:
            gone = only_parked
    return gone
