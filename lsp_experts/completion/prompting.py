"""The prompt of a place in a document: anchor and context frozen, spelled for the expert that reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_experts.completion.anchor import Anchor, PromptText, is_far, place, prompt_text
from lsp_experts.completion.context import LEAST_ROOM_CHARS, Excerpt, chars_of, gain_chars
from lsp_experts.completion.document import plain_newlines
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.session import Session
from lsp_experts.completion.shown_path import line_comment
from lsp_experts.completion.templates import (
    NO_CONTEXT,
    Context,
    FimTemplate,
    Repository,
    choose,
    context_segments,
    segments,
    warm_segments,
)
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.engine.protocol import Segment
from lsp_experts.pool.lease import Lease
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.settings import Settings

_BYTES_PER_TOKEN = 2  # of code, low: other files must never push out what stands round the cursor
_WORTH_SHARE = 3  # a richer prompt says at least a third more of other files than the standing one


@dataclass(frozen=True)
class Better:
    """A prompt that would serve better than the standing one, once it is decoded: then it is adopted."""

    anchor: Anchor
    excerpts: tuple[Excerpt, ...]
    prompt: tuple[Segment, ...]


@dataclass(frozen=True)
class Prompts:
    """Makes prompts. What it freezes is kept in the session."""

    catalogue: Catalogue
    pace: Pace
    memory: WorkingMemory

    def template(self, lease: Lease) -> FimTemplate | None:
        """How the expert's family wants a hole to be written."""
        return choose(self.catalogue.get(lease.expert).fim, lease.report)

    def languages(self, session: Session) -> frozenset[str]:
        """The languages whose files the session's prompts may show."""
        return related_languages(session.language, self.catalogue.related)

    def at(self, session: Session, lease: Lease, offset: int, settings: Settings) -> tuple[Segment, ...]:
        """The prompt of a cursor at `offset`: behind the standing anchor if it holds there, else behind a new one."""
        expert, view = lease.expert, session.view
        self.memory.works_at(view.uri, session.language, view.text, offset)
        before = session.anchors.get(expert)
        anchor = session.anchor_for(expert, offset, settings, self.pace.fitted(expert, settings))
        text = prompt_text(anchor, view.text, offset)
        if settings.prompt_style == "anchored" and self._may_choose(session, expert, before, anchor):
            self._choose_context(session, lease, text, offset, settings)
        return self._spelled(session, lease, text, session.contexts.get(expert, ()), settings)

    def known(self, session: Session, lease: Lease, settings: Settings) -> tuple[Segment, ...]:
        """As much as is known of the next prompt: all of it where a request was made before, else its head."""
        expert, view = lease.expert, session.view
        if session.offset is not None and session.offset <= len(view.text):
            return self.at(session, lease, session.offset, settings)
        if len(view.text) > self.pace.fitted(expert, settings).prefix_chars:
            return ()  # where the head begins depends on the cursor
        head = plain_newlines(view.text)
        if settings.prompt_style == "anchored" and self._may_choose(session, expert, None, None):
            self._choose_context(session, lease, PromptText(head, "", ""), None, settings)
        excerpts = session.contexts.get(expert, ())
        return warm_segments(self.template(lease), head, self._context(session, lease, excerpts, settings))

    def closer(self, session: Session, lease: Lease, settings: Settings) -> Better | None:
        """A better prompt for the last request's place: a far anchor moved closer, all the text that the settings
        allow, however long it takes, and what else other files have to say. None: it would be hardly better.
        """
        view, offset, standing = session.view, session.offset, session.anchors.get(lease.expert)
        if offset is None or standing is None or offset > len(view.text) or settings.prompt_style != "anchored":
            return None
        full = place(view.text, offset, settings)
        short = len(full.head) + len(full.below) > len(standing.head) + len(standing.below) + LEAST_ROOM_CHARS
        moves = is_far(standing, view.text, offset, settings) or short
        anchor = full if moves else standing
        text = prompt_text(anchor, view.text, offset)
        before = session.contexts.get(lease.expert, ())
        found = self._found(session, lease, text, offset, settings, settings.context_chars, before)
        gain = gain_chars(before, found)
        if not moves and (gain < LEAST_ROOM_CHARS or gain * _WORTH_SHARE < chars_of(found)):
            return None
        return Better(anchor, found, self._spelled(session, lease, text, found, settings))

    def look_again(self, session: Session) -> None:
        """The document has the focus again: if others were edited meanwhile, its contexts may be chosen anew."""
        changes = self.memory.changes_elsewhere(session.view.uri)
        if changes != session.changes_elsewhere:
            session.changes_elsewhere = changes
            session.renewable |= set(session.contexts)

    def _may_choose(self, session: Session, expert: str, before: Anchor | None, anchor: Anchor | None) -> bool:
        """Whether the context may change: what stands behind it in the KV cache is then decoded again."""
        if expert in session.renewable:
            return True
        if anchor is not None and anchor is before:
            return False
        elsewhere = before is not None and anchor is not None and not _share_head(before, anchor)
        return expert not in session.contexts or elsewhere

    def _choose_context(
        self, session: Session, lease: Lease, text: PromptText, offset: int | None, settings: Settings
    ) -> None:
        """Freeze what there is time for; what the prompt says of other files already costs none."""
        expert = lease.expert
        session.renewable.discard(expert)
        before = session.contexts.get(expert, ())
        taken = len(text.head) + len(text.suffix) + len(text.tail)
        room_chars = min(settings.context_chars, self.pace.room_chars(expert, taken, settings) + chars_of(before))
        session.contexts[expert] = self._found(session, lease, text, offset, settings, room_chars, before)

    def _found(
        self,
        session: Session,
        lease: Lease,
        text: PromptText,
        offset: int | None,
        settings: Settings,
        room_chars: int,
        before: Sequence[Excerpt],
    ) -> tuple[Excerpt, ...]:
        """What of other files fits into `room_chars` and into the expert's context."""
        template = self.template(lease)
        taken_bytes = len((text.head + text.suffix + text.tail).encode("utf-8", "replace"))
        free_chars = (lease.report.n_ctx - settings.max_tokens) * _BYTES_PER_TOKEN - taken_bytes
        room_chars = min(room_chars, free_chars)
        if template is None or template.files is None or room_chars < LEAST_ROOM_CHARS:
            return ()
        return self.memory.context_for(session.view, offset, self.languages(session), settings, room_chars, before)

    def _spelled(
        self, session: Session, lease: Lease, text: PromptText, excerpts: tuple[Excerpt, ...], settings: Settings
    ) -> tuple[Segment, ...]:
        context = self._context(session, lease, excerpts, settings)
        return segments(self.template(lease), text.head, text.suffix, text.tail, context)

    def _context(self, session: Session, lease: Lease, excerpts: tuple[Excerpt, ...], settings: Settings) -> Context:
        template = self.template(lease)
        if template is None or settings.prompt_style != "anchored" or not settings.context_chars or not excerpts:
            return NO_CONTEXT
        language = session.language
        path = self.memory.path(session.view.uri, language)
        repository = Repository(self.memory.workspace.name, path, excerpts, line_comment(language))
        return context_segments(template, repository)


def _share_head(one: Anchor, two: Anchor) -> bool:
    """Whether two prompts begin alike, so that the KV cache of one helps the other."""
    length = min(len(one.head), len(two.head))
    return one.head[:length] == two.head[:length]


def related_languages(language: str, related: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """`language` and those that are related to it, whichever of the two names the other."""
    others = {other for other, relatives in related.items() if language in relatives}
    return frozenset({language, *related.get(language, ()), *others})
