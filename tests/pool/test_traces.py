"""Random lives of a pool over an engine in memory: the measured sum stays within the budget, everybody is answered."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from pool.bench import small_figures, soon
from pool.fake_port import Clock, FakePageCache, FakePort, model

from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.model import Model
from lsp_experts.pool.pool import Pool

STEPS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(("wish", "wait", "settle")),
            st.sampled_from(("guess", "leave", "withdraw", "expect", "lease", "revocable", "release", "yield")),
            st.sampled_from(("die", "death", "refusal", "memory", "budget", "tight", "jump")),
        ),
        st.sampled_from("abcde"),
    ),
    max_size=50,
)
FAULTS = {
    "death": ("{}", EngineDied("SIGSEGV")),
    "memory": ("{}", EngineError("out_of_memory", "no memory")),
    "refusal": ("park {}", EngineError("busy", "too many requests")),
}


@dataclass
class Life:
    """`a` is pinned; `d` and `e` share a model."""

    folder: Path
    engine: FakePort
    sizes: dict[str, int]
    budget: int
    clock: Clock = field(default_factory=Clock)
    tasks: list[asyncio.Task[bool]] = field(default_factory=list)
    waiting: list[asyncio.Task[bool]] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)
    insisted: dict[int, int] = field(default_factory=dict)  # open leases that nobody may revoke: generation
    revoked: list[Lease] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.engine.on_move = self.watch
        self.pool = Pool(
            self.engine,
            budget_bytes=self.budget,
            locate=self.locate,
            clock=self.clock,
            on_change=lambda: None,
            shape_of=lambda path: None,
            page_cache=FakePageCache(),
            sleep=self.clock.sleep,
        )

    def locate(self, expert: str) -> Model:
        return model(self.folder, "d" if expert == "e" else expert, self.sizes[expert], pinned=expert == "a")

    def watch(self, move: str) -> None:
        """No move touches what somebody insists on, nothing loads that was withdrawn."""
        what, _, expert = move.rpartition(" ")
        assert what or expert not in self.withdrawn
        if what in ("park", "evict"):
            insisted = [lease for lease in self.leases if self.insisted.get(id(lease)) == self.engine.generation]
            assert not any(lease.expert == expert for lease in insisted)
        if (what, expert) == ("evict", "a"):
            assert self.engine.log[-2] in ("park a", "unpark a"), "only when another move of it failed"

    def lease(self, expert: str, *, revocable: bool) -> None:
        lease = self.pool.lease(expert, (lambda: self.revoked.append(lease)) if revocable else None)  # type: ignore[arg-type]
        if lease is not None:
            self.leases.append(lease)
            if not revocable:
                self.insisted[id(lease)] = self.engine.generation

    async def settle(self) -> None:
        await soon(asyncio.gather(*self.tasks))
        await soon(self.pool.settled())
        states = {status.expert: status for status in self.pool.states()}
        assert {name for name, status in states.items() if status.state == "HOT"} == self.engine.hot()
        assert {name for name, status in states.items() if status.state == "PARKED"} == self.engine.parked
        free = [s for s in states.values() if s.state in ("HOT", "PARKED") and not s.leases and not s.pinned]
        within = self.engine.held_bytes <= self.pool.budget_bytes
        assert within or len(self.engine.loaded) == 1 or not free
        assert self.pool.resident_bytes in (self.engine.held_bytes, 0)

    async def step(self, what: str, expert: str) -> None:
        pool = self.pool
        if what in ("wish", "guess", "wait"):
            self.withdrawn.discard(expert)
            task = pool.preload(expert, "trace", urgency="next" if what == "guess" else "now")
            self.tasks += [task] if task is not None else []
            if what == "wait":
                self.waiting.append(asyncio.create_task(pool.ready(expert)))
        elif what == "withdraw":
            loading = pool.state_of(expert) in ("LOADING", "UNPARKING")
            pool.withdraw(expert)
            if not loading:
                self.withdrawn.add(expert)
        elif what == "leave" and self.waiting:
            self.waiting.pop().cancel()
        elif what == "settle":
            await self.settle()
        elif what == "yield":
            await asyncio.sleep(0)
        elif what in ("lease", "revocable"):
            self.lease(expert, revocable=what == "revocable")
        elif what == "release" and self.leases:
            lease = self.leases.pop(0)
            self.insisted.pop(id(lease), None)
            lease.release()
        elif what == "expect":
            pool.expect({expert: 0.9})
        elif what == "die":
            self.engine.die()
        elif what in FAULTS:
            request, error = FAULTS[what]
            self.engine.faults[request.format(expert)] = [error]
        elif what in ("budget", "tight"):
            pool.set_budget(30 + 10 * self.sizes[expert] % 120, tight=what == "tight")
        elif what == "jump":
            self.clock.now += self.sizes[expert]
        for lease in self.leases:
            assert not lease.alive or lease.expert in self.engine.hot()
        assert not any(lease.alive for lease in self.revoked)
        assert len(self.revoked) == len(set(map(id, self.revoked)))


async def live(life: Life, steps: list[tuple[str, str]]) -> None:
    for what, expert in [*steps, ("settle", "a")]:
        await life.step(what, expert)
    await life.pool.close()
    answers = await soon(asyncio.gather(*life.waiting, return_exceptions=True))
    assert all(isinstance(answer, bool | asyncio.CancelledError) for answer in answers)
    assert all(task.done() for task in life.tasks)


@settings(deadline=None, max_examples=150)
@given(
    STEPS,
    st.fixed_dictionaries({name: st.integers(1, 60) for name in "abcde"}),
    st.fixed_dictionaries({name: st.sampled_from((0, 0, 30)) for name in "abcde"}),
    st.integers(30, 150),
    st.sampled_from((0.1, 0.5, 1.0)),
)
def test_traces(
    steps: list[tuple[str, str]], sizes: dict[str, int], errors: dict[str, int], budget: int, parked_share: float
) -> None:
    sizes["e"] = sizes["d"]
    engine = FakePort({name: sizes[name] + errors[name] for name in sizes}, parked_share, {"d": sizes["d"] // 2})
    engine.kv_bytes = 3
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("lsp_experts.pool.ledger.predict", lambda model, shape: small_figures(model.file_bytes, parked_share)),
    ):
        asyncio.run(live(Life(Path(folder), engine, sizes, budget), steps))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from("bc"), min_size=10, max_size=30),
    st.integers(20, 60),
    st.sampled_from((0.1, 1.0)),
    st.sampled_from((0, 25)),
)
def test_two_experts_that_fight_for_room(order: list[str], size: int, parked_share: float, error: int) -> None:
    """Where one of both can be parked, nothing is loaded twice; where none can, every wish is still fulfilled."""

    async def fight(life: Life) -> None:
        for expert in order:
            task = life.pool.preload(expert, "trace")
            assert task is None or await soon(task)
            await life.settle()
        await life.pool.close()

    sizes = dict.fromkeys("bc", size)
    engine = FakePort(dict.fromkeys(sizes, size + error), parked_share)
    budget = int((size + error) * 1.2)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("lsp_experts.pool.ledger.predict", lambda model, shape: small_figures(model.file_bytes, parked_share)),
    ):
        life = Life(Path(folder), engine, sizes, budget)
        asyncio.run(fight(life))
    loads = [entry.removeprefix("load ") for entry in engine.log if entry.startswith("load")]
    switches = 1 + sum(first != second for first, second in itertools.pairwise(order))
    assert len(loads) == (len(set(order)) if parked_share == 0.1 else switches)
