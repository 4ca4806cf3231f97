"""A fleet of hosts and its users, simulated event by event. Pure and seeded: the same arguments give the same figures.

Events are keys and ends of engine steps. A key supersedes the user's request that is still open, as the product does.
With affinity all requests of a document go to one host, drawn once as a hash of its header would; without it each goes
to the less busy of two hosts drawn anew (nginx's `random two least_conn`).
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass

from lsp_experts.lab.team.host import Host, HostKind, Request
from lsp_experts.lab.team.load import Load
from lsp_experts.lab.team.waits import Wait, answered_share, wait_ms


@dataclass(frozen=True)
class Fleet:
    """What is simulated: `seconds` of it, after `settle_s` that are not counted."""

    users: int
    hosts: int
    kind: HostKind
    load: Load
    affinity: bool = True
    round_trip_s: float = 0.0  # of the network and the client, on top of every answer
    seconds: float = 10.0
    settle_s: float = 2.0
    seed: int = 7


@dataclass(frozen=True)
class FleetFigures:
    """What a simulation gave. `hit_share`: of requests whose host had the prompt."""

    p50_ms: float
    p95_ms: float
    answered_share: float
    hit_share: float
    requests: int


def simulate(fleet: Fleet) -> FleetFigures:
    """Run it."""
    return _Simulation(fleet).run()


class _Simulation:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._rng = random.Random(fleet.seed)
        self._hosts = [Host(fleet.kind, fleet.load.place_tokens) for _ in range(fleet.hosts)]
        self._homes = [self._rng.randrange(fleet.hosts) for _ in range(fleet.users)]
        # So that nobody begins at the same moment of typing: keys pressed at the present place, of the pauses too.
        self._keys = [self._rng.randrange(fleet.load.keys_per_place) for _ in range(fleet.users)]
        self._pauses = [self._rng.randrange(len(fleet.load.gaps_s)) for _ in range(fleet.users)]
        self._open: list[Request | None] = [None] * fleet.users
        self._waits: list[Wait] = []
        self._hits = self._requests = 0

    def run(self) -> FleetFigures:
        fleet, gaps_s = self._fleet, self._fleet.load.gaps_s
        end_s = fleet.settle_s + fleet.seconds
        self._remember()
        # An event is (time, tie, user) for a key, (time, tie, users + host) for the end of a step.
        events = [(self._rng.random() * gaps_s[pause], user, user) for user, pause in enumerate(self._pauses)]
        heapq.heapify(events)
        tie = fleet.users
        while events[0][0] < end_s:
            now_s, _, who = heapq.heappop(events)
            tie += 2
            if who < fleet.users:
                host = self._key(who, now_s)
                self._pauses[who] = (self._pauses[who] + 1) % len(gaps_s)
                heapq.heappush(events, (now_s + gaps_s[self._pauses[who]], tie - 1, who))
            else:
                host = who - fleet.users
                for request in self._hosts[host].end_step():
                    self._answered(request, now_s)
            if not self._hosts[host].steps:
                step_s = self._hosts[host].begin_step()
                if step_s > 0:
                    heapq.heappush(events, (now_s + step_s, tie, fleet.users + host))
        return FleetFigures(
            p50_ms=wait_ms(self._waits, 0.5),
            p95_ms=wait_ms(self._waits, 0.95),
            answered_share=answered_share(self._waits),
            hit_share=self._hits / max(1, self._requests),
            requests=self._requests,
        )

    def _remember(self) -> None:
        """What the hosts keep of the keys that were pressed before the simulation begins."""
        for user, keys in enumerate(self._keys):
            for _ in range(keys if not self._fleet.affinity else min(keys, 1)):
                self._hosts[self._host_of(user)].keep(user, 0)

    def _host_of(self, user: int) -> int:
        if self._fleet.affinity:
            return self._homes[user]
        one, two = int(self._rng.random() * len(self._hosts)), int(self._rng.random() * len(self._hosts))
        return one if self._hosts[one].load <= self._hosts[two].load else two

    def _key(self, user: int, now_s: float) -> int:
        """A key is pressed: the open request ends, another one goes to the host that is returned."""
        fleet, load = self._fleet, self._fleet.load
        before = self._open[user]
        if before is not None:
            before.superseded = True
            self._count(before, now_s, answered=False)
        place = self._keys[user] // load.keys_per_place
        self._keys[user] += 1
        number = self._host_of(user)
        host = self._hosts[number]
        known = host.knows(user, place)
        costs = load.following if known else load.first
        request = self._open[user] = Request(user, place, now_s)
        host.take(request, costs[int(self._rng.random() * len(costs))])
        if now_s >= fleet.settle_s:
            self._requests += 1
            self._hits += known
        return number

    def _answered(self, request: Request, now_s: float) -> None:
        self._open[request.user] = None
        self._count(request, now_s + self._fleet.round_trip_s, answered=True)

    def _count(self, request: Request, now_s: float, *, answered: bool) -> None:
        if request.since_s >= self._fleet.settle_s:
            self._waits.append(Wait((now_s - request.since_s) * 1000, answered))
