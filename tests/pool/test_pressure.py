"""The budget gives way to other programs, once and not back and forth, and the watch survives its reader."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_experts.pool.pressure import (
    Pressure,
    PressureWatch,
    Reading,
    budget_under_pressure,
    read_memory,
    reserve_bytes,
)

MIB = 1024 * 1024
GIB = 1024 * MIB
TOTAL = 8 * GIB
RESERVE = reserve_bytes(TOTAL)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        pytest.param(GIB, 256 * MIB, id="at least 256 MiB"),
        pytest.param(10 * GIB, 10 * GIB // 20, id="5 %"),
        pytest.param(64 * GIB, GIB, id="at most 1 GiB"),
    ],
)
def test_reserve(total: int, expected: int) -> None:
    assert reserve_bytes(total) == expected


def check(
    held: int,
    available: int,
    expected: int,
    tight: bool = False,
    *,
    configured: int = 4 * GIB,
    mapped: int = 0,
    was: Pressure | None = None,
) -> None:
    """All in bytes; `available` without the mapped pages."""
    reading = Reading(configured, held, mapped, available + mapped, TOTAL)
    assert budget_under_pressure(reading, was) == Pressure(expected, tight)


FULL = Pressure(4 * GIB, False)
SHRUNK = Pressure(GIB, False)


def test_as_configured_while_there_is_room() -> None:
    check(GIB, 6 * GIB, 4 * GIB)
    check(GIB, 6 * GIB, 4 * GIB, was=FULL)


def test_what_is_missing_in_the_reserve_is_given_back() -> None:
    check(2 * GIB, RESERVE - 100 * MIB, 2 * GIB - 100 * MIB, was=FULL)


def test_tight_below_half_of_the_reserve() -> None:
    check(2 * GIB, RESERVE // 2, 2 * GIB - RESERVE + RESERVE // 2, was=FULL)
    check(2 * GIB, RESERVE // 2 - 1, 2 * GIB - RESERVE + RESERVE // 2 - 1, True, was=FULL)


def test_tight_until_the_whole_reserve_is_back() -> None:
    check(GIB, RESERVE - 1, GIB - 1, True, was=Pressure(GIB, True))
    check(GIB, RESERVE, GIB, False, was=Pressure(GIB, True))


def test_never_below_nothing() -> None:
    check(100 * MIB, 0, 0, True, was=FULL)


def test_it_grows_again_over_one_and_a_half_reserves_only() -> None:
    check(GIB, RESERVE * 3 // 2, GIB, was=SHRUNK)
    check(GIB, RESERVE * 3 // 2 + 10 * MIB, GIB + 10 * MIB, was=SHRUNK)


def test_room_that_the_budget_counts_on_and_others_took() -> None:
    check(0, GIB, GIB - RESERVE, was=FULL)


def test_pages_of_mapped_models_are_not_free_though_the_system_counts_them() -> None:
    check(2 * GIB, RESERVE // 4, 2 * GIB - RESERVE + RESERVE // 4, True, mapped=GIB, was=FULL)


def test_a_smaller_setting_counts_at_once_and_a_larger_one_too() -> None:
    check(GIB, 6 * GIB, 2 * GIB, configured=2 * GIB, was=FULL)
    check(GIB, 6 * GIB, 5 * GIB, configured=5 * GIB, was=FULL)


def readings(available: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Reading]:
    size = st.integers(0, 16 * GIB)
    return st.builds(Reading, size, size, size, available or size, st.integers(MIB, 64 * GIB))


was_something = st.none() | st.builds(Pressure, st.integers(0, 16 * GIB), st.booleans())


@settings(deadline=None)
@given(readings(), was_something)
def test_within_what_is_configured(reading: Reading, was: Pressure | None) -> None:
    assert 0 <= budget_under_pressure(reading, was).budget_bytes <= reading.configured_bytes


@settings(deadline=None)
@given(readings(), st.integers(0, 4 * GIB), was_something)
def test_more_free_memory_never_means_a_smaller_budget(reading: Reading, more: int, was: Pressure | None) -> None:
    richer = Reading(
        reading.configured_bytes,
        reading.held_bytes,
        reading.mapped_bytes,
        reading.available_bytes + more,
        reading.total_bytes,
    )
    less, enough = budget_under_pressure(reading, was), budget_under_pressure(richer, was)
    assert less.budget_bytes <= enough.budget_bytes
    assert less.tight >= enough.tight


@settings(deadline=None)
@given(
    was_something,
    st.integers(0, 4 * GIB),
    st.integers(0, 2 * GIB),
    st.lists(st.integers(0, RESERVE // 2), min_size=2, max_size=12),
)
def test_noise_of_half_a_reserve_moves_the_budget_one_way_only(
    was: Pressure | None, held: int, least: int, noise: list[int]
) -> None:
    budgets: list[int] = []
    for more in noise:
        was = budget_under_pressure(Reading(4 * GIB, held, 0, least + more, TOTAL), was)
        budgets.append(was.budget_bytes)
    assert budgets in (sorted(budgets), sorted(budgets, reverse=True))


@settings(deadline=None)
@given(st.integers(0, 4 * GIB), st.integers(0, 2 * GIB))
def test_obeying_it_settles_at_once(held: int, free: int) -> None:
    first = budget_under_pressure(Reading(4 * GIB, held, 0, free, TOTAL), FULL)
    left = max(0, held - first.budget_bytes)
    then = budget_under_pressure(Reading(4 * GIB, held - left, 0, free + left, TOTAL), first)
    assert then.budget_bytes == first.budget_bytes


def test_this_process_holds_memory_and_a_dead_one_none() -> None:
    reading = read_memory(GIB, os.getpid())
    assert reading.held_bytes > reading.mapped_bytes >= 0
    assert 0 < reading.available_bytes <= reading.total_bytes
    assert read_memory(GIB, None).held_bytes == 0
    assert read_memory(GIB, 1 << 22).held_bytes == 0  # no process has a larger number on Linux


Look = Callable[[], Reading]


async def watched(looks: list[Look], apply: Callable[[Pressure], None]) -> None:
    """Run the watch over these looks, until they end."""
    ended = asyncio.Event()
    left = iter(looks)

    def read() -> Reading:
        return next(left)()

    async def sleep(_: float) -> None:
        nonlocal looks
        looks = looks[1:]
        if not looks:
            ended.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(PressureWatch(read, apply, sleep).run())
    await asyncio.wait_for(ended.wait(), 10)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def reading(available: int) -> Look:
    return lambda: Reading(4 * GIB, GIB, 0, available, TOTAL)


def broken() -> Reading:
    raise OSError("no /proc")


@pytest.mark.asyncio
async def test_the_watch_tells_changes_only() -> None:
    told: list[Pressure] = []
    await watched([reading(6 * GIB)] * 3 + [reading(0)] * 2 + [reading(6 * GIB)], told.append)
    assert told == [FULL, Pressure(GIB - RESERVE, True), FULL]


@pytest.mark.asyncio
async def test_a_reader_that_fails_ends_nothing_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Pressure] = []
    await watched([broken, broken, reading(6 * GIB), broken, reading(0)], told.append)
    assert [pressure.tight for pressure in told] == [False, True]
    assert len(caplog.records) == 1


@pytest.mark.asyncio
async def test_what_could_not_be_applied_is_told_again() -> None:
    told: list[Pressure] = []

    def apply(pressure: Pressure) -> None:
        told.append(pressure)
        if len(told) == 1:
            raise RuntimeError("the pool is closing")

    await watched([reading(6 * GIB)] * 3, apply)
    assert told == [FULL, FULL]
