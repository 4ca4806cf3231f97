"""Wall times by name."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Milliseconds of everything that was timed, by name."""

    def __init__(self) -> None:
        self.samples: defaultdict[str, list[float]] = defaultdict(list)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Times the block under `name`; one that fails is not counted."""
        started = time.monotonic()
        yield
        self.samples[name].append((time.monotonic() - started) * 1000)

    def medians(self) -> dict[str, float]:
        """The median of each name, in milliseconds."""
        return {name: round(statistics.median(times), 2) for name, times in self.samples.items()}
