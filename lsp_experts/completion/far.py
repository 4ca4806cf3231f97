"""Remote experts as the completer sees them: who is asked for a document beside the local expert, and what leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from lsp_experts.completion.exclusion import off_limits
from lsp_experts.completion.held import Held, Revocation
from lsp_experts.completion.key_material import masked
from lsp_experts.completion.serving import Served
from lsp_experts.completion.session import Session
from lsp_experts.completion.templates import control_texts
from lsp_experts.engine.call import Call
from lsp_experts.engine.protocol import Complete, CompleteReport, LoadReport
from lsp_experts.errors import UnknownExpert
from lsp_experts.pool.lease import Lease
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.endpoint import host_of, is_loopback
from lsp_experts.registry.entry import Entry
from lsp_experts.routing.chain import Candidate
from lsp_experts.routing.remote import RemoteChoice, remote_choice
from lsp_experts.settings import Settings

REASON = "remote"


class Health(Protocol):
    """The part of engine/remote/health.py that is told."""

    @property
    def state(self) -> str:
        """ "unknown", "prompt", "late" or "resting"."""
        ...

    @property
    def reason(self) -> str:
        """Why it is late or resting, "" if it is not."""
        ...


class FarEngine(Protocol):
    """The part of engine/remote that completions need."""

    @property
    def health(self) -> Health:
        """How it answered lately."""
        ...

    def complete(self, request: Complete, *, affinity: str = "") -> Call[CompleteReport]:
        """Start a completion; the same `affinity` is best served by the same host."""
        ...

    async def close(self) -> None:
        """End its connections."""
        ...


@dataclass(frozen=True)
class _ForDocument:
    """One document's way to a remote engine: what looks like a secret stays here."""

    engine: FarEngine
    document: str

    def complete(self, request: Complete) -> Call[CompleteReport]:
        segments = tuple(part if part.control else replace(part, text=masked(part.text)) for part in request.segments)
        return self.engine.complete(replace(request, segments=segments), affinity=self.document)


class Far:
    """The remote experts. `named` gives the hosts that the user named; it is asked before each request, so that what he
    takes back counts at once. `connect` makes an engine of an entry.

    An engine is made when its expert is first asked, so that nothing is imported or opened for who has none.
    """

    def __init__(
        self, catalogue: Catalogue, named: Callable[[], frozenset[str]], connect: Callable[[Entry], FarEngine]
    ) -> None:
        self._catalogue, self._named, self._connect = catalogue, named, connect
        self._has_any = any(entry.kind == "remote" for entry in catalogue.entries.values())
        self._engines: dict[str, FarEngine] = {}

    @classmethod
    def nobody(cls) -> Far:
        """No remote experts."""

        def connect(entry: Entry) -> FarEngine:
            raise UnknownExpert(f"{entry.id} is nowhere.")

        return cls(Catalogue({}, {}), frozenset, connect)

    def serve(self, session: Session, settings: Settings) -> Served | None:
        """The remote expert as one that answers for `session`; None if there is none."""
        if not self._has_any or _is_off(settings):
            return None
        entry = self._choice(session, settings).entry
        if entry is None:
            return None
        engine = _ForDocument(self._engine(entry), session.document)
        return Served(Candidate(entry.id, REASON), Held(_lease(entry), Revocation()), engine)

    def identity(self, expert: str) -> str:
        """What the answers of a remote expert depend on, as far as it can be known: its address and name there."""
        entry = self._catalogue.entries.get(expert)
        if entry is None or entry.remote is None:
            return ""
        return hashlib.sha256(f"{entry.remote.endpoint}\n{entry.remote.model}".encode()).hexdigest()

    def status(self, session: Session | None, settings: Settings) -> dict[str, Any] | None:
        """What leaves this machine from the session's document, and where to; None where no remote expert is meant."""
        if session is None or not self._has_any:
            return None
        choice, off = self._choice(session, settings), _is_off(settings) or bool(off_limits(session.view, settings))
        entry = choice.entry
        if entry is None or entry.remote is None:
            skipped = [{"id": expert, "reason": why} for expert, why in choice.skipped]
            return {"id": "", "host": "", "state": "off", "says": "", "skipped": skipped} if skipped else None
        host, engine = host_of(entry.remote.endpoint), self._engines.get(entry.id)
        health = engine.health if engine is not None else None
        return {
            "id": entry.id,
            "host": host,
            "state": "off" if off else health.state if health is not None else "unknown",
            "reason": health.reason if health is not None else "",
            "says": "" if off else _leaving(host),
            "skipped": [{"id": expert, "reason": why} for expert, why in choice.skipped],
        }

    async def close(self) -> None:
        """End all connections."""
        for engine in self._engines.values():
            await engine.close()

    def _choice(self, session: Session, settings: Settings) -> RemoteChoice:
        chosen = settings.preferred.get(session.language, "")
        return remote_choice(self._catalogue, session.language, self._named(), chosen=chosen, domains=session.domains)

    def _engine(self, entry: Entry) -> FarEngine:
        if entry.id not in self._engines:
            self._engines[entry.id] = self._connect(entry)
        return self._engines[entry.id]


def _is_off(settings: Settings) -> bool:
    return not (settings.enabled and settings.remote and settings.combine == "off")


def _leaving(host: str) -> str:
    if is_loopback(host):
        return f"text of this file goes to another program on this machine ({host})"
    return f"text of this file goes to {host}"


def _lease(entry: Entry) -> Lease:
    """A use that nobody takes back: it costs no memory here. Its template's control texts are its engine's to know."""
    report = LoadReport(
        file_bytes=0, resident_bytes=0, load_ms=0.0, n_vocab=0, n_ctx=entry.context, controls=control_texts()
    )
    return Lease(entry.id, report, is_alive=lambda: True, on_release=lambda _lease: None, on_lost=lambda _error: None)
