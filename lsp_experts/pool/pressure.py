"""The budget when memory is short outside the engine: it gives way to other programs before the system swaps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lsp_experts.pool.budget import memory_now

MIB = 1024 * 1024
EVERY_S = 2.0
LEAST_RESERVE_BYTES = 256 * MIB
MOST_RESERVE_BYTES = 1024 * MIB

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """One look at memory, in bytes: what the engine may and does hold, and what the system has."""

    configured_bytes: int  # the budget by the settings
    held_bytes: int  # resident in the engine
    mapped_bytes: int  # of them, pages of mapped files: the system counts those as available
    available_bytes: int
    total_bytes: int

    @property
    def free_bytes(self) -> int:
        """What other programs can take and the engine keeps all it holds."""
        return max(0, self.available_bytes - self.mapped_bytes)


@dataclass(frozen=True)
class Pressure:
    """What the pool shall obey: the budget in bytes; `tight`: experts that nobody uses leave, down to none."""

    budget_bytes: int
    tight: bool


def reserve_bytes(total_bytes: int) -> int:
    """What shall stay free for other programs: 5 % of all memory, 256 MiB at least and 1 GiB at most."""
    return min(MOST_RESERVE_BYTES, max(LEAST_RESERVE_BYTES, total_bytes // 20))


def budget_under_pressure(reading: Reading, was: Pressure | None = None) -> Pressure:
    """The budget that keeps the reserve free, within 0 and the configured one.

    It stays what it `was` unless less than the reserve would be left, or more than 1.5 times the reserve: between the
    two it neither shrinks nor grows. Tight below half of the reserve, until all of it is free again.
    """
    reserve = reserve_bytes(reading.total_bytes)
    most = reading.held_bytes + reading.free_bytes - reserve
    least = most - reserve // 2
    budget = most if was is None else max(least, min(most, was.budget_bytes))
    tight_below = reserve if was is not None and was.tight else reserve // 2
    return Pressure(max(0, min(reading.configured_bytes, budget)), reading.free_bytes < tight_below)


def read_memory(configured_bytes: int, engine_pid: int | None) -> Reading:
    """Memory now; an engine that does not run (None, or gone) holds nothing. Takes about a tenth of a millisecond."""
    import psutil  # here: 30 ms that a server's first answer need not wait for

    held = mapped = 0
    if engine_pid is not None:
        try:
            info = psutil.Process(engine_pid).memory_info()
            held, mapped = int(info.rss), int(getattr(info, "shared", 0))
        except psutil.Error:
            pass
    memory = memory_now()
    return Reading(configured_bytes, held, mapped, memory.available_bytes, memory.total_bytes)


class PressureWatch:
    """Looks at memory every `every_s` seconds and gives `apply` each budget that differs from the one before."""

    def __init__(
        self,
        read: Callable[[], Reading],
        apply: Callable[[Pressure], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        every_s: float = EVERY_S,
    ) -> None:
        self._read, self._apply, self._sleep, self._every_s = read, apply, sleep, every_s
        self._told: Pressure | None = None
        self._failed = False

    def look(self) -> None:
        """Look now, as when the configured budget changed. Never raises: the first failure is logged."""
        try:
            pressure = budget_under_pressure(self._read(), self._told)
            if pressure != self._told:
                self._apply(pressure)
                self._told = pressure
        except Exception:
            if not self._failed:
                self._failed = True
                _LOG.warning("reading how much memory is left failed", exc_info=True)

    async def run(self) -> None:
        """Look until the task is cancelled."""
        while True:
            self.look()
            await self._sleep(self._every_s)
