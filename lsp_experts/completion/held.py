"""A HOT expert that a request uses: when the pool takes its place back, what runs on it is aborted."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from lsp_experts.engine.call import Call
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.pool import Pool


class Revocation:
    """Whether the pool took a lease back, and the call that has to end then."""

    def __init__(self) -> None:
        self.revoked = False
        self._call: Call[Any] | None = None

    def revoke(self) -> None:
        """The place is needed now: nothing of the prompt is worth finishing."""
        self.revoked = True
        if self._call is not None:
            self._call.cancel()

    def runs(self, call: Call[Any]) -> None:
        """`call` runs under the lease from now on."""
        self._call = call
        if self.revoked:
            call.cancel()


class Held:
    """A lease and its revocation; a `with` block ends the use as Lease does. Made by `hold`."""

    def __init__(self, lease: Lease, revocation: Revocation) -> None:
        self.lease, self._revocation = lease, revocation

    @property
    def revoked(self) -> bool:
        """The pool took the place back."""
        return self._revocation.revoked

    def runs(self, call: Call[Any]) -> None:
        """`call` uses the expert: it is aborted when the pool takes the place back."""
        self._revocation.runs(call)

    def __enter__(self) -> Held:
        self.lease.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.lease.__exit__(kind, error, traceback)


def hold(pool: Pool, expert: str) -> Held | None:
    """A use of `expert` if it is HOT now, else None."""
    revocation = Revocation()
    lease = pool.lease(expert, revocation.revoke)
    return Held(lease, revocation) if lease is not None else None
