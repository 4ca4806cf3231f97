"""What holds for any snapshot, and for any trace of wishes over the pure policy."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.pool.model import State
from lsp_experts.pool.policy import IDLE_S, STAY_AT_MOST_S, Load, Move, Park, Refuse, Unpark, Wait, plan, trim
from lsp_experts.pool.snapshot import Resident, Snapshot

NOW_S = 100.0
BASE, PARKED_BASE = 10, 1  # bytes of the model that some experts share, HOT and parked


@st.composite
def residents(draw: st.DrawFn) -> Resident:
    own = draw(st.integers(0, 40))
    shares = draw(st.booleans())
    return Resident(
        expert=draw(st.sampled_from("abcdefgh")),
        state=draw(st.sampled_from(("HOT", "LOADING", "UNPARKING", "PARKED", "COLD"))),
        resident_bytes=own + BASE,
        weights="base" if shares else "",
        weights_bytes=BASE,
        parked_bytes=draw(st.integers(0, own)) + PARKED_BASE,
        parked_weights_bytes=PARKED_BASE,
        leases=draw(st.sampled_from((0, 0, 1))),
        revocable=draw(st.sampled_from((0, 0, 1))),
        last_used_s=draw(st.sampled_from((0.0, 50.0, 97.0, 99.0, 200.0))),
        came_in_s=draw(st.sampled_from((0.0, 98.0, 99.9, 200.0))),
        pinned=draw(st.sampled_from((False, False, True))),
        load_ms=draw(st.sampled_from((0.0, 10.0, 350.0, 5000.0))),
        unpark_ms=draw(st.sampled_from((0.0, 30.0))),
        probability=draw(st.sampled_from((0.0, 0.3, 0.9))),
    )


SNAPSHOTS = st.builds(
    Snapshot,
    experts=st.lists(residents(), unique_by=lambda resident: resident.expert, max_size=8).map(tuple),
    budget_bytes=st.integers(0, 150),
    overhead_bytes=st.integers(0, 20),
    wanted=st.sampled_from("abcdefgh") | st.none(),
    urgency=st.sampled_from(("now", "next")),
    now_s=st.just(NOW_S),
    tight=st.booleans(),
)


def after(snapshot: Snapshot, *moves: Move) -> Snapshot:
    states: dict[str, State] = {}
    for move in moves:
        found = snapshot.find(move.expert)
        assert found is not None
        if isinstance(move, Load | Unpark):
            assert found.state == ("PARKED" if isinstance(move, Unpark) else "COLD")
            states[move.expert] = "HOT"
        else:
            assert found.state in (("HOT",) if isinstance(move, Park) else ("HOT", "PARKED"))
            states[move.expert] = "PARKED" if isinstance(move, Park) else "COLD"
    return snapshot.after(states)


@given(SNAPSHOTS, st.randoms(use_true_random=False))
def test_any_plan_obeys_the_rules(snapshot: Snapshot, order: random.Random) -> None:
    decision = plan(snapshot)
    shuffled = list(snapshot.experts)
    order.shuffle(shuffled)
    assert plan(replace(snapshot, experts=tuple(shuffled))) == decision
    if isinstance(decision, Refuse):
        assert snapshot.others() or snapshot.urgency == "next", "one expert alone is never refused"
    elif isinstance(decision, Wait):
        assert snapshot.urgency == "now" and NOW_S < decision.until_s <= NOW_S + STAY_AT_MOST_S
    elif decision:
        *leaving, arrival = decision
        assert isinstance(arrival, Load | Unpark) and arrival.expert == snapshot.wanted
        for move in leaving:
            resident = snapshot.find(move.expert)
            assert resident is not None and resident.movable and move.expert != snapshot.wanted
            if snapshot.urgency == "next":
                assert isinstance(move, Park) and NOW_S - resident.last_used_s >= IDLE_S and not resident.revocable
        end = after(snapshot, *decision)
        alone = sum(resident.held for resident in end.experts) == 1 and snapshot.urgency == "now"
        assert not end.over or alone
        assert plan(end) == ()


@given(SNAPSHOTS)
def test_one_move_at_a_time_gets_there_too(snapshot: Snapshot) -> None:
    """The pool plans anew after each move, and after each wait."""
    for _ in range(3 * len(snapshot.experts) + 1):
        decision = plan(snapshot)
        if isinstance(decision, Wait):
            snapshot = replace(snapshot, now_s=decision.until_s)
        elif isinstance(decision, tuple) and decision:
            snapshot = after(snapshot, decision[0])
        else:
            break
    else:
        raise AssertionError("no end")


@given(SNAPSHOTS)
def test_any_trim_obeys_the_rules(snapshot: Snapshot) -> None:
    moves = trim(snapshot)
    end = after(snapshot, *moves)
    assert bool(moves) <= snapshot.over
    for move in moves:
        resident = snapshot.find(move.expert)
        assert resident is not None and (resident.movable or (isinstance(move, Park) and snapshot.tight))
        assert resident.leases == 0
    held = [resident for resident in snapshot.experts if resident.held]
    staying = [resident for resident in end.experts if resident.held]
    if not snapshot.tight:
        assert bool(staying) == bool(held)
    if end.over:
        assert len([r for r in staying if r.movable]) <= 1
        if snapshot.tight:
            used = [r for r in staying if r.in_use or NOW_S - r.last_used_s < IDLE_S]
            assert all(r in used for r in staying if r.movable)


@given(
    st.lists(st.tuples(st.sampled_from(("want", "next", "lease", "release")), st.sampled_from("abcde")), max_size=60),
    st.fixed_dictionaries({name: st.integers(2, 60) for name in "abcde"}),
    st.integers(10, 150),
    st.sampled_from(("", "a")),
    st.sampled_from((0.1, 1.0)),
)
def test_a_trace_never_exceeds_the_budget(
    trace: list[tuple[str, str]], sizes: dict[str, int], budget: int, pinned: str, parked_share: float
) -> None:
    now = Snapshot(
        tuple(
            Resident(
                name,
                "COLD",
                size,
                parked_bytes=int(size * parked_share),
                load_ms=350.0,
                unpark_ms=30.0,
                pinned=name == pinned,
                probability=0.5,
            )
            for name, size in sizes.items()
        ),
        budget,
    )

    def change(name: str, **how: object) -> None:
        nonlocal now
        experts = (replace(r, **how) if r.expert == name else r for r in now.experts)  # type: ignore[arg-type]
        now = replace(now, experts=tuple(experts))

    for what, name in trace:
        now = replace(now, now_s=now.now_s + 1)
        resident = now.find(name)
        assert resident is not None
        if what == "lease" and resident.state == "HOT":
            change(name, leases=resident.leases + 1, last_used_s=now.now_s)
        elif what == "release" and resident.leases:
            change(name, leases=resident.leases - 1, last_used_s=now.now_s)
        elif what in ("want", "next"):
            now = replace(now, wanted=name, urgency="now" if what == "want" else "next")
            while isinstance(decision := plan(now), Wait):
                now = replace(now, now_s=decision.until_s)
            if isinstance(decision, tuple) and decision:
                now = after(now, *decision)
                if isinstance(decision[-1], Load):
                    change(name, came_in_s=now.now_s)
                if what == "want":
                    change(name, last_used_s=now.now_s)
        held = [resident for resident in now.experts if resident.held]
        assert not now.over or len(held) == 1
        assert all(resident.state == "HOT" for resident in now.experts if resident.leases)
