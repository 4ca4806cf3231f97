"""Who leaves so that who can come in: pure functions over a Snapshot, no clock, no IO.

An expert with a lease that nobody may revoke, one that is on its way and the wanted one never leave to make room. A
pinned one is parked for an expert that could not come in otherwise, and never put out. Nothing leaves for a load that
will be refused. One expert alone may always be there, whatever the budget, unless memory is short outside (`tight`).
Who leaves among those that may is for victims.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lsp_experts.pool.model import State
from lsp_experts.pool.prediction import MIB
from lsp_experts.pool.snapshot import Resident, Snapshot
from lsp_experts.pool.victims import May, make_room, probability, reload_cost

IDLE_S = 5.0  # what was used more recently is being worked with, whatever a guess about the next language says
# An expert that came in by a full load may not be evicted before it stayed twice as long as the load took. So when two
# experts fight for room that only one has, loading takes at most a third of the engine's time.
STAY_FACTOR = 2.0
STAY_AT_MOST_S = 3.0  # nobody waits longer than this for the other one's turn to end


@dataclass(frozen=True)
class Park:
    """Keep the model of `expert`, give the rest back."""

    expert: str


@dataclass(frozen=True)
class Evict:
    """Put `expert` out of memory."""

    expert: str


@dataclass(frozen=True)
class Unpark:
    """Make the wanted expert HOT again, now that there is room."""

    expert: str


@dataclass(frozen=True)
class Load:
    """Load the wanted expert, now that there is room. `n_gpu_layers`: as many as fit into free GPU memory."""

    expert: str
    n_gpu_layers: int = 0


Leaving = Park | Evict
Move = Leaving | Unpark | Load


@dataclass(frozen=True)
class Refuse:
    """The wanted expert cannot come in. `in_use`: it could, once the leases of others end."""

    reason: str
    in_use: bool = False


@dataclass(frozen=True)
class Wait:
    """The wanted expert can come in, but not before `until_s` on the pool's clock."""

    until_s: float
    reason: str


def plan(snapshot: Snapshot) -> tuple[Move, ...] | Refuse | Wait:
    """The moves, in order, that bring the wanted expert in; () if it is there or on its way."""
    wanted = snapshot.find(snapshot.wanted)
    if wanted is None or wanted.awake:
        return ()
    if snapshot.urgency == "next":
        return _plan_next(snapshot, wanted)
    off_device, layers = _device(snapshot, wanted)
    coming = snapshot.after({**off_device, wanted.expert: "LOADING"})
    gone = {**off_device, **make_room(coming, _may_leave(coming))}
    if _comes_in(coming, gone):
        return *_leaving(gone), _arrival(wanted, layers)
    later = make_room(coming, lambda resident, target: resident.movable)
    if not _comes_in(coming, later):
        only_leases = _only_leases(coming, later)  # then there will be room in a moment
        yielding = make_room(coming, lambda resident, target: resident.movable or _may_yield(resident, target))
        if only_leases or not _comes_in(coming, yielding):
            return Refuse(_no_room(coming, wanted, later), only_leases)
        later = yielding
    fresh = [r for r in coming.experts if later.get(r.expert) == "COLD" and _fresh(r, coming)]
    if not fresh:
        return *_leaving({**off_device, **later}), _arrival(wanted, layers)
    until_s = min(_stays_until_s(resident) for resident in fresh)
    return Wait(until_s, f"waiting: {', '.join(resident.expert for resident in fresh)} came in a moment ago")


def _may_yield(resident: Resident, target: State) -> bool:
    """A pinned expert that keeps the wanted one out is parked: it is there for the time until experts come in."""
    return resident.pinned and resident.leases == 0 and resident.state == "HOT" and target == "PARKED"


def _plan_next(snapshot: Snapshot, wanted: Resident) -> tuple[Move, ...] | Refuse:
    """A guess parks what is idle and less likely; it never evicts, waits or goes beyond the budget."""
    if snapshot.tight:
        return Refuse("memory is short")
    coming = snapshot.after({wanted.expert: "LOADING"})
    expected = wanted.probability

    def may(resident: Resident, target: State) -> bool:
        likely = probability(resident, snapshot) >= expected
        return target == "PARKED" and resident.movable and _idle(resident, snapshot) and not likely

    gone = make_room(coming, may)
    if coming.after(gone).over:
        return Refuse(_no_room(coming, wanted, gone))
    need = wanted.device_need
    layers = need.layers_within(snapshot.free_device_bytes) if need is not None else 0
    return *_leaving(gone), _arrival(wanted, layers)


def trim(snapshot: Snapshot) -> tuple[Leaving, ...]:
    """The moves that bring measured sizes back into the budget, as far as the rules allow.

    `snapshot.wanted` is the expert that just came in: it leaves only if all others together could not make room, and
    as the first one if it was a guess.
    """
    if not snapshot.over:
        return ()
    gone: dict[str, State] = {}
    for may in _ladder(snapshot):
        gone = make_room(snapshot, may)
        if not snapshot.after(gone).over:
            return _leaving(gone)
    if snapshot.tight:  # at last, when everything else left
        gone |= {r.expert: "PARKED" for r in snapshot.experts if r.pinned and r.state == "HOT" and _idle(r, snapshot)}
    return _leaving(gone)


def trim_later_s(snapshot: Snapshot) -> float | None:
    """When trim may do more than it does now, because one more expert will be idle. None: no time will help."""
    if not (snapshot.tight and snapshot.over):
        return None
    soon = (
        resident.last_used_s + IDLE_S
        for resident in snapshot.experts
        if resident.state in ("HOT", "PARKED") and not _idle(resident, snapshot) and not resident.in_use
    )
    return min(soon, default=None)


def without_the_others(snapshot: Snapshot) -> tuple[Evict, ...]:
    """Memory ran out while the wanted one was loaded: everything else goes that may."""
    return tuple(Evict(resident.expert) for resident in _by_name(snapshot.others()) if resident.movable)


# --- who may leave


def _ladder(snapshot: Snapshot) -> list[May]:
    """From the mildest way of trimming to the last one; the first that is enough counts."""
    wanted = snapshot.find(snapshot.wanted)
    came_in = wanted if wanted is not None and wanted.held else None
    guessed = came_in is not None and came_in.movable and snapshot.urgency == "next" and bool(snapshot.others())
    keep = _last_one(snapshot.others()) if guessed else came_in or _last_one(snapshot.experts)

    def others(resident: Resident, target: State) -> bool:
        return resident.movable and resident != keep

    def others_and_pinned(resident: Resident, target: State) -> bool:
        return others(resident, target) or (resident != keep and _may_yield(resident, target))

    def newcomer(resident: Resident, target: State) -> bool:
        return resident.movable and resident == came_in

    def everybody(resident: Resident, target: State) -> bool:
        return resident.movable

    def idle(resident: Resident, target: State) -> bool:
        return resident.movable and _idle(resident, snapshot)

    def idle_parks(resident: Resident, target: State) -> bool:
        return idle(resident, target) and target == "PARKED"

    blocked = came_in is not None and any(not other.movable for other in snapshot.others())
    rungs: list[May] = [others, others_and_pinned, newcomer, everybody] if blocked else [others]
    if guessed:
        rungs = [newcomer, others]  # what turns out larger than predicted displaces nobody
    if snapshot.tight:
        most = rungs[-1]
        rungs = [idle_parks, idle, *rungs, lambda resident, target: most(resident, target) or idle(resident, target)]
    return rungs


def _last_one(experts: Iterable[Resident]) -> Resident | None:
    """The one that stays although it is too large: the most recently used, if nothing stays anyway."""
    held = [resident for resident in experts if resident.held]
    if any(not resident.movable for resident in held):
        return None
    return max(held, key=lambda resident: (resident.awake, resident.last_used_s, resident.expert), default=None)


def _idle(resident: Resident, snapshot: Snapshot) -> bool:
    return not resident.in_use and snapshot.now_s - resident.last_used_s >= IDLE_S


def _stays_until_s(resident: Resident) -> float:
    return resident.came_in_s + min(STAY_AT_MOST_S, STAY_FACTOR * resident.load_ms / 1000)


def _fresh(resident: Resident, snapshot: Snapshot) -> bool:
    return resident.came_in_s <= snapshot.now_s < _stays_until_s(resident)


def _may_leave(snapshot: Snapshot) -> May:
    def may(resident: Resident, target: State) -> bool:
        return resident.movable and (target == "PARKED" or not _fresh(resident, snapshot))

    return may


def _comes_in(coming: Snapshot, gone: Mapping[str, State]) -> bool:
    after = coming.after(gone)
    return not after.over or not after.others()


# --- the GPU


def _device(snapshot: Snapshot, wanted: Resident) -> tuple[dict[str, State], int]:
    """Who leaves the GPU for the wanted one, and how many of its layers then go there. Parking frees no GPU memory.

    If all that may leave is not enough, nobody does: it gets as many layers as fit now, if need be none.
    """
    need = wanted.device_need
    if need is None or wanted.held:
        return {}, 0
    free_bytes = snapshot.free_device_bytes
    may = _may_leave(snapshot)
    there = [other for other in snapshot.others() if other.device_bytes > 0 and may(other, "COLD")]
    there.sort(key=lambda other: (reload_cost(other, "COLD", snapshot) / other.device_bytes, other.expert))
    gone: dict[str, State] = {}
    for other in there:
        if free_bytes >= need.bytes_for(need.layers):
            break
        gone[other.expert] = "COLD"
        free_bytes += other.device_bytes
    if free_bytes >= need.bytes_for(need.layers):
        return gone, need.layers
    return {}, need.layers_within(snapshot.free_device_bytes)


# --- from states to moves and words


def _leaving(gone: Mapping[str, State]) -> tuple[Leaving, ...]:
    """Parks first: each gives much back soon, and what is only parked is back soon."""
    parks = tuple(Park(expert) for expert, state in gone.items() if state == "PARKED")
    return (*parks, *(Evict(expert) for expert, state in gone.items() if state != "PARKED"))


def _arrival(wanted: Resident, layers: int) -> Move:
    return Unpark(wanted.expert) if wanted.state == "PARKED" else Load(wanted.expert, layers)


def _only_leases(coming: Snapshot, gone: Mapping[str, State]) -> bool:
    """Whether there would be room if nobody used the others; `gone`: all that could leave, which was not enough."""
    after = coming.after(gone)
    insisting: dict[str, State] = {resident.expert: "COLD" for resident in after.others() if not resident.pinned}
    return bool(insisting) and not after.after(insisting).over


def _no_room(coming: Snapshot, wanted: Resident, gone: Mapping[str, State]) -> str:
    after = coming.after(gone)
    without = after.after({wanted.expert: "COLD"})
    staying = ", ".join(f"{resident.expert} ({_why_it_stays(resident)})" for resident in _by_name(after.others()))
    left_bytes = max(0, coming.budget_bytes - without.held_bytes)
    return (
        f"does not fit: needs {_mib(after.held_bytes - without.held_bytes)}, {_mib(left_bytes)} of the budget of"
        f" {_mib(coming.budget_bytes)} are left{f' beside {staying}' if staying else ''}"
    )


def _why_it_stays(resident: Resident) -> str:
    if resident.pinned:
        return "pinned"
    return "in use" if not resident.movable else "needed more"


def _by_name(residents: Iterable[Resident]) -> list[Resident]:
    return sorted(residents, key=lambda resident: resident.expert)


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / MIB:,.0f} MiB"
