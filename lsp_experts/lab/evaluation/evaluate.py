"""Runs an evaluation: every entrant answers the same cases, in chunks, so that whenever it ends there are pairs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lsp_experts.completion.templates import FimTemplate, choose
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineError, UsageError
from lsp_experts.lab.case_request import PATIENT
from lsp_experts.lab.evaluation.case_outcome import Asker, case_id
from lsp_experts.lab.evaluation.contestants import Entrant
from lsp_experts.lab.evaluation.eval_cases import by_place
from lsp_experts.lab.evaluation.journal import Journal
from lsp_experts.lab.evaluation.records import Evaluation, Outcome
from lsp_experts.lab.replay_cases import Case
from lsp_experts.settings import Settings

OnStep = Callable[[str, int, int], None]  # what is done now (an entrant's name), steps so far, steps in all

# Places that an entrant answers before the next one is loaded: few at first, so that little time gives pairs, too.
_FIRST_CHUNK, _LAST_CHUNK = 1, 8


@dataclass(frozen=True)
class EvalOrder:
    """What to measure. `minutes` None: all of it. `since`: the commit after which the cases' lines were written."""

    cases: tuple[Case, ...]
    minutes: float | None = None
    settings: Settings = PATIENT
    since: str = ""


class AsksPlace(Protocol):
    """Asks a loaded contestant; case_outcome.Asker is one."""

    async def outcomes(self, cases: Sequence[Case]) -> Sequence[Outcome]:
        """One for each case of a place, under its case_id. EngineError."""


@dataclass(frozen=True)
class Way:
    """How contestants are asked. `places`: what an asker gets at once; `asker` takes what Asker takes."""

    places: Callable[[Sequence[Case]], Sequence[tuple[Case, ...]]] = by_place
    asker: Callable[[Supervisor, str, FimTemplate | None, Settings], AsksPlace] = Asker


AS_THE_PRODUCT = Way()


def _silent(name: str, done: int, of: int) -> None:
    return None


async def evaluate(
    order: EvalOrder,
    entrants: Sequence[Entrant],
    engine: Supervisor,
    journal: Journal,
    on_step: OnStep = _silent,
    clock: Callable[[], float] = time.monotonic,
    way: Way = AS_THE_PRODUCT,
) -> Evaluation:
    """Every entrant's outcomes for the cases that all of them answered; one entrant at a time is in memory.

    What `journal` holds already is not asked again; Journal(None) keeps nothing. The first place is always answered by
    all; after it nothing new is begun once `minutes` have passed on `clock` (seconds).
    EngineError with the entrant's name, if it cannot be loaded or asked; UsageError for two entrants of one name;
    StoreError.
    """
    names = [entrant.name for entrant in entrants]
    if len(set(names)) < len(names):
        raise UsageError(f"Two models have the same name among {', '.join(names)}.", remedy="Name each once.")
    run = _Run(order, entrants, engine, journal, on_step, way)
    until_s = None if order.minutes is None else clock() + 60 * order.minutes
    for number, places in enumerate(_chunks(way.places(order.cases))):
        for entrant in entrants:
            if number and until_s is not None and clock() >= until_s:
                return run.evaluation()
            await run.answer(entrant, places)
    return run.evaluation()


def _chunks(places: Sequence[tuple[Case, ...]]) -> Iterator[Sequence[tuple[Case, ...]]]:
    at, size = 0, _FIRST_CHUNK
    while at < len(places):
        yield places[at : at + size]
        at, size = at + size, min(2 * size, _LAST_CHUNK)


class _Run:
    """One evaluation under way."""

    def __init__(
        self, order: EvalOrder, entrants: Sequence[Entrant], engine: Supervisor, journal: Journal, on_step: OnStep,
        way: Way,
    ) -> None:  # fmt: skip
        self._order, self._entrants, self._engine = order, entrants, engine
        self._journal, self._on_step, self._way = journal, on_step, way
        self._ids = [case_id(case) for case in order.cases]

    async def answer(self, entrant: Entrant, places: Sequence[tuple[Case, ...]]) -> None:
        """Have `entrant` loaded, asked what is not known yet, and put out again with all that it remembers."""
        missing = [cases for cases in places if any(not self._known(entrant, case_id(case)) for case in cases)]
        if not missing and entrant.name in self._journal.contestants:
            return
        try:
            report = await self._engine.load(entrant.model.load(entrant.name))
            if entrant.name not in self._journal.contestants:
                self._journal.keep([entrant.contestant(report)])
            asker = self._way.asker(self._engine, entrant.name, choose(entrant.fim, report), self._order.settings)
            for cases in missing:
                self._journal.keep(await asker.outcomes(cases))
                self._tell(entrant)
            await self._engine.evict(entrant.name, forget=True)
        except EngineError as error:
            raise EngineError(error.code, f"{entrant.name}: {error.message}", remedy=error.remedy) from error

    def evaluation(self) -> Evaluation:
        """What is known by now, of the cases that all entrants answered."""
        done = [case for case in self._ids if all(self._known(entrant, case) for entrant in self._entrants)]
        outcomes = (outcome for case in done for outcome in self._comparable(case))
        known = self._journal.contestants
        return Evaluation(
            contestants=tuple(known[entrant.name] for entrant in self._entrants if entrant.name in known),
            outcomes=tuple(outcomes),
            cases=len(self._ids),
            done=len(done),
            since=self._order.since,
        )

    def _comparable(self, case: str) -> list[Outcome]:
        """The outcomes of a case; if one could not be scored (its context is too short), none of them is."""
        found = [self._journal.outcomes[entrant.name, case] for entrant in self._entrants]
        if all(each.scored_bytes for each in found):
            return found
        return [replace(each, nll_nats=0.0, scored_bytes=0) for each in found]

    def _known(self, entrant: Entrant, case: str) -> bool:
        return (entrant.name, case) in self._journal.outcomes

    def _tell(self, entrant: Entrant) -> None:
        done = sum(self._known(each, case) for each in self._entrants for case in self._ids)
        self._on_step(entrant.name, done, len(self._entrants) * len(self._ids))
