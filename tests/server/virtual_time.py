"""call_later whose time passes when the test says so."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(order=True)
class _Timer:
    due_s: float
    number: int
    act: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.act = None


class VirtualTime:
    def __init__(self) -> None:
        self.now_s = 0.0
        self._timers: list[_Timer] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, act: Callable[[], None]) -> _Timer:
        timer = _Timer(self.now_s + delay_s, next(self._numbers), act)
        heapq.heappush(self._timers, timer)
        return timer

    def go_on(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self._timers and self._timers[0].due_s <= end_s:
            timer = heapq.heappop(self._timers)
            self.now_s = timer.due_s
            if timer.act is not None:
                timer.act()
        self.now_s = end_s

    @property
    def waiting(self) -> int:
        """How many timers would still do something."""
        return sum(timer.act is not None for timer in self._timers)
