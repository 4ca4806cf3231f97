from __future__ import annotations

from typing import Any

import pytest

from lsp_experts.pool.devices import DeviceNeed
from lsp_experts.pool.model import State, Urgency
from lsp_experts.pool.policy import (
    Evict,
    Load,
    Move,
    Park,
    Refuse,
    Unpark,
    Wait,
    plan,
    trim,
    trim_later_s,
    without_the_others,
)
from lsp_experts.pool.snapshot import Resident, Snapshot

MIB = 1024 * 1024
NOW_S = 1000.0
SIGNS = {Park: "~", Evict: "-", Unpark: "^", Load: "+"}


def hot(
    expert: str, mib: int, used_s: float = 0, *, parked: int | None = None, state: State = "HOT", **how: Any
) -> Resident:
    """Used `used_s` of a thousand seconds after the start; unless `parked` says how much, parking gains nothing."""
    how = {"load_ms": 350.0, "unpark_ms": 30.0, "last_used_s": used_s} | how
    return Resident(expert, state, mib * MIB, parked_bytes=(mib if parked is None else parked) * MIB, **how)


def wanted(expert: str, mib: int, **how: Any) -> Resident:
    return hot(expert, mib, **({"state": "COLD"} | how))


def words(decision: tuple[Move, ...] | Refuse | Wait) -> str:
    if isinstance(decision, Refuse):
        return "refused: in use" if decision.in_use else "refused"
    if isinstance(decision, Wait):
        return f"wait {decision.until_s - NOW_S:g}"
    return " ".join(SIGNS[type(move)] + move.expert for move in decision)


def check(
    budget_mib: int,
    residents: list[Resident],
    expected: str,
    *,
    overhead_mib: int = 0,
    urgency: Urgency = "now",
    tight: bool = False,
) -> None:
    """`go` is wanted. `expected`: moves in order, as in "~css -html +go" (^: unpark), or what else was decided."""
    snapshot = Snapshot(tuple(residents), budget_mib * MIB, overhead_mib * MIB, "go", urgency, NOW_S, tight)
    assert words(plan(snapshot)) == expected


@pytest.mark.parametrize(
    ("budget_mib", "residents", "expected"),
    [
        pytest.param(100, [wanted("go", 60)], "+go", id="alone"),
        pytest.param(100, [wanted("go", 600)], "+go", id="alone it may be larger than the budget"),
        pytest.param(100, [wanted("go", 60), hot("html", 40)], "+go", id="both fit to the byte"),
        pytest.param(100, [wanted("go", 60), hot("html", 41)], "-html +go", id="no room for both"),
        pytest.param(100, [wanted("go", 60), hot("css", 30, 2), hot("html", 30, 1)], "-html +go", id="oldest leaves"),
        pytest.param(100, [wanted("go", 60), hot("b", 30, 1), hot("a", 30, 1)], "-a +go", id="equally old: by name"),
        pytest.param(100, [wanted("go", 90), hot("a", 30, 1), hot("b", 30, 2)], "-a -b +go", id="all leave"),
        pytest.param(100, [wanted("go", 900), hot("a", 30, 1), hot("b", 30, 2)], "-a -b +go", id="all leave for one"),
        pytest.param(100, [wanted("go", 60), hot("a", 30, 1, leases=1), hot("b", 30, 2)], "-b +go", id="lease stays"),
        pytest.param(
            100, [wanted("go", 60), hot("a", 60, leases=2)], "refused: in use", id="only a lease is in the way"
        ),
        pytest.param(100, [wanted("go", 60), hot("a", 60, pinned=True)], "refused", id="pinned is in the way"),
        pytest.param(100, [wanted("go", 60), hot("a", 60, parked=5, pinned=True)], "~a +go", id="pinned yields"),
        pytest.param(
            100,
            [wanted("go", 60), hot("a", 30, parked=5, pinned=True), hot("b", 30, parked=5)],
            "~b +go",
            id="pinned yields last",
        ),
        pytest.param(
            100,
            [wanted("go", 60), hot("a", 60, parked=5, pinned=True, leases=1)],
            "refused",
            id="pinned, and leased",
        ),
        pytest.param(
            100, [wanted("go", 60), hot("a", 30, pinned=True), hot("b", 30, leases=1)], "refused: in use", id="both"
        ),
        pytest.param(
            100, [wanted("go", 80), hot("a", 30, pinned=True), hot("b", 30, leases=1)], "refused", id="pinned anyway"
        ),
        pytest.param(100, [wanted("go", 60), hot("a", 60, state="LOADING")], "refused: in use", id="loading stays"),
        pytest.param(100, [wanted("go", 60), hot("a", 60, state="PARKED")], "-a +go", id="parked may leave"),
        pytest.param(100, [wanted("go", 60, pinned=True), hot("a", 60)], "-a +go", id="a pinned one comes in"),
        pytest.param(100, [hot("go", 60)], "", id="hot already"),
        pytest.param(100, [hot("go", 60, state="LOADING")], "", id="loading already"),
        pytest.param(100, [hot("html", 60)], "", id="unknown"),
    ],
)
def test_plan(budget_mib: int, residents: list[Resident], expected: str) -> None:
    check(budget_mib, residents, expected)


def test_what_the_engine_holds_besides_experts_counts() -> None:
    check(100, [wanted("go", 60), hot("html", 30)], "+go", overhead_mib=10)
    check(100, [wanted("go", 60), hot("html", 30)], "-html +go", overhead_mib=11)


def test_nothing_leaves_for_a_refused_load_and_the_reason_has_the_numbers() -> None:
    residents = (wanted("go", 90), hot("html", 30), hot("general", 50, pinned=True))
    decision = plan(Snapshot(residents, 100 * MIB, 0, "go", now_s=NOW_S))
    assert decision == Refuse(
        "does not fit: needs 90 MiB, 50 MiB of the budget of 100 MiB are left beside general (pinned)", False
    )


@pytest.mark.parametrize(
    ("residents", "expected"),
    [
        pytest.param([wanted("go", 60), hot("html", 60, parked=10)], "~html +go", id="parking is enough"),
        pytest.param([wanted("go", 60, state="PARKED", parked=9), hot("html", 60, parked=9)], "~html ^go", id="switch"),
        pytest.param([wanted("go", 95), hot("html", 60, parked=10)], "-html +go", id="parking is not enough"),
        pytest.param(
            [wanted("go", 60), hot("a", 60, state="PARKED", parked=30), hot("b", 60, parked=20)],
            "~b -a +go",
            id="park one, evict a parked one",
        ),
        pytest.param(
            [wanted("go", 65), hot("a", 40, state="PARKED", parked=20), hot("b", 20, 999, parked=1)],
            "-a +go",
            id="a parked one that is unlikely leaves before what was just used is parked",
        ),
        pytest.param(
            [wanted("go", 65), hot("a", 40, 900, state="PARKED", parked=20), hot("b", 20, 999, parked=1)],
            "~b +go",
            id="a likelier one does not: parking costs less than a load",
        ),
        pytest.param(
            [wanted("go", 55), hot("a", 40, 1, parked=5), hot("b", 40, 999, parked=5)],
            "~a +go",
            id="the likelier stays",
        ),
        pytest.param(
            [wanted("go", 55), hot("a", 40, 1, parked=5, probability=0.9), hot("b", 40, 1, parked=5)],
            "~b +go",
            id="the expected stays",
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 40, parked=39, load_ms=2000.0), hot("b", 40, parked=39, load_ms=100.0)],
            "-b +go",
            id="the one that loads fast leaves",
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 10, 1, parked=9), hot("b", 70, 2)], "-b +go", id="nobody leaves needlessly"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 60, parked=5, load_ms=0.0, unpark_ms=0.0)], "~a +go", id="no figures: park"
        ),
        pytest.param([wanted("go", 60), hot("a", 60, parked=5, revocable=2)], "~a +go", id="leases are revoked"),
        pytest.param(
            [wanted("go", 60), hot("a", 60, parked=5, revocable=2, leases=1)], "refused: in use", id="but not all"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 30, 999, revocable=1), hot("b", 30, 999)], "-b +go", id="used right now stays"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 60, state="PARKED", parked=50, pinned=True)], "refused", id="pinned, parked"
        ),
        pytest.param([wanted("go", 60), hot("a", 60, 2, parked=60, came_in_s=0)], "-a +go", id="it came in long ago"),
        pytest.param([wanted("go", 60), hot("a", 60, came_in_s=999.9)], "wait 0.6", id="it stays 2 x its load"),
        pytest.param(
            [wanted("go", 60), hot("a", 60, came_in_s=999, load_ms=9000.0)], "wait 2", id="at most three seconds"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 60, parked=5, came_in_s=999.9)], "~a +go", id="parking may be at once"
        ),
        pytest.param(
            [wanted("go", 90), hot("a", 60, state="PARKED", parked=30, came_in_s=999.9)],
            "wait 0.6",
            id="what was parked at once stays as long",
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 60, 1, came_in_s=999.9), hot("b", 40, 999)], "wait 0.6", id="b alone is no help"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 30, 1, came_in_s=999.9), hot("b", 40, 999)], "-b +go", id="b alone is enough"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 60, came_in_s=1001.0)], "-a +go", id="a clock that went back keeps nobody"
        ),
        pytest.param(
            [wanted("go", 60), hot("a", 60, came_in_s=999.9, leases=1)], "refused: in use", id="waiting is no help"
        ),
    ],
)
def test_parking_costs_and_hysteresis(residents: list[Resident], expected: str) -> None:
    check(100, residents, expected)


@pytest.mark.parametrize(
    ("residents", "expected"),
    [
        pytest.param([wanted("go", 60), hot("a", 40)], "+go", id="there is room"),
        pytest.param([wanted("go", 160)], "refused", id="a guess never exceeds the budget"),
        pytest.param(
            [wanted("go", 60, probability=0.5), hot("a", 60, parked=5)], "~a +go", id="the idle one is parked"
        ),
        pytest.param(
            [wanted("go", 60, state="PARKED", parked=4, probability=0.5), hot("a", 60, parked=5)], "~a ^go", id="unpark"
        ),
        pytest.param([wanted("go", 60, probability=0.5), hot("a", 60)], "refused", id="nothing is evicted"),
        pytest.param(
            [wanted("go", 60, probability=0.9), hot("a", 60, 995.5, parked=5)], "refused", id="used in the last 5 s"
        ),
        pytest.param(
            [wanted("go", 60, probability=0.5), hot("a", 60, 10, parked=5, probability=0.6)], "refused", id="likelier"
        ),
        pytest.param([wanted("go", 60), hot("a", 60, 10, parked=5)], "refused", id="nobody said it is likely"),
        pytest.param(
            [wanted("go", 60, probability=0.9), hot("a", 60, 10, parked=5, revocable=1)], "refused", id="in use"
        ),
        pytest.param(
            [wanted("go", 60, probability=0.9), hot("a", 60, 10, parked=5, pinned=True)], "refused", id="pinned"
        ),
        pytest.param(
            [wanted("go", 90, probability=0.9), hot("a", 60, 10, parked=50, state="PARKED")],
            "refused",
            id="parked stays",
        ),
    ],
)
def test_a_guess(residents: list[Resident], expected: str) -> None:
    check(100, residents, expected, urgency="next")


def test_no_guesses_while_memory_is_short() -> None:
    check(100, [wanted("go", 10)], "refused", urgency="next", tight=True)


def adapter(expert: str, own: int, base: int, used_s: float = 0, **how: Any) -> Resident:
    """Over a base of `base` MiB that keeps a tenth when it is parked; of its own it keeps one MiB."""
    weights = {"weights": "base", "weights_bytes": base * MIB, "parked_weights_bytes": base // 10 * MIB}
    return hot(expert, own + base, used_s, parked=1 + base // 10, **(weights | how))


@pytest.mark.parametrize(
    ("budget_mib", "residents", "expected"),
    [
        pytest.param(
            100, [adapter("go", 10, 60, state="COLD"), adapter("html", 10, 60)], "+go", id="80 with one base, not 140"
        ),
        pytest.param(
            79, [adapter("go", 10, 60, state="COLD"), adapter("html", 10, 60)], "~html +go", id="the base stays HOT"
        ),
        pytest.param(
            100, [wanted("go", 80), adapter("a", 10, 60, 1), adapter("b", 10, 60, 2)], "~a ~b +go", id="both must go"
        ),
        pytest.param(
            100, [wanted("go", 29), adapter("a", 10, 60, 1), adapter("b", 10, 60, 2)], "~a +go", id="its own is enough"
        ),
        pytest.param(
            100,
            [wanted("go", 20), adapter("a", 10, 60, 1), adapter("b", 10, 60, 2), hot("c", 20, 3, parked=1)],
            "~c ~a +go",
            id="a megabyte of another one costs less than one over a base that stays",
        ),
        pytest.param(
            72, [adapter("go", 10, 60, state="PARKED"), adapter("html", 10, 60)], "~html ^go", id="switch of adapters"
        ),
    ],
)
def test_experts_over_one_model(budget_mib: int, residents: list[Resident], expected: str) -> None:
    check(budget_mib, residents, expected)


def test_the_sum_counts_each_model_once() -> None:
    shared = (adapter("a", 10, 60), adapter("b", 20, 60), adapter("c", 5, 60, state="PARKED"), hot("d", 7))
    assert Snapshot(shared, 0, 3 * MIB).held_bytes == (3 + 60 + 10 + 20 + 1 + 7) * MIB
    parked = Snapshot(shared, 0, 3 * MIB).after({"a": "PARKED", "b": "PARKED"})
    assert parked.held_bytes == (3 + 6 + 1 + 1 + 1 + 7) * MIB


@pytest.mark.parametrize(
    ("residents", "came_in", "expected"),
    [
        pytest.param([hot("a", 60), hot("b", 40)], "b", "", id="within"),
        pytest.param([hot("a", 61), hot("b", 40)], "b", "a", id="the older leaves"),
        pytest.param([hot("a", 20, 1), hot("c", 20, 2), hot("b", 70)], "b", "a", id="only as many as needed"),
        pytest.param([hot("b", 400)], "b", "", id="one stays"),
        pytest.param([hot("a", 60), hot("b", 400)], "b", "a", id="down to the one that came in"),
        pytest.param([hot("a", 60, leases=1), hot("b", 60)], "b", "b", id="the new one leaves if the other is in use"),
        pytest.param([hot("p", 60, pinned=True), hot("a", 20), hot("b", 60)], "b", "b", id="nobody leaves in vain"),
        pytest.param([hot("p", 60, pinned=True), hot("b", 60, leases=1)], "b", "", id="nobody may leave"),
        pytest.param([hot("a", 160, 1), hot("b", 160, 2)], None, "a", id="the most recent stays"),
        pytest.param([hot("p", 90, pinned=True), hot("b", 160, 2)], None, "b", id="the pinned stays"),
    ],
)
def test_trim(residents: list[Resident], came_in: str | None, expected: str) -> None:
    moves = trim(Snapshot(tuple(residents), 100 * MIB, 0, came_in, now_s=NOW_S))
    assert " ".join(move.expert for move in moves) == expected
    assert all(isinstance(move, Evict) for move in moves)


@pytest.mark.parametrize(
    ("residents", "expected", "later_s"),
    [
        pytest.param([hot("a", 40)], "", None, id="within"),
        pytest.param([hot("a", 160, 10)], "-a", None, id="the last one leaves"),
        pytest.param([hot("a", 160, 10, parked=20)], "~a", None, id="or is parked"),
        pytest.param([hot("a", 160, 998, parked=20)], "", 1003, id="not while it is used"),
        pytest.param([hot("a", 160, 10, revocable=1)], "", None, id="nor while it has a lease"),
        pytest.param([hot("a", 90, 10, parked=9), hot("b", 60, 998)], "~a", None, id="the idle one is parked"),
        pytest.param(
            [hot("a", 90, 10, parked=8), hot("b", 90, 20, parked=8)], "~a", None, id="no more than needed is parked"
        ),
        pytest.param([hot("a", 90, 10, parked=60), hot("b", 60, 20, parked=60)], "-a", 0, id="parks are not enough"),
        pytest.param([hot("a", 90, 997), hot("b", 90, 998)], "-a", None, id="over the budget somebody leaves anyway"),
        pytest.param(
            [hot("p", 150, 10, parked=15, pinned=True), hot("b", 90, 20, parked=8)], "~p -b", None, id="pinned: at last"
        ),
        pytest.param(
            [hot("p", 80, 10, parked=15, pinned=True), hot("b", 90, 20, parked=8)], "~b", None, id="pinned stays"
        ),
        pytest.param([hot("p", 150, 998, parked=15, pinned=True)], "", 1003, id="pinned and used"),
        pytest.param([hot("p", 150, 10, parked=120, pinned=True)], "~p", None, id="pinned is never evicted"),
        pytest.param([hot("p", 150, 10, parked=15, pinned=True, leases=1)], "", None, id="pinned with a lease"),
    ],
)
def test_trim_when_memory_is_short(residents: list[Resident], expected: str, later_s: float | None) -> None:
    snapshot = Snapshot(tuple(residents), 100 * MIB, now_s=NOW_S, tight=True)
    moves = trim(snapshot)
    assert words(moves) == expected
    if later_s != 0:
        states: dict[str, State] = {m.expert: "PARKED" if isinstance(m, Park) else "COLD" for m in moves}
        assert trim_later_s(snapshot.after(states)) == later_s


@pytest.mark.parametrize(
    ("free_mib", "others", "expected"),
    [
        pytest.param(1000, [], "+go 10", id="all layers"),
        pytest.param(119, [], "+go 9", id="fewer layers"),
        pytest.param(29, [], "+go 0", id="the CPU"),
        pytest.param(0, [], "+go 0", id="no GPU"),
        pytest.param(20, [hot("a", 5, device_bytes=100 * MIB)], "-a +go 10", id="who is there leaves"),
        pytest.param(20, [hot("a", 5, device_bytes=50 * MIB)], "+go 0", id="not in vain"),
        pytest.param(40, [hot("a", 5, device_bytes=500 * MIB, leases=1)], "+go 2", id="in use"),
        pytest.param(40, [hot("a", 5, device_bytes=500 * MIB, came_in_s=999.9)], "+go 2", id="came in just now"),
        pytest.param(
            20,
            [hot("a", 5, 10, device_bytes=99 * MIB), hot("b", 5, 999, device_bytes=100 * MIB)],
            "-a -b +go 10",
            id="as many as needed",
        ),
        pytest.param(
            21,
            [hot("a", 5, 10, device_bytes=99 * MIB), hot("b", 5, 999, device_bytes=100 * MIB)],
            "-a +go 10",
            id="the least likely",
        ),
        pytest.param(
            120, [hot("a", 50, 10, device_bytes=99 * MIB, parked=5)], "~a +go 10", id="memory of both kinds is short"
        ),
    ],
)
def test_layers_on_the_gpu(free_mib: int, others: list[Resident], expected: str) -> None:
    go = wanted("go", 60, device_need=DeviceNeed(10, 10 * MIB, 20 * MIB))
    snapshot = Snapshot((go, *others), 100 * MIB, wanted="go", now_s=NOW_S, free_device_bytes=free_mib * MIB)
    moves = plan(snapshot)
    assert isinstance(moves, tuple) and isinstance(moves[-1], Load)
    assert f"{words(moves)} {moves[-1].n_gpu_layers}" == expected


def test_a_guess_takes_no_gpu_memory_from_anybody() -> None:
    go = wanted("go", 60, device_need=DeviceNeed(10, 10 * MIB, 20 * MIB), probability=0.9)
    residents = (go, hot("a", 5, 10, device_bytes=500 * MIB))
    moves = plan(Snapshot(residents, 100 * MIB, 0, "go", "next", NOW_S, free_device_bytes=50 * MIB))
    assert moves == (Load("go", 3),)


def test_memory_ran_out() -> None:
    residents = (
        wanted("go", 60),
        hot("b", 5, state="PARKED"),
        hot("a", 5),
        hot("p", 5, pinned=True),
        hot("c", 5, leases=1),
    )
    assert without_the_others(Snapshot(residents, 100 * MIB, 0, "go")) == (Evict("a"), Evict("b"))
