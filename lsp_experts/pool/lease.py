"""A counted use of a HOT expert: while one is open, the expert is not put out, unless the lease may be revoked."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from lsp_experts.engine.protocol import LoadReport
from lsp_experts.errors import EngineDied, EngineError


class Lease:
    """Made by Pool.lease(). Ends with its `with` block, or with release(); both may happen, and more than once.

    A block left by EngineDied, or because the engine does not know the expert, tells the pool so.
    """

    def __init__(
        self,
        expert: str,
        report: LoadReport,
        *,
        is_alive: Callable[[], bool],
        on_release: Callable[[Lease], None],
        on_lost: Callable[[EngineError], None],
        on_revoke: Callable[[], None] | None = None,
    ) -> None:
        self.expert = expert
        self.report = report
        self.on_revoke = on_revoke  # None: it may not be revoked. Called by the pool, once, when it is dead already
        self._is_alive = is_alive
        self._on_release = on_release
        self._on_lost = on_lost
        self._released = False

    @property
    def alive(self) -> bool:
        """False after the release, when it was revoked, and as soon as the engine that held the expert is gone."""
        return not self._released and self._is_alive()

    def release(self) -> None:
        """End the use."""
        if not self._released:
            self._released = True
            self._on_release(self)

    def lost(self, error: EngineError) -> None:
        """Tell the pool what a request under this lease ended with, if it did not leave the `with` block."""
        if isinstance(error, EngineDied) or error.code in ("died", "unknown_expert"):
            self._on_lost(error)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, EngineError):
            self.lost(error)
        self.release()
