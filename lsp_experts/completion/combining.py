"""Which two experts answer together, by `settings.combine`, and which cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lsp_experts.pool.pool import Pool
from lsp_experts.routing.chain import Candidate


class Combining:
    """Partners for an expert that answers. `identity` names an expert's file."""

    def __init__(self, pool: Pool, identity: Callable[[str], str]) -> None:
        self._pool, self._identity = pool, identity
        self._not_combinable: set[frozenset[str]] = set()
        self._note = ""

    @property
    def note(self) -> str:
        """What the last pair lacked, for the status."""
        return self._note

    def partner(self, mode: str, expert: str, candidates: Sequence[Candidate]) -> Candidate | None:
        """The next HOT expert of the chain that can answer together with `expert`; None: it answers alone."""
        if mode == "off":
            return None
        for candidate in candidates:
            if candidate.expert == expert or self._pool.state_of(candidate.expert) != "HOT":
                continue
            if mode == "rank" or self._pair(expert, candidate.expert) not in self._not_combinable:
                return candidate
        return None

    def refuse(self, one: str, two: str) -> None:
        """These files do not share a vocabulary: they are not tried together again."""
        self._not_combinable.add(self._pair(one, two))
        self._note = f"{one} and {two} do not share a vocabulary"

    def key(self, mode: str, expert: str, partner: Candidate | None) -> str:
        """The identity of an answer: that of every file that has a part in it."""
        if partner is None:
            return self._identity(expert)
        return "+".join((mode, self._identity(expert), self._identity(partner.expert)))

    def _pair(self, one: str, two: str) -> frozenset[str]:
        return frozenset({self._identity(one), self._identity(two)})
