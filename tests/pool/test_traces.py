"""Random lives of a pool over an engine in memory: the measured sum stays within the budget, everybody is answered."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from pool.fake_port import Clock, FakePort, model

from lsp_experts.errors import EngineDied
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.model import Model
from lsp_experts.pool.pool import Pool

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("wish", "wish", "settle", "settle", "lease", "release", "die", "fault")),
        st.sampled_from("abcde"),
    ),
    max_size=40,
)


async def live(
    steps: list[tuple[str, str]], sizes: dict[str, int], errors: dict[str, int], budget: int, folder: Path
) -> None:
    engine = FakePort(sizes={name: sizes[name] + errors[name] for name in sizes})

    def locate(expert: str) -> Model:
        return model(folder, expert, sizes[expert], pinned=expert == "a")

    pool = Pool(engine, budget_bytes=budget, locate=locate, clock=Clock(), on_change=lambda: None)
    tasks: list[asyncio.Task[bool]] = []
    leases: list[Lease] = []
    with patch("lsp_experts.pool.pool.predict_resident_bytes", lambda model, shape: model.file_bytes):
        for what, expert in [*steps, ("settle", "a")]:
            if what == "wish":
                task = pool.preload(expert, "trace")
                tasks += [task] if task is not None else []
            elif what == "settle":
                await asyncio.wait_for(asyncio.gather(*tasks), 10)
                await asyncio.wait_for(pool.settled(), 10)
                held = [status for status in pool.states() if status.state == "HOT"]
                assert engine.loaded.keys() == {status.expert for status in held}
                free = [status for status in held if not status.leases and not status.pinned]
                assert sum(engine.loaded.values()) <= pool.budget_bytes or len(held) == 1 or not free
            elif what == "lease" and (lease := pool.lease(expert)) is not None:
                leases.append(lease)
            elif what == "release" and leases:
                leases.pop(0).release()
            elif what == "die":
                engine.die()
            elif what == "fault":
                engine.faults[expert] = [EngineDied("SIGSEGV")]
            for lease in leases:
                assert not lease.alive or lease.expert in engine.loaded
        await pool.close()
    assert all(task.done() for task in tasks)


@settings(deadline=None, max_examples=80)
@given(
    STEPS,
    st.fixed_dictionaries({name: st.integers(1, 60) for name in "abcde"}),
    st.fixed_dictionaries({name: st.sampled_from((0, 0, 30)) for name in "abcde"}),
    st.integers(30, 150),
)
def test_traces(steps: list[tuple[str, str]], sizes: dict[str, int], errors: dict[str, int], budget: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(steps, sizes, errors, budget, Path(folder)))
