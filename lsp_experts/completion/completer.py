"""A keystroke's way: document -> language -> expert -> prompt -> engine -> suggestion, or a silence with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from lsp_experts.completion.ahead import Ahead
from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.answering import Answering, Asked
from lsp_experts.completion.combining import Combining
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.exclusion import excluded
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.prompting import Prompts
from lsp_experts.completion.serving import UNPARK_GUARD_S, Saving, Serving
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.telling import Tally, expert_json, focused_json
from lsp_experts.completion.warming import CompletionEngine, Warmer
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.pool import Pool
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.chain import Chain, chain
from lsp_experts.routing.languages import language_of
from lsp_experts.routing.switches import Switches
from lsp_experts.settings import Settings


class RestartableEngine(CompletionEngine, Protocol):
    """What the completer asks of engine/supervisor.py."""

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Experts that are not tried again, and why."""
        ...

    @property
    def build(self) -> Mapping[str, Any]:
        """What the running engine says about itself."""
        ...


def _not_saving() -> str:
    return "full"


class Completer:
    """Completes open documents. All methods belong to one event loop; only `complete` waits.

    `installed` gives expert id -> sha256 of its file; it is asked when a document is opened or focused. `switches` is
    this workspace's model of what comes next, None: nothing is guessed. `saving` says how much may be loaded now:
    "full", "save" (only what a request needs) or "off" (nothing).
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
    ) -> None:
        self.settings = settings
        self._catalogue = catalogue
        self._find_installed = installed
        self._installed: Mapping[str, str] = installed()
        self._pool, self._engine, self._saving = pool, engine, saving
        self._sessions: dict[str, Session] = {}
        self._focused: str | None = None
        self._pace, self._memory, self._tally = Pace(), WorkingMemory(), Tally()
        self._prompts = Prompts(catalogue, self._pace, self._memory)
        self._serving = Serving(pool, saving, unpark_guard_s)
        self._combining = Combining(pool, lambda expert: self._installed.get(expert, expert))
        self._answering = Answering(pool, engine, self._prompts, self._combining)
        self._warmer = Warmer(pool, engine, self._prompts)
        self._ahead = Ahead(pool, switches, self._expert_of)

    # -- what the editor tells ----------------------------------------------------------------------------------------

    def configure(self, settings: Settings) -> None:
        """Obey other settings from now on."""
        before, self.settings = self.settings, settings
        if before.enabled and not settings.enabled:
            self._warmer.rest()
            for session in self._sessions.values():
                session.supersede()
            self._ahead.expect((), ())
            self._withdraw(self._needed(self._sessions.values()))
        elif settings.enabled and not before.enabled and self._focused is not None:
            self._prepare(self._sessions[self._focused], "completion was switched on")

    def opened(self, view: DocumentView) -> None:
        """A document was opened: it is likely the one that is worked on next."""
        self._sessions[view.uri] = self._new_session(view)
        self._focus(view.uri, "a document was opened")

    def focused(self, view: DocumentView) -> None:
        """The editor moved to this document."""
        self._works_in(self._session(view))
        self._focus(view.uri, "a document got the focus")

    def changed(self, view: DocumentView) -> None:
        """The document has a new version."""
        self._session(view)

    def closed(self, uri: str) -> None:
        """The document was closed: its text goes (what the working memory keeps is bounded), and so does its wish."""
        session = self._sessions.pop(uri, None)
        self._memory.closed(uri)
        if session is None:
            return
        session.supersede()
        if self._focused == uri:
            self._focused = None
            self._warmer.rest()
        self._withdraw(self._needed((session,)) - self._needed(self._sessions.values()))
        self._expect()

    async def close(self) -> None:
        """End all that runs."""
        for session in self._sessions.values():
            session.supersede()
        await self._warmer.close()

    # -- completing ---------------------------------------------------------------------------------------------------

    async def complete(self, view: DocumentView, offset: int, *, manual: bool) -> Suggestion | Silence:
        """A suggestion at `offset` (code points), or why there is none. A newer request for the document ends this one.

        It waits for an expert that is unparked, never for one that is loaded. `manual`: the user asked for it, so that
        no rule that only spares the user applies.
        """
        settings = self.settings
        if not settings.enabled:
            return Silence("off")
        reason = excluded(view.uri, view.text, settings)
        if reason:
            return Silence(reason)
        session = self._session(view)
        asked = Asked(session, view, offset, session.begin(offset), settings)
        self._works_in(session)
        if self._focused != view.uri:
            self._focus(view.uri, "a request in its language")
        try:
            answer = await self._answer(asked)
        except asyncio.CancelledError:
            if self._focused != view.uri:  # the client left, and its user too
                self._withdraw(self._needed((session,)) - self._needed(self._focused_sessions()))
            raise
        if isinstance(answer, Suggestion):
            self._tally.answered(view.uri, answer)
        return answer

    async def _answer(self, asked: Asked) -> Suggestion | Silence:
        route = self._route(asked.session)
        served = await self._serving.serve(route)
        if isinstance(served, Silence):
            return served
        try:
            with served.held:
                answer = await self._answering.answer(asked, served, route.candidates)
        except EngineDied as error:
            for session in self._focused_sessions():  # replays its prompt, for the next keystroke
                self._prepare(session, "the engine was restarted")
            return Silence("engine died", error.message)
        except EngineError as error:
            return Silence("superseded" if error.code == "cancelled" else "engine error", error.message)
        reused = isinstance(answer, Suggestion) and answer.reused
        if not reused and self._saving() == "full":
            self._warmer.settle(asked.session, served.candidate.expert, asked.settings)
        return answer

    async def ready(self, view: DocumentView) -> bool:
        """Wait until the expert that `view` asks for is HOT, or cannot be (commands only: a keystroke never waits)."""
        route = self._route(self._sessions.get(view.uri) or self._new_session(view))
        return bool(route.candidates) and await self._pool.ready(route.candidates[0].expert)

    # -- who answers --------------------------------------------------------------------------------------------------

    def _route(self, session: Session) -> Chain:
        return self._chain(session.language)

    def _chain(self, language: str) -> Chain:
        return chain(
            self._catalogue,
            language,
            self._installed.keys(),
            interpreter=self.settings.interpreter,
            refused=self._engine.quarantined.keys(),
        )

    def _expert_of(self, language: str) -> str | None:
        candidates = self._chain(language).candidates
        return candidates[0].expert if candidates else None

    def _needed(self, sessions: Iterable[Session]) -> frozenset[str]:
        """The experts that documents are answered by: the first of each chain, and the interpreter."""
        found = [candidate for session in sessions for candidate in self._first_and_interpreter(session)]
        return frozenset(found)

    def _first_and_interpreter(self, session: Session) -> tuple[str, ...]:
        candidates = self._route(session).candidates
        pinned = tuple(c.expert for c in candidates[1:] if c.reason == "interpreter")
        return (*(c.expert for c in candidates[:1]), *pinned)

    # -- getting ready ------------------------------------------------------------------------------------------------

    def _new_session(self, view: DocumentView) -> Session:
        return Session(view, language_of(view.uri, view.language, self._catalogue))

    def _session(self, view: DocumentView) -> Session:
        session = self._sessions.get(view.uri)
        if session is None:
            session = self._sessions[view.uri] = self._new_session(view)
        session.view = view
        self._memory.changed(view, session.language, self.settings, session.remembered)
        return session

    def _focused_sessions(self) -> tuple[Session, ...]:
        return (self._sessions[self._focused],) if self._focused is not None else ()

    def _works_in(self, session: Session) -> None:
        if self.settings.enabled and self.settings.predict:
            self._ahead.works_in(session.language)

    def _focus(self, uri: str, why: str) -> None:
        self._focused = uri
        self._installed = self._find_installed()
        session = self._sessions[uri]
        self._memory.changed(session.view, session.language, self.settings)
        self._prompts.look_again(session)
        self._prepare(session, why)

    def _prepare(self, session: Session, why: str) -> None:
        """Load what this document needs, if completion is on for it at all: looking at a file wakes nothing else."""
        settings = self.settings
        self._expect()
        if not settings.enabled or not settings.preload or self._saving() != "full":
            return
        if excluded(session.view.uri, session.view.text, settings):
            return
        experts = self._first_and_interpreter(session)
        if experts:
            self._warmer.focus(session, experts, why, settings, self._preload_next)

    def _expect(self) -> None:
        settings, languages = self.settings, {session.language for session in self._sessions.values()}
        if settings.enabled:
            self._ahead.expect(self._needed(self._focused_sessions()), languages if settings.predict else ())

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
        session = self._sessions[self._focused] if self._focused is not None else None
        return {
            "enabled": self.settings.enabled,
            "saving": self._saving(),
            "engine": dict(self._engine.build),
            "budgetBytes": self._pool.budget_bytes,
            "residentBytes": self._pool.resident_bytes,
            "tight": self._pool.tight,
            "focused": None
            if session is None
            else focused_json(
                session.view,
                session.language,
                self._route(session),
                excluded(session.view.uri, session.view.text, self.settings),
            ),
            "experts": [
                expert_json(state, self._catalogue, self._pace, self._tally.answers[state.expert])
                for state in self._pool.states()
            ],
            "next": self._ahead.status(),
            "combine": {"mode": self.settings.combine, "note": self._combining.note},
            "memory": self._memory.counts(),
            "problems": list(self._catalogue.problems),
            "last": self._tally.last,
        }
