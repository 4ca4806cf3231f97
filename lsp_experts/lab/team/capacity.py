"""How many users a host serves, and how many hosts a team needs: found by simulation. Pure.

The simulation is the method, and not a formula for queues: requests are superseded while they wait, engines batch, and
a lost prompt costs a hundred times a kept one. `busy_share` is the plain arithmetic beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from lsp_experts.lab.team.fleet import Fleet, FleetFigures, simulate
from lsp_experts.lab.team.host import HostKind
from lsp_experts.lab.team.load import Load

TARGET_MS = 300.0
_MOST_USERS = 4096
_STRIDE = 1.3  # of the search for hosts


@dataclass(frozen=True)
class Served:
    """The most users (or fewest hosts) with which 95 % of answers come in time, and what came of them."""

    users: int
    hosts: int
    figures: FleetFigures


def users_of_one_host(
    kind: HostKind, load: Load, *, round_trip_s: float, target_ms: float = TARGET_MS
) -> Served | None:
    """The most users that one host serves in time; None if it does not serve one."""

    def at(users: int) -> FleetFigures:
        # A few users are watched for longer, so that there are keys enough for a 95th percentile.
        return simulate(Fleet(users, 1, kind, load, round_trip_s=round_trip_s, seconds=max(10.0, 400 / users)))

    users = _last(lambda count: at(count).p95_ms <= target_ms, _MOST_USERS)
    return Served(users, 1, at(users)) if users else None


def hosts_needed(fleet: Fleet, guess: int, *, target_ms: float = TARGET_MS) -> Served | None:
    """The fewest hosts, within a tenth, that serve the users of `fleet` in time; None if one for each does not.

    `guess` is where the search begins: a good one saves simulations.
    """

    def at(hosts: int) -> FleetFigures:
        return simulate(replace(fleet, hosts=hosts))

    hosts, found = max(1, min(guess, fleet.users)), None
    while (figures := at(hosts)).p95_ms > target_ms:
        if hosts == fleet.users:
            return None
        hosts = min(fleet.users, ceil(hosts * _STRIDE))
    found = Served(fleet.users, hosts, figures)
    too_few = int(hosts / _STRIDE) if hosts > guess else 0
    while found.hosts - too_few > max(1, found.hosts // 10):
        hosts = max(too_few + 1, int(found.hosts / _STRIDE), (too_few + found.hosts) // 2)
        if (figures := at(hosts)).p95_ms <= target_ms:
            found = Served(fleet.users, hosts, figures)
        else:
            too_few = hosts
    return found


def busy_share(users: int, kind: HostKind, load: Load) -> float:
    """The share of its time for which one host computes for `users` if it batches as many answers as it has slots.

    Plain arithmetic, for comparison: above 1 it cannot keep up; a host that is in time is far below.
    """
    rates = kind.rates
    key_s = load.prompt_tokens_per_key / rates.prompt_tokens_per_s
    key_s += load.answer_tokens_per_key * (rates.step_s / kind.slots + rates.token_s)
    return users * load.keys_per_s * key_s


def _last(holds: Callable[[int], bool], most: int) -> int:
    """The last number up to `most` for which `holds`, taken to fail for all above one that fails; 0: none."""
    low, high = 0, 1
    while high <= most and holds(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
