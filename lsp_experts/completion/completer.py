"""A keystroke's way: document -> language -> expert -> prompt -> engine -> suggestion, or a silence with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lsp_experts.completion.anchor import prompt_text
from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.document import Cursor, DocumentView
from lsp_experts.completion.exclusion import excluded
from lsp_experts.completion.filters import filter_text, whole_lines
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.reuse import Remembered, remember, reuse
from lsp_experts.completion.session import Session
from lsp_experts.completion.silence import Silence
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import FimTemplate, choose, segments
from lsp_experts.completion.warming import CompletionEngine, Warmer
from lsp_experts.engine.protocol import Complete, CompleteReport
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.pool.lease import Lease
from lsp_experts.pool.pool import Pool
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.routing.chain import Candidate, Chain, chain
from lsp_experts.routing.languages import language_of
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


@dataclass(frozen=True)
class Served:
    """The expert that answers a request, and the one that should have."""

    candidate: Candidate
    lease: Lease


class Completer:
    """Completes open documents. All methods belong to one event loop; only `complete` waits.

    `installed` gives expert id -> sha256 of its file; it is asked when a document is opened or focused.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        installed: Callable[[], Mapping[str, str]],
        pool: Pool,
        engine: RestartableEngine,
        settings: Settings,
    ) -> None:
        self.settings = settings
        self._catalogue = catalogue
        self._find_installed = installed
        self._installed: Mapping[str, str] = installed()
        self._pool, self._engine = pool, engine
        self._sessions: dict[str, Session] = {}
        self._focused: str | None = None
        self._last: dict[str, Any] = {}
        self._pace = Pace()
        self._warmer = Warmer(pool, engine, self._template, self._pace)

    # -- what the editor tells ----------------------------------------------------------------------------------------

    def configure(self, settings: Settings) -> None:
        """Obey other settings from now on."""
        switched_on = settings.enabled and not self.settings.enabled
        self.settings = settings
        if switched_on and self._focused is not None and self._focused in self._sessions:
            self._prepare(self._sessions[self._focused], "completion was switched on")

    def opened(self, view: DocumentView) -> None:
        """A document was opened: it is likely the one that is worked on next."""
        self._sessions[view.uri] = Session(view)
        self._focus(view, "a document was opened")

    def focused(self, view: DocumentView) -> None:
        """The editor moved to this document."""
        self._session(view)
        self._focus(view, "a document got the focus")

    def changed(self, view: DocumentView) -> None:
        """The document has a new version."""
        self._session(view)

    def closed(self, uri: str) -> None:
        """The document was closed: nothing of it is kept."""
        session = self._sessions.pop(uri, None)
        if session is not None:
            session.supersede()
        if self._focused == uri:
            self._focused = None

    async def close(self) -> None:
        """End all that runs."""
        for session in self._sessions.values():
            session.supersede()
        await self._warmer.close()

    # -- completing ---------------------------------------------------------------------------------------------------

    async def complete(self, view: DocumentView, offset: int, *, manual: bool) -> Suggestion | Silence:
        """A suggestion at `offset` (code points), or why there is none. A newer request for the document ends this one.

        `manual`: the user asked for it, so that no rule that only spares the user applies.
        """
        answer = await self._complete(view, offset)
        if isinstance(answer, Suggestion):
            self._last = {"uri": view.uri, "expert": answer.expert, "totalMs": answer.total_ms}
        return answer

    async def _complete(self, view: DocumentView, offset: int) -> Suggestion | Silence:
        settings = self.settings
        if not settings.enabled:
            return Silence("off")
        reason = excluded(view.uri, view.text, settings)
        if reason:
            return Silence(reason)
        session = self._session(view)
        session.supersede()
        session.offset = offset
        served = self._serve(view)
        if isinstance(served, Silence):
            return served
        try:
            with served.lease:
                reused = self._reuse(session, served.candidate, offset) if settings.reuse_suggestions else None
                if reused is not None:
                    return reused
                report = await self._ask(session, served, offset, settings)
        except EngineDied as error:
            self._prepare(session, "the engine was restarted")  # replays this prompt, for the next keystroke
            return Silence("engine died", error.message)
        except EngineError as error:
            return Silence("superseded" if error.code == "cancelled" else "engine error", error.message)
        self._warmer.settle(session, served.candidate.expert, settings)
        return self._suggest(session, view, served.candidate, offset, report)

    def _serve(self, view: DocumentView) -> Served | Silence:
        route = self._route(view)
        if not route.candidates:
            skipped = "; ".join(f"{expert}: {why}" for expert, why in route.skipped[:3])
            return Silence("no expert", skipped or "no registry entry names this language")
        wanted = route.candidates[0].expert
        self._pool.preload(wanted, "a request in its language")
        for candidate in route.candidates:
            lease = self._pool.lease(candidate.expert)
            if lease is not None:
                return Served(candidate, lease)
        why = self._pool.why_not(wanted)
        return Silence(
            "loading" if why.startswith(("loading", "waiting")) or not why else "not ready", f"{wanted}: {why}"
        )

    async def _ask(self, session: Session, served: Served, offset: int, settings: Settings) -> CompleteReport:
        template = self._template(served.lease)
        expert = served.candidate.expert
        anchor = session.anchor_for(expert, offset, settings, self._pace.fitted(expert, settings))
        text = prompt_text(anchor, session.view.text, offset)
        call = self._engine.complete(
            Complete(
                expert=expert,
                segments=segments(template, text.head, text.suffix, text.tail),
                heal=settings.prompt_style == "anchored",
                stop=stop_for(Cursor(session.view.text, offset), template, settings),
            )
        )
        session.running = call
        try:
            report = await call.result()
            self._pace.observe(expert, report)
            return report
        except asyncio.CancelledError:
            call.cancel(keep_prefill=True)  # the next request will share this prompt's head
            raise
        finally:
            if session.running is call:
                session.running = None

    def _suggest(
        self, session: Session, view: DocumentView, candidate: Candidate, offset: int, report: CompleteReport
    ) -> Suggestion | Silence:
        filtered = filter_text(whole_lines(report), Cursor(view.text, offset))
        if filtered.reason:
            return Silence(filtered.reason, "", report.prompt_tokens, report.decoded_tokens)
        suggestion = Suggestion(
            text=filtered.text,
            replace_right=filtered.replace_right,
            expert=candidate.expert,
            expert_reason=candidate.reason,
            prompt_tokens=report.prompt_tokens,
            decoded_tokens=report.decoded_tokens,
            first_token_ms=report.first_token_ms,
            total_ms=report.total_ms,
            joint_probability=report.joint_probability,
        )
        session.remembered = remember(
            session.remembered,
            Remembered(
                self._identity(candidate.expert),
                view.text[:offset],
                view.text[offset:],
                filtered.text,
                report.joint_probability,
            ),
        )
        return suggestion

    def _reuse(self, session: Session, candidate: Candidate, offset: int) -> Suggestion | None:
        text = session.view.text
        left = reuse(session.remembered, self._identity(candidate.expert), text[:offset], text[offset:])
        if left is None:
            return None
        filtered = filter_text(left.text, Cursor(text, offset))
        if filtered.reason:
            return None
        return Suggestion(
            filtered.text,
            filtered.replace_right,
            candidate.expert,
            candidate.reason,
            joint_probability=left.joint_probability,
            reused=True,
        )

    # -- who answers --------------------------------------------------------------------------------------------------

    def _route(self, view: DocumentView) -> Chain:
        language = language_of(view.uri, view.language, self._catalogue)
        return chain(
            self._catalogue,
            language,
            self._installed.keys(),
            interpreter=self.settings.interpreter,
            refused=self._engine.quarantined.keys(),
        )

    def _template(self, lease: Lease) -> FimTemplate | None:
        return choose(self._catalogue.get(lease.expert).fim, lease.report)

    def _identity(self, expert: str) -> str:
        return self._installed.get(expert, expert)

    async def ready(self, view: DocumentView) -> bool:
        """Wait until the expert that `view` asks for is HOT, or cannot be (commands only: a keystroke never waits)."""
        route = self._route(view)
        return bool(route.candidates) and await self._pool.ready(route.candidates[0].expert)

    # -- getting ready ------------------------------------------------------------------------------------------------

    def _session(self, view: DocumentView) -> Session:
        session = self._sessions.get(view.uri)
        if session is None:
            session = self._sessions[view.uri] = Session(view)
        session.view = view
        return session

    def _focus(self, view: DocumentView, why: str) -> None:
        self._focused = view.uri
        self._installed = self._find_installed()
        self._prepare(self._sessions[view.uri], why)

    def _prepare(self, session: Session, why: str) -> None:
        """Load what this document needs, if completion is on for it at all: looking at a file wakes nothing else."""
        settings = self.settings
        if not settings.enabled or not settings.preload or excluded(session.view.uri, session.view.text, settings):
            return
        candidates = self._route(session.view).candidates
        first = tuple(candidate.expert for candidate in candidates[:1])
        pinned = tuple(c.expert for c in candidates[1:] if c.reason == "interpreter")
        if first:
            self._warmer.focus(session, first + pinned, why, settings)

    # -- telling ------------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What a status bar or a bug report needs; no text of any document."""
        view = self._sessions[self._focused].view if self._focused in self._sessions else None
        route = self._route(view) if view is not None else None
        return {
            "enabled": self.settings.enabled,
            "engine": dict(self._engine.build),
            "budgetBytes": self._pool.budget_bytes,
            "residentBytes": self._pool.resident_bytes,
            "focused": None
            if view is None or route is None
            else {
                "uri": view.uri,
                "language": language_of(view.uri, view.language, self._catalogue),
                "experts": [{"id": c.expert, "reason": c.reason} for c in route.candidates],
                "skipped": [{"id": expert, "reason": why} for expert, why in route.skipped],
                "excluded": excluded(view.uri, view.text, self.settings),
            },
            "experts": [
                {
                    "id": state.expert,
                    "languages": list(self._catalogue.get(state.expert).languages),
                    "state": state.state,
                    "residentBytes": state.resident_bytes,
                    "fileBytes": state.file_bytes,
                    "leases": state.leases,
                    "loadMs": state.load_ms,
                    "readyMs": state.ready_ms,
                    "reason": state.reason,
                    "wishedBecause": state.wished_because,
                }
                for state in self._pool.states()
            ],
            "problems": list(self._catalogue.problems),
            "last": self._last,
        }
