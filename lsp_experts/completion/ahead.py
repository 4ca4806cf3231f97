"""Who is needed next: which language follows in this workspace, and its expert made ready while nothing else is to do.

Only installed experts take part; nothing is ever downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_experts.pool.pool import Pool
from lsp_experts.routing.switches import Switches

LEAST_PROBABILITY = 0.15  # below it, having an expert ready costs more than it saves
MOST = 2


@dataclass(frozen=True)
class Next:
    """A language that may follow, and the expert that would serve it."""

    language: str
    expert: str
    probability: float


def expected(probabilities: Mapping[str, float], expert_of: Callable[[str], str | None]) -> tuple[Next, ...]:
    """One entry per expert, the likeliest first; languages that share an expert add up under the likelier one."""
    by_expert: dict[str, Next] = {}
    for language, probability in sorted(probabilities.items(), key=lambda item: (-item[1], item[0])):
        expert = expert_of(language)
        if expert is None:
            continue
        known = by_expert.get(expert)
        by_expert[expert] = (
            Next(language, expert, probability)
            if known is None
            else Next(known.language, expert, min(1.0, known.probability + probability))
        )
    return tuple(sorted(by_expert.values(), key=lambda each: -each.probability))


class Ahead:
    """Tells the pool what is likely, and asks for what is likeliest. `expert_of`: the expert that serves a language."""

    def __init__(self, pool: Pool, switches: Switches | None, expert_of: Callable[[str], str | None]) -> None:
        self._pool, self._switches, self._expert_of = pool, switches, expert_of
        self._language = ""
        self._asked: set[str] = set()
        self._next: tuple[Next, ...] = ()

    def works_in(self, language: str) -> None:
        """The user works in a document of `language` now."""
        if self._switches is not None:
            self._switches.observe(language)
        self._language = language

    def expect(self, needed: Collection[str], open_languages: Collection[str]) -> None:
        """`needed` experts are in use; what may follow is asked of the switches. Earlier guesses that fell are dropped.

        Without open documents nothing is expected.
        """
        likely: Mapping[str, float] = {}
        if self._switches is not None and open_languages:
            likely = self._switches.next_languages(open_languages)
        self._next = tuple(each for each in expected(likely, self._expert_of) if each.expert not in needed)
        self._pool.expect({each.expert: each.probability for each in self._next} | dict.fromkeys(needed, 1.0))
        for fallen in self._asked - {each.expert for each in self._chosen()} - set(needed):
            self._pool.withdraw(fallen)
        self._asked.intersection_update(each.expert for each in self._chosen())

    def preload(self) -> None:
        """Ask for the likeliest experts that are not HOT."""
        for each in self._chosen():
            if self._pool.state_of(each.expert) != "HOT":
                self._asked.add(each.expert)
                why = f"likely next ({each.probability:.0%}): {each.language} often follows {self._language}"
                self._pool.preload(each.expert, why, urgency="next")

    def status(self) -> list[dict[str, Any]]:
        """What may follow, for the status display."""
        return [
            {"language": n.language, "expert": n.expert, "probability": round(n.probability, 4)} for n in self._next
        ]

    def _chosen(self) -> tuple[Next, ...]:
        return tuple(each for each in self._next if each.probability >= LEAST_PROBABILITY)[:MOST]
