"""A keystroke's way: document -> language -> expert -> prompt -> engine -> suggestion, or a silence with its reason."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Protocol

from lsp_experts.completion.ahead import Ahead
from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.answering import Answering, keep
from lsp_experts.completion.asking import Asked, Asking
from lsp_experts.completion.combining import Combining
from lsp_experts.completion.debounce import Debounce
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.document_language import DocumentLanguages
from lsp_experts.completion.domains import Domains
from lsp_experts.completion.exclusion import off_limits
from lsp_experts.completion.far import Far
from lsp_experts.completion.flights import Flight, Flights
from lsp_experts.completion.gate import Gates
from lsp_experts.completion.generated import left_alone
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.racing import Racing
from lsp_experts.completion.routes import Routes
from lsp_experts.completion.serving import UNPARK_GUARD_S, CompletionEngine, Saving, Served, Serving
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.speaking import spoken
from lsp_experts.completion.speculating import Offered, speculate
from lsp_experts.completion.telling import Tally, expert_json, focused_json
from lsp_experts.completion.warming import Warmer
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.completion.workspace import Workspace
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.chain import Chain
from lsp_experts.routing.switches import Switches
from lsp_experts.settings import Settings


class RestartableEngine(CompletionEngine, Protocol):
    """What the completer asks of engine/supervisor.py."""

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Experts that are not tried again, and why."""
        ...

    @property
    def work(self) -> Mapping[str, int]:
        """How much was computed so far."""
        ...

    @property
    def build(self) -> Mapping[str, Any]:
        """What the running engine says about itself."""
        ...


def _not_saving() -> str:
    return "full"


def _landed(flight: Flight, suggestion: Suggestion) -> None:
    keep(flight.session, flight.asked, flight.key, suggestion)


class Completer:
    """Completes open documents. All methods belong to one event loop; only `complete` waits.

    `installed` gives expert id -> sha256 of its file; it is asked when a document is opened or focused. `switches` is
    this workspace's model of what comes next, None: nothing is guessed. `saving` says how much may be loaded now:
    "full", "save" (only what a request needs) or "off" (nothing). `workspace` says what files that are not open say.
    `far` knows the remote experts, None: there are none.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        installed: Callable[[], Mapping[str, str]],
        pool: Pool,
        engine: RestartableEngine,
        settings: Settings,
        switches: Switches | None = None,
        saving: Saving = _not_saving,
        unpark_guard_s: float = UNPARK_GUARD_S,
        workspace: Workspace | None = None,
        far: Far | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._catalogue = catalogue
        self.routes = Routes(
            catalogue,
            installed,
            settings=lambda: self.settings,
            refused=lambda: engine.quarantined.keys(),
        )
        self._pool, self._engine, self._saving = pool, engine, saving
        languages = DocumentLanguages(catalogue, self.routes.languages)
        self.documents = OpenDocuments(languages)
        self._focused: Session | None = None
        self._offered: dict[str, Offered] = {}  # the newest suggestion of each document
        self._pace, self._tally = Pace(), Tally()
        self._memory = WorkingMemory(workspace, self.documents.parts)
        self._prompts = Prompts(catalogue, self._pace, self._memory)
        self._domains = Domains(catalogue, lambda: self.routes.installed, lambda: self._memory.workspace)
        self._serving = Serving(pool, saving, unpark_guard_s)
        self._far = far or Far.nobody()
        combining = Combining(pool, lambda expert: self._identity(expert) or expert)
        asking = Asking(engine, self._prompts, Gates())
        self._combining = combining
        self._racing = Racing(asking, clock)
        self._flights = Flights(pool, self._racing, _landed, clock)
        self._debounce = Debounce(clock)
        self._answering = Answering(pool, asking, self._racing, combining, self._pace, self._debounce, self._flights)
        self._warmer = Warmer(pool, engine, self._prompts)
        self._ahead = Ahead(pool, switches, self.routes.first)

    # -- what the editor tells ----------------------------------------------------------------------------------------

    def configure(self, settings: Settings) -> None:
        """Obey other settings from now on."""
        before, self.settings = self.settings, settings
        if before.enabled and not settings.enabled:
            self._rest()
            for session in self.documents.all_sessions():
                session.supersede()
            self._ahead.expect((), ())
            self._withdraw(self._needed(self.documents.all_sessions()))
        elif settings.enabled and self._focused is not None:
            if not before.enabled:
                self._prepare(self._focused, "completion was switched on")
            elif settings.preferred != before.preferred:
                self._prepare(self._focused, "another expert was chosen")

    def opened(self, view: DocumentView) -> None:
        """A document was opened: it is likely the one that is worked on next."""
        session = self.documents.open(view)
        self._remember(session)
        self._focus(session, "a document was opened")

    def focused(self, view: DocumentView) -> None:
        """The editor moved to this document."""
        self._changed(view)
        session = self.documents.latest(view.uri)
        self._works_in(session)
        self._focus(session, "a document got the focus")

    def changed(self, view: DocumentView) -> None:
        """The document has a new version."""
        self._warmer.wake()
        self._changed(view)

    def closed(self, uri: str) -> None:
        """The document was closed: its text goes (what the working memory keeps is bounded), and so does its wish."""
        self._memory.closed(uri)
        sessions = self.documents.close(uri)
        self._offered.pop(uri, None)
        if not sessions:
            return
        for session in sessions:
            session.supersede()
        if any(self._flights.busy_in(session) for session in sessions):
            self._flights.stop()
        left = self._focused in sessions
        if left:
            # Editors open and close documents unseen (VS Code its settings.json): the one before is in front again.
            self._focused = self.documents.front()
            self._rest()
        self._withdraw(self._needed(sessions) - self._needed(self.documents))
        if left and self._focused is not None:
            self._prepare(self._focused, "the document in front of it was closed")
        else:
            self._expect()

    def shown(self, uri: str, suggestion: Suggestion) -> None:
        """The user sees this suggestion now: what follows it is worth knowing."""
        offered = self._offered.get(uri)
        if offered is None or offered.text != suggestion.text or not self.settings.speculate:
            return
        if self.settings.enabled and self.settings.combine == "off" and self._saving() == "full":
            speculate(self._flights, offered)

    async def close(self) -> None:
        """End all that runs."""
        for session in self.documents.all_sessions():
            session.supersede()
        await self._flights.close()
        await self._racing.close()
        await self._warmer.close()

    def _rest(self) -> None:
        self._flights.stop()
        self._warmer.rest()

    # -- completing ---------------------------------------------------------------------------------------------------

    async def complete(self, view: DocumentView, offset: int, *, manual: bool) -> Suggestion | Silence:
        """A suggestion at `offset` (code points), or why there is none. A newer request for the document ends this one.

        It waits for an expert that is unparked, never for one that is loaded. `manual`: the user asked for it, so that
        no rule that only spares the user applies.
        """
        settings = self.settings
        if not settings.enabled:
            return Silence("off")
        reason = off_limits(view, settings)
        if reason:
            return Silence(reason)
        if not manual and settings.trigger == "smart" and (reason := left_alone(view.uri, view.text)):
            return Silence(reason)
        self._changed(view)
        spot = self.documents.spot(view, offset, regions=settings.regions)
        if spot is None:
            return Silence("between characters", "a region spells what stands here otherwise")
        self._warmer.wake()
        asked = Asked.at(spot, self.documents.begin(spot), self.settings, manual=manual)
        session = asked.session
        self._works_in(session)
        if self._focused is not session or self._domains.look(session):
            self._focus(session, "a request in its language")
        if not manual:
            self._debounce.keystroke()
        try:
            answer = await self._answer(asked)
        except asyncio.CancelledError:
            if self._focused is not session:  # the client left, and its user too
                self._withdraw(self._needed((session,)) - self._needed(self._focused_sessions()))
            raise
        if isinstance(answer, Suggestion):
            self._tally.answered(view.uri, answer)
        return answer

    async def _answer(self, asked: Asked) -> Suggestion | Silence:
        route = self._route(asked.session)
        far = self._far.serve(asked.session, asked.settings)
        found = await self._serving.serve(route)
        if isinstance(found, Silence) and far is None:
            return found
        served = found if isinstance(found, Served) else None
        try:
            with served.held if served is not None else nullcontext():
                answer = await self._answering.answer(asked, served, route.candidates, far)
        except EngineDied as error:
            for session in self._focused_sessions():  # replays its prompt, for the next keystroke
                self._prepare(session, "the engine was restarted")
            return Silence("engine died", error.message)
        except EngineError as error:
            return Silence("superseded" if error.code == "cancelled" else "engine error", error.message)
        reused = isinstance(answer, Suggestion) and answer.reused
        if served is not None and not reused and self._saving() == "full":
            self._warmer.settle(asked.session, served.candidate.expert, asked.settings)
        return self._given(asked, served, far, answer)

    def _given(
        self, asked: Asked, served: Served | None, far: Served | None, answer: Suggestion | Silence
    ) -> Suggestion | Silence:
        """The answer as the document has to spell it."""
        if isinstance(answer, Silence):
            return answer
        given = spoken(self._identified(answer), asked)
        if isinstance(given, Suggestion) and served is not None:
            key = self._answering.key(served, far)
            self._offered[asked.session.document] = Offered(asked, served.candidate, key, answer, given.text)
        return given

    def _identified(self, answer: Suggestion) -> Suggestion:
        """`answer` and those behind it with the identity of the files that made them."""
        others = tuple(self._identified(other) for other in answer.others)
        return replace(answer, identity=self._identity(answer.expert), others=others)

    def _identity(self, expert: str) -> str:
        """What the answers of an expert depend on: its files, or its address; "" if it is neither here nor there."""
        return self.routes.installed.get(expert, "") or self._far.identity(expert)

    async def ready(self, view: DocumentView, offset: int = 0) -> bool:
        """Wait until the expert for `offset` is HOT, or cannot be (commands only: a keystroke never waits)."""
        spot = self.documents.spot(view, offset, regions=self.settings.regions)
        route = self._route(spot.session if spot is not None else self.documents.update(view))
        return bool(route.candidates) and await self._pool.ready(route.candidates[0].expert)

    # -- who answers --------------------------------------------------------------------------------------------------

    def _route(self, session: Session) -> Chain:
        return self.routes.chain(session.language, session.domains)

    def _needed(self, sessions: Iterable[Session]) -> frozenset[str]:
        """The experts that documents are answered by: the first of each chain, and the interpreter."""
        found = [candidate for session in sessions for candidate in self._first_and_interpreter(session)]
        return frozenset(found)

    def _first_and_interpreter(self, session: Session) -> tuple[str, ...]:
        candidates = self._route(session).candidates
        pinned = tuple(c.expert for c in candidates[1:] if c.reason == "interpreter")
        return (*(c.expert for c in candidates[:1]), *pinned)

    # -- getting ready ------------------------------------------------------------------------------------------------

    def _changed(self, view: DocumentView) -> None:
        self._remember(self.documents.update(view))

    def _remember(self, session: Session) -> None:
        self._memory.changed(session.view, session.language, self.settings, session.remembered)

    def _focused_sessions(self) -> tuple[Session, ...]:
        return (self._focused,) if self._focused is not None else ()

    def _works_in(self, session: Session) -> None:
        if self.settings.enabled and self.settings.predict:
            self._ahead.works_in(session.language)

    def _focus(self, session: Session, why: str) -> None:
        self._focused = session
        self.documents.turned_to(session.document)
        self.routes.look_again()
        self._domains.look(session)
        self._prompts.look_again(session)
        self._prepare(session, why)

    def _prepare(self, session: Session, why: str) -> None:
        """Load what this document needs, if completion is on for it at all: looking at a file wakes nothing else."""
        settings = self.settings
        self._expect()
        if not settings.enabled or not settings.preload or self._saving() != "full":
            return
        if off_limits(session.view, settings):
            return
        experts = self._first_and_interpreter(session)
        if experts:
            self._warmer.focus(session, experts, why, settings, self._preload_next)

    def _expect(self) -> None:
        settings = self.settings
        if settings.enabled:
            languages = self.documents.languages(self._focused, regions=settings.regions) if settings.predict else ()
            self._ahead.expect(self._needed(self._focused_sessions()), languages)

    def _preload_next(self) -> None:
        settings = self.settings
        if settings.enabled and settings.predict and settings.preload and self._saving() == "full":
            self._ahead.preload()

    def _withdraw(self, experts: Iterable[str]) -> None:
        for expert in experts:
            self._pool.withdraw(expert)

    # -- telling ------------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What a status bar or a bug report needs; no text of any document."""
        session = self._focused
        return {
            "enabled": self.settings.enabled,
            "saving": self._saving(),
            "engine": dict(self._engine.build),
            "work": dict(self._engine.work),
            "budgetBytes": self._pool.budget_bytes,
            "residentBytes": self._pool.resident_bytes,
            "tight": self._pool.tight,
            "focused": None
            if session is None
            else focused_json(
                session,
                self._route(session),
                off_limits(session.view, self.settings),
            ),
            "experts": [
                expert_json(state, self._catalogue, self._pace, self._tally.answers[state.expert])
                for state in self._pool.states()
            ],
            "remote": self._far.status(session, self.settings),
            "next": self._ahead.status(),
            "combine": {"mode": self.settings.combine, "note": self._combining.note},
            "memory": self._memory.counts(),
            "problems": list(self._catalogue.problems),
            "last": self._tally.last,
        }
