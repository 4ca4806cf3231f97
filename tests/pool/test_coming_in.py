"""Which load the user is waiting for."""

from __future__ import annotations

import pytest
from pool.bench import Bench, soon


@pytest.mark.asyncio
async def test_what_is_needed_is_coming_in_until_it_is_hot(bench: Bench) -> None:
    gate = bench.engine.gate("go")
    assert bench.pool.coming_in is None
    task = bench.pool.preload("go", "didOpen")
    await soon(bench.engine.begun["go"].wait())
    assert bench.pool.coming_in == "go"
    gate.set()
    assert task is not None and await soon(task)
    assert bench.pool.coming_in is None


@pytest.mark.asyncio
async def test_a_guess_is_not_unless_it_turns_out_right(bench: Bench) -> None:
    bench.pool.expect({"go": 0.9})
    gate = bench.engine.gate("go")
    bench.pool.preload("go", "likely next", urgency="next")
    await soon(bench.engine.begun["go"].wait())
    assert bench.pool.coming_in is None
    bench.pool.preload("go", "didFocus")
    assert bench.pool.coming_in == "go"
    gate.set()
    await soon(bench.pool.settled())
    assert bench.pool.coming_in is None
