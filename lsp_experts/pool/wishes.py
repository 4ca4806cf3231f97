"""Which experts are asked for and not there yet: at most one wish for each, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from lsp_experts.pool.header import Shape
from lsp_experts.pool.model import Model, Urgency

PASSED_AT_MOST = 3  # newer wishes that a waited for one lets go before it; then nobody does any more


@dataclass
class Wish:
    """One expert that somebody asked for. `outcome`: whether it became HOT."""

    expert: str
    why: str
    wished_at_s: float  # on the pool's clock
    outcome: asyncio.Future[bool]
    urgency: Urgency = "now"
    turn: int = 0  # grows with each wish or renewed wish
    model: Model | None = None  # once its file was found
    pinned: bool | None = None  # None: not known, since its file was never found yet
    shape: Shape | None = None  # read from its header
    waiters: int = 0  # callers inside Pool.ready()
    passed: int = 0  # newer wishes that began while this one was waited for
    deaths: int = 0  # of the engine, while it brought this in
    out_of_memory: bool = False  # one load failed so, and room was made
    on_cpu: bool = False  # the GPU gave trouble
    forgot: bool = False  # saved KV of experts that left was given up for it
    withdrawn: bool = False  # nobody wants it any more; its load goes on, but is not tried again
    waits: str = ""  # for what, if it may not come in yet
    finding: asyncio.Task[None] | None = field(default=None, repr=False)  # its file is looked for
    task: asyncio.Task[bool] | None = field(default=None, repr=False)

    @property
    def sought(self) -> bool:
        """Whether its file is being looked for."""
        return self.finding is not None and not self.finding.done()


class Wishes:
    """The wishes whose loads have not started.

    A newer wish makes older ones superfluous, except those that a caller waits for, those for pinned experts,
    those whose file was not found yet (they might be pinned) and guesses about what comes next (their turn comes when
    nothing else is to do).
    """

    def __init__(self) -> None:
        self._wishes: dict[str, Wish] = {}
        self._turns = 0

    def __bool__(self) -> bool:
        return bool(self._wishes)

    def __iter__(self) -> Iterator[Wish]:
        return iter(tuple(self._wishes.values()))

    def get(self, expert: str) -> Wish | None:
        """The wish for `expert`."""
        return self._wishes.get(expert)

    def add(self, wish: Wish) -> None:
        """Make `wish` the newest one."""
        self._turns += 1
        wish.turn = self._turns
        self._wishes[wish.expert] = wish

    def restore(self, wish: Wish) -> None:
        """Put `wish` back at the place it had."""
        self._wishes[wish.expert] = wish

    def remove(self, wish: Wish) -> None:
        """Take `wish` out, if it is still in."""
        if self._wishes.get(wish.expert) is wish:
            del self._wishes[wish.expert]

    def start(self, wish: Wish) -> None:
        """Take `wish` out, since it begins. Those that are waited for have been passed once more."""
        self.remove(wish)
        for other in self._wishes.values():
            other.passed += other.waiters > 0 and other.turn < wish.turn

    def first(self) -> Wish | None:
        """The wish to fulfil next. Pinned experts go first: they answer while others load. Guesses go last."""
        return max(self._wishes.values(), key=_precedence, default=None)

    def superseded(self) -> tuple[Wish, ...]:
        """The wishes that nobody needs any more."""
        found = [wish for wish in self._wishes.values() if wish.pinned is False and wish.urgency == "now"]
        latest = max((wish.turn for wish in found), default=0)
        return tuple(wish for wish in found if wish.turn < latest and wish.waiters == 0)


def _precedence(wish: Wish) -> tuple[bool, bool, bool, int]:
    overdue = wish.passed >= PASSED_AT_MOST
    return wish.urgency == "now", wish.pinned is True, overdue, -wish.turn if overdue else wish.turn
