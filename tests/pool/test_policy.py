from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.pool.model import State
from lsp_experts.pool.policy import Evict, Load, Refuse, plan, trim
from lsp_experts.pool.snapshot import Resident, Snapshot

MIB = 1024 * 1024


def hot(
    expert: str, mib: int, last_used: float = 0, *, leases: int = 0, pinned: bool = False, state: State = "HOT"
) -> Resident:
    return Resident(expert, state, mib * MIB, leases, last_used, pinned)


def wanted(expert: str, mib: int, *, pinned: bool = False) -> Resident:
    return hot(expert, mib, state="COLD", pinned=pinned)


def check(budget_mib: int, residents: list[Resident], want: str | None, expected: str, overhead_mib: int = 0) -> None:
    """`expected`: "-go +html" (moves in order), "refused" or "refused: in use"."""
    decision = plan(Snapshot(tuple(residents), budget_mib * MIB, overhead_mib * MIB, want))
    if isinstance(decision, Refuse):
        found = "refused: in use" if decision.in_use else "refused"
    else:
        found = " ".join(f"{'-' if isinstance(move, Evict) else '+'}{move.expert}" for move in decision)
    assert found == expected


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
    check(budget_mib, residents, "go", expected)


def test_what_the_engine_holds_besides_experts_counts() -> None:
    check(100, [wanted("go", 60), hot("html", 30)], "go", "+go", overhead_mib=10)
    check(100, [wanted("go", 60), hot("html", 30)], "go", "-html +go", overhead_mib=11)


def test_nothing_leaves_for_a_refused_load_and_the_reason_has_the_numbers() -> None:
    residents = (wanted("go", 90), hot("html", 30), hot("general", 50, pinned=True))
    decision = plan(Snapshot(residents, 100 * MIB, 0, "go"))
    assert decision == Refuse(
        "does not fit: needs 90 MiB, 50 MiB of the budget of 100 MiB are left beside general (pinned)", False
    )


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
    moves = trim(Snapshot(tuple(residents), 100 * MIB, 0, came_in))
    assert " ".join(move.expert for move in moves) == expected


RESIDENTS = st.lists(
    st.builds(
        Resident,
        expert=st.sampled_from("abcdefgh"),
        state=st.sampled_from(("HOT", "LOADING", "PARKED", "COLD")),
        resident_bytes=st.integers(0, 50),
        leases=st.integers(0, 2),
        last_used=st.integers(0, 5).map(float),
        pinned=st.booleans(),
    ),
    unique_by=lambda resident: resident.expert,
    max_size=8,
).map(tuple)
SNAPSHOTS = st.builds(
    Snapshot, experts=RESIDENTS, budget_bytes=st.integers(0, 150), overhead_bytes=st.integers(0, 20),
    wanted=st.sampled_from("abcdefgh") | st.none(),
)  # fmt: skip


def held_bytes(snapshot: Snapshot) -> int:
    return snapshot.overhead_bytes + sum(resident.resident_bytes for resident in snapshot.experts if resident.held)


def after(snapshot: Snapshot, moves: tuple[Evict | Load, ...]) -> Snapshot:
    state: dict[str, State] = {move.expert: "COLD" if isinstance(move, Evict) else "HOT" for move in moves}
    experts = tuple(
        replace(resident, state=state.get(resident.expert, resident.state)) for resident in snapshot.experts
    )
    return replace(snapshot, experts=experts)


@given(SNAPSHOTS, st.randoms(use_true_random=False))
def test_any_plan_obeys_the_rules(snapshot: Snapshot, random: object) -> None:
    moves = plan(snapshot)
    shuffled = list(snapshot.experts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = plan(replace(snapshot, experts=tuple(shuffled)))
    if isinstance(moves, Refuse):
        assert isinstance(again, Refuse) and again.in_use == moves.in_use
        assert snapshot.others(), "one expert alone is never refused"
        return
    assert moves == again
    for move in moves:
        resident = snapshot.find(move.expert)
        assert resident is not None
        if isinstance(move, Evict):
            assert resident.evictable and move.expert != snapshot.wanted
    if moves:
        assert moves[-1] == Load(str(snapshot.wanted))
        end = after(snapshot, moves)
        assert held_bytes(end) <= snapshot.budget_bytes or sum(resident.held for resident in end.experts) == 1
        assert plan(end) == () and trim(end) == ()


@given(SNAPSHOTS)
def test_any_trim_obeys_the_rules(snapshot: Snapshot) -> None:
    moves = trim(snapshot)
    held = [resident for resident in snapshot.experts if resident.held]
    end = after(snapshot, moves)
    staying = [resident for resident in end.experts if resident.held]
    assert all(snapshot.find(move.expert) in held for move in moves)
    assert all(resident.evictable for resident in held if resident not in staying)
    assert bool(staying) == bool(held)
    if held_bytes(end) > snapshot.budget_bytes:
        assert len(staying) <= 1 or not any(resident.evictable for resident in staying)
    assert bool(moves) <= (held_bytes(snapshot) > snapshot.budget_bytes)


@given(
    st.lists(st.tuples(st.sampled_from(("want", "lease", "release")), st.sampled_from("abcde")), max_size=60),
    st.fixed_dictionaries({name: st.integers(1, 60) for name in "abcde"}),
    st.integers(10, 150),
    st.sampled_from(("", "a")),
)
def test_a_trace_never_exceeds_the_budget(
    trace: list[tuple[str, str]], sizes: dict[str, int], budget: int, pinned: str
) -> None:
    experts = {name: Resident(name, "COLD", sizes[name], pinned=name == pinned) for name in sizes}
    for time, (what, name) in enumerate(trace):
        resident = replace(experts[name], last_used=float(time))
        if what == "lease" and resident.state == "HOT":
            experts[name] = replace(resident, leases=resident.leases + 1)
        elif what == "release" and resident.leases:
            experts[name] = replace(resident, leases=resident.leases - 1)
        elif what == "want":
            before = Snapshot(tuple(experts.values()), budget, 0, name)
            moves = plan(before)
            if isinstance(moves, tuple):
                experts = {resident.expert: resident for resident in after(before, moves).experts}
                experts[name] = replace(experts[name], last_used=float(time))
                assert experts[name].state == "HOT"
        held = [resident for resident in experts.values() if resident.held]
        assert sum(resident.resident_bytes for resident in held) <= budget or len(held) == 1
        assert all(resident.held for resident in experts.values() if resident.leases)
