"""Waits that keys cut short, rates, a simulated host step by step, fleets; how many users and hosts that makes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lsp_experts.errors import UsageError
from lsp_experts.lab.team.capacity import busy_share, hosts_needed, users_of_one_host
from lsp_experts.lab.team.fleet import Fleet, simulate
from lsp_experts.lab.team.host import Host, HostKind, Request
from lsp_experts.lab.team.load import Cost, Load
from lsp_experts.lab.team.rates import GPUS, EngineRates, engine_rates
from lsp_experts.lab.team.waits import Wait, answered_share, wait_ms

RATES = EngineRates(prompt_tokens_per_s=10_000, step_s=0.008, token_s=0.0001)
KIND = HostKind(RATES, slots=8, kept_tokens=20_000)
LOAD = Load(
    gaps_s=(0.2, 0.15, 0.3, 1.4, 0.2, 0.25),
    first=(Cost(500, 6), Cost(700, 9)),
    following=(Cost(3, 6), Cost(2, 9), Cost(5, 2)),
    keys_per_place=80,
)


@pytest.mark.parametrize(
    ("waits", "p50", "p95"),
    [
        ([Wait(10.0 * n, True) for n in range(1, 21)], 100, 190),
        ([Wait(100, True), Wait(50, False)], 100, 100),  # the one that was cut off would have come as the other did
        ([Wait(100, True), Wait(150, False)], 100, math.inf),
        ([Wait(150, False)] * 9, math.inf, math.inf),
        ([], math.inf, math.inf),
        ([Wait(30, True), Wait(30, False), Wait(40, True)], 40, 40),  # an answer at the same moment was first
    ],
)
def test_waits_that_were_cut_off_count_as_longer(waits: list[Wait], p50: float, p95: float) -> None:
    assert (wait_ms(waits, 0.5), wait_ms(waits, 0.95)) == (p50, p95)


def test_answered_share() -> None:
    assert answered_share([Wait(1, True), Wait(2, False), Wait(3, True), Wait(9, False)]) == 0.5
    assert answered_share([]) == 0.0


def test_rates_say_again_what_was_measured() -> None:
    rates = engine_rates(2000, (1, 50), (32, 800))
    assert 1 / rates.step(0, 1) == pytest.approx(50) and 32 / rates.step(0, 32) == pytest.approx(800)
    assert rates.step(1000, 0) == pytest.approx(0.5 + rates.step_s)
    with pytest.raises(UsageError, match="do not fit"):
        engine_rates(2000, (1, 50), (32, 4000))
    with pytest.raises(UsageError, match="no rates"):
        engine_rates(0, (1, 50), (32, 800))


def test_every_known_gpu_says_where_its_figures_are_from() -> None:
    assert all(gpu.source.startswith("github.com/") and gpu.kept_tokens > 10_000 for gpu in GPUS.values())


def request(user: int, place: int = 0) -> Request:
    return Request(user, place, 0.0)


def test_a_host_reads_a_prompt_then_writes_a_token_each_step() -> None:
    host, asked = Host(KIND, 500), request(1)
    host.take(asked, Cost(3000, 2))  # more than a step reads
    assert not host.knows(1, 0)
    assert host.begin_step() == pytest.approx(RATES.step(2048, 0)) and host.end_step() == []
    assert host.begin_step() == pytest.approx(RATES.step(952, 0)) and host.end_step() == []
    assert host.knows(1, 0), "the prompt is read, its first token is there"
    assert host.begin_step() == pytest.approx(RATES.step(0, 1)) and host.end_step() == [asked]
    assert host.begin_step() == 0.0 and host.load == 0


def test_a_full_host_lets_wait_and_forgets_what_was_superseded() -> None:
    host = Host(replace(KIND, slots=1), 500)
    one, two, three = (request(user) for user in range(3))
    for each in (one, two, three):
        host.take(each, Cost(1, 2))
    host.begin_step()
    one.superseded = two.superseded = True
    assert host.end_step() == [] and host.load == 2
    assert host.begin_step() == pytest.approx(RATES.step(1, 0))
    host.end_step()
    assert host.begin_step() > 0 and host.end_step() == [three]
    assert host.knows(0, 0) and not host.knows(1, 0), "who waited in vain was never read"


def test_a_host_keeps_the_prompts_that_were_used_last() -> None:
    host = Host(replace(KIND, kept_tokens=1000), 500)
    for user in (1, 2, 1, 3):
        host.keep(user, 0)
    assert host.knows(1, 0) and host.knows(3, 0) and not host.knows(2, 0)
    assert not host.knows(1, 1), "another place"


def test_a_user_alone_waits_for_the_bare_work() -> None:
    load = replace(LOAD, first=(Cost(500, 5),), following=(Cost(3, 5),), keys_per_place=10**6)
    figures = simulate(Fleet(1, 1, KIND, load, round_trip_s=0.02, seconds=100))
    expected_ms = (RATES.step(3, 0) + 4 * RATES.step(0, 1) + 0.02) * 1000
    assert figures.p50_ms == pytest.approx(expected_ms) == figures.p95_ms
    assert figures.answered_share == 1.0 and figures.hit_share > 0.99
    assert figures.requests == pytest.approx(100 * load.keys_per_s, rel=0.05)


def test_the_same_seed_gives_the_same_figures() -> None:
    fleet = Fleet(60, 2, KIND, LOAD, affinity=False)
    assert simulate(fleet) == simulate(fleet) != simulate(replace(fleet, seed=8))


def test_more_users_wait_longer_and_more_hosts_help() -> None:
    few, many = (simulate(Fleet(users, 1, KIND, LOAD)) for users in (20, 400))
    assert few.p95_ms < many.p95_ms and few.answered_share > many.answered_share
    assert simulate(Fleet(400, 10, KIND, LOAD)).p95_ms < many.p95_ms


def test_affinity_keeps_prompts_where_they_are_known() -> None:
    near, far = (simulate(Fleet(200, 10, KIND, LOAD, affinity=affinity)) for affinity in (True, False))
    assert near.hit_share > 0.9 > 0.5 > far.hit_share
    assert near.p95_ms < far.p95_ms


def test_users_of_a_host_and_hosts_of_a_team_fit_each_other() -> None:
    kind = replace(KIND, rates=EngineRates(10_000, 0.02, 0.001))
    served = users_of_one_host(kind, LOAD, round_trip_s=0.01)
    assert served is not None and served.figures.p95_ms <= 300
    more = Fleet(int(served.users * 1.5) + 1, 1, kind, LOAD, round_trip_s=0.01)
    assert simulate(more).p95_ms > 300
    team = replace(more, users=10 * served.users)
    few_at_first, many_at_first = hosts_needed(team, 1), hosts_needed(team, 40)
    assert few_at_first is not None and many_at_first is not None
    assert 10 / 1.2 <= few_at_first.hosts <= 1.25 * many_at_first.hosts <= 1.6 * few_at_first.hosts
    assert few_at_first.figures.p95_ms <= 300 >= many_at_first.figures.p95_ms


def test_a_host_that_is_too_slow_for_anybody_serves_nobody() -> None:
    slow = replace(KIND, rates=EngineRates(100, 0.2, 0.01))
    assert users_of_one_host(slow, LOAD, round_trip_s=0.0) is None
    assert hosts_needed(Fleet(3, 1, slow, LOAD), 1) is None


def test_the_arithmetic_beside_the_simulation() -> None:
    key_s = LOAD.prompt_tokens_per_key / 10_000 + 17 / 3 * (0.008 / 8 + 0.0001)
    assert LOAD.prompt_tokens_per_key == pytest.approx((600 + 79 * 10 / 3) / 80)
    assert busy_share(10, KIND, LOAD) == pytest.approx(10 * LOAD.keys_per_s * key_s)
