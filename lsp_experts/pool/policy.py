"""Who leaves so that who can come in: pure functions over a Snapshot, no clock, no IO.

Rules: the least recently used leaves first. An expert with a lease, a pinned one, one that is loading and the wanted
one never leave to make room. Nothing leaves for a load that will be refused. One expert alone may always be there,
whatever the budget.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_experts.pool.prediction import MIB
from lsp_experts.pool.snapshot import Resident, Snapshot


@dataclass(frozen=True)
class Evict:
    """Put `expert` out of memory."""

    expert: str


@dataclass(frozen=True)
class Load:
    """Load the wanted expert, now that there is room."""

    expert: str


Move = Evict | Load


@dataclass(frozen=True)
class Refuse:
    """The wanted expert cannot come in. `in_use`: it could, once the leases of others end."""

    reason: str
    in_use: bool = False


def plan(snapshot: Snapshot) -> tuple[Move, ...] | Refuse:
    """The moves, in order, that bring the wanted expert in; () if it is there or on its way."""
    wanted = snapshot.find(snapshot.wanted)
    if wanted is None:
        return ()
    if wanted.state in ("HOT", "LOADING"):
        return ()
    others = snapshot.others()
    victims = _until_within(snapshot, others, wanted.resident_bytes)
    staying = [other for other in others if other not in victims]
    if staying and _total(snapshot, staying) + wanted.resident_bytes > snapshot.budget_bytes:
        return _refusal(snapshot, wanted, staying)
    return (*(Evict(victim.expert) for victim in victims), Load(wanted.expert))


def trim(snapshot: Snapshot) -> tuple[Evict, ...]:
    """The evictions that bring measured sizes back into the budget, as far as the rules allow, down to one expert.

    `snapshot.wanted` is the expert that just came in: it leaves only if all others together could not make room.
    """
    wanted = snapshot.find(snapshot.wanted)
    others = snapshot.others()
    kept_bytes = wanted.resident_bytes if wanted is not None and wanted.held else 0
    if _total(snapshot, others) + kept_bytes <= snapshot.budget_bytes:
        return ()
    victims = _until_within(snapshot, others, kept_bytes)
    staying = [other for other in others if other not in victims]
    if not kept_bytes or wanted is None:
        if not staying and victims:
            victims = victims[:-1]  # the most recently used one stays
        return tuple(Evict(victim.expert) for victim in victims)
    if staying and wanted.evictable and _total(snapshot, staying) + kept_bytes > snapshot.budget_bytes:
        victims = (wanted, *_until_within(snapshot, others, 0))
    return tuple(Evict(victim.expert) for victim in victims)


def _until_within(snapshot: Snapshot, others: Iterable[Resident], kept_bytes: int) -> tuple[Resident, ...]:
    """The least recently used of `others` that must leave so that they and `kept_bytes` fit; all that may if not."""
    others = tuple(others)
    total = _total(snapshot, others) + kept_bytes
    victims: list[Resident] = []
    for candidate in sorted(others, key=lambda resident: (resident.last_used, resident.expert)):
        if total <= snapshot.budget_bytes:
            break
        if candidate.evictable:
            victims.append(candidate)
            total -= candidate.resident_bytes
    return tuple(victims)


def _total(snapshot: Snapshot, residents: Iterable[Resident]) -> int:
    return snapshot.overhead_bytes + sum(resident.resident_bytes for resident in residents)


def _refusal(snapshot: Snapshot, wanted: Resident, staying: list[Resident]) -> Refuse:
    pinned = [resident for resident in staying if resident.pinned]
    busy = [resident for resident in staying if not resident.pinned]
    in_use = bool(busy) and (not pinned or _total(snapshot, pinned) + wanted.resident_bytes <= snapshot.budget_bytes)
    names = [f"{resident.expert} ({'pinned' if resident.pinned else 'in use'})" for resident in staying]
    left = max(0, snapshot.budget_bytes - _total(snapshot, staying))
    return Refuse(
        f"does not fit: needs {_mib(wanted.resident_bytes)}, {_mib(left)} of the budget of"
        f" {_mib(snapshot.budget_bytes)} are left beside {', '.join(names)}",
        in_use,
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / MIB:,.0f} MiB"
