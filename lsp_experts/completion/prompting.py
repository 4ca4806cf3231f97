"""The prompt of a place in a document: anchor and context frozen, spelled for the expert that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_experts.completion.anchor import Anchor, PromptText, is_far, place, prompt_text
from lsp_experts.completion.context import LEAST_ROOM_CHARS, short_path
from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.session import Session
from lsp_experts.completion.templates import FimTemplate, choose, context_segments, segments, warm_segments
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.engine.protocol import Segment
from lsp_experts.pool.lease import Lease
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.settings import Settings

_BYTES_PER_TOKEN = 2  # of code, low: other files must never push out what stands round the cursor


@dataclass(frozen=True)
class Prompts:
    """Makes prompts. What it freezes is kept in the session."""

    catalogue: Catalogue
    pace: Pace
    memory: WorkingMemory

    def template(self, lease: Lease) -> FimTemplate | None:
        """How the expert's family wants a hole to be written."""
        return choose(self.catalogue.get(lease.expert).fim, lease.report)

    def at(self, session: Session, lease: Lease, offset: int, settings: Settings) -> tuple[Segment, ...]:
        """The prompt of a cursor at `offset`: behind the standing anchor if it holds there, else behind a new one."""
        expert, view = lease.expert, session.view
        before = session.anchors.get(expert)
        anchor = session.anchor_for(expert, offset, settings, self.pace.fitted(expert, settings))
        text = prompt_text(anchor, view.text, offset)
        if settings.prompt_style == "anchored" and self._may_choose(session, expert, moved=anchor is not before):
            self._choose_context(session, lease, text, offset, settings)
        return self._spelled(session, lease, text, settings)

    def known(self, session: Session, lease: Lease, settings: Settings) -> tuple[Segment, ...]:
        """As much as is known of the next prompt: all of it where a request was made before, else its head."""
        expert, view = lease.expert, session.view
        if session.offset is not None and session.offset <= len(view.text):
            return self.at(session, lease, session.offset, settings)
        if len(view.text) > self.pace.fitted(expert, settings).prefix_chars:
            return ()  # where the head begins depends on the cursor
        head = plain_newlines(view.text)
        if settings.prompt_style == "anchored" and self._may_choose(session, expert, moved=True):
            self._choose_context(session, lease, PromptText(head, "", ""), None, settings)
        return warm_segments(self.template(lease), head, self._context(session, lease, settings))

    def closer(self, session: Session, lease: Lease, settings: Settings) -> tuple[Anchor, tuple[Segment, ...]] | None:
        """A closer anchor for the last request's place and its prompt, where the standing one is far; not kept yet."""
        view, offset, anchor = session.view, session.offset, session.anchors.get(lease.expert)
        if offset is None or anchor is None or offset > len(view.text):
            return None
        if not is_far(anchor, view.text, offset, settings):
            return None
        closer = place(view.text, offset, self.pace.fitted(lease.expert, settings))
        return closer, self._spelled(session, lease, prompt_text(closer, view.text, offset), settings)

    def look_again(self, session: Session) -> None:
        """The document has the focus again: if others were edited meanwhile, its contexts may be chosen anew."""
        changes = self.memory.changes_elsewhere(session.view.uri)
        if changes != session.changes_elsewhere:
            session.changes_elsewhere = changes
            session.renewable |= set(session.contexts)

    def _may_choose(self, session: Session, expert: str, *, moved: bool) -> bool:
        return expert in session.renewable or (moved and expert not in session.contexts)

    def _choose_context(
        self, session: Session, lease: Lease, text: PromptText, offset: int | None, settings: Settings
    ) -> None:
        expert = lease.expert
        template = self.template(lease)
        session.renewable.discard(expert)
        taken = text.head + text.suffix + text.tail
        free_tokens = lease.report.n_ctx - settings.max_tokens
        room_chars = min(
            self.pace.room_chars(expert, len(taken), settings),
            free_tokens * _BYTES_PER_TOKEN - len(taken.encode("utf-8", "replace")),
        )
        if template is None or not template.file_separator or room_chars < LEAST_ROOM_CHARS:
            return
        languages = related_languages(session.language, self.catalogue.related)
        session.contexts[expert] = self.memory.context_for(session.view, offset, languages, room_chars)

    def _spelled(self, session: Session, lease: Lease, text: PromptText, settings: Settings) -> tuple[Segment, ...]:
        context = self._context(session, lease, settings)
        return segments(self.template(lease), text.head, text.suffix, text.tail, context)

    def _context(self, session: Session, lease: Lease, settings: Settings) -> tuple[Segment, ...]:
        template, excerpts = self.template(lease), session.contexts.get(lease.expert, ())
        if template is None or settings.prompt_style != "anchored" or not settings.context_chars:
            return ()
        return context_segments(template, excerpts, short_path(session.view.uri))


def related_languages(language: str, related: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """`language` and those that are related to it, whichever of the two names the other."""
    others = {other for other, relatives in related.items() if language in relatives}
    return frozenset({language, *related.get(language, ()), *others})
