"""Model files in the system's page cache: read ahead what does not fit into the budget, and know what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsp_experts.pool.page_cache import PageCachePort

CACHED_FRACTION = 0.9  # of a file's pages; what is missing then costs less to read than the model takes to load
_KNOWN_FOR_S = 2.0  # looking at half a gigabyte of pages takes milliseconds, and displays ask often


class NoPageCache:
    """Reads nothing ahead and knows nothing."""

    def start(self, path: Path) -> None:
        """Do nothing."""

    def cancel(self) -> None:
        """Do nothing."""

    def cached_fraction(self, path: Path) -> float:
        """0.0: not known."""
        return 0.0


class Prefetch:
    """At most one file is being read ahead. `clock` gives seconds."""

    def __init__(self, page_cache: PageCachePort, clock: Callable[[], float]) -> None:
        self._page_cache, self._clock = page_cache, clock
        self._reading: Path | None = None
        self._known: dict[Path, tuple[float, bool]] = {}

    def start(self, path: Path) -> None:
        """Read `path` ahead, once, instead of what is being read."""
        if path != self._reading:
            self._reading = path
            self._page_cache.start(path)

    def cancel(self, path: Path | None = None) -> None:
        """Stop reading; with `path`, only if it is this one."""
        if self._reading is not None and path in (None, self._reading):
            self._reading = None
            self._page_cache.cancel()

    def is_cached(self, path: Path) -> bool:
        """Whether a load would find `path` in memory. May be two seconds old."""
        now_s = self._clock()
        known = self._known.get(path)
        if known is None or not 0 <= now_s - known[0] < _KNOWN_FOR_S:
            known = self._known[path] = now_s, self._page_cache.cached_fraction(path) >= CACHED_FRACTION
        return known[1]
