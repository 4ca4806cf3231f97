"""From a request's document and position to a question: a snapshot, taken before anything is awaited."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts.server.answers import Question
from lsp_experts.server.documents import Document
from lsp_experts.server.ports import DocumentView, Silence
from lsp_experts.server.positions import Encoding

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer


@dataclass(frozen=True)
class Place:
    """A cursor in a snapshot, in code points. `selected`: the popup's item, which replaces from `start` on.
    `earlier`: the notebook's cells before this one.

    `asked_s` is when the request came (monotonic seconds).
    """

    document: Document
    offset: int
    start: int
    selected: str = ""
    earlier: str = ""
    asked_s: float = field(default_factory=time.monotonic, compare=False)

    @property
    def view(self) -> DocumentView:
        """The document as if the selected item had been accepted."""
        document = self.document
        text = document.text
        if self.selected:
            text = text[: self.start] + self.selected + text[self.offset :]
        return DocumentView(document.uri, document.language, document.version, text, self.earlier, document.left_out)

    def question(self, *, manual: bool) -> Question:
        """What would stand at the cursor?"""
        return Question(self.view, self.start + len(self.selected) if self.selected else self.offset, manual)


def place_of(server: ExpertsServer, identifier: t.TextDocumentIdentifier, position: t.Position) -> Place | Silence:
    """The place a request speaks of: in an open document, at its current version."""
    document = server.documents.get(identifier.uri)
    if document is None:
        return Silence("document not open")
    if getattr(identifier, "version", document.version) != document.version:
        return Silence("stale version")
    offset = document.offset(position, server.documents.encoding)
    return Place(document, offset, offset, earlier=server.notebooks.earlier(document, server.documents))


def with_selected(place: Place, selected: t.SelectedCompletionInfo | None, encoding: Encoding) -> Place:
    """The place while an item of the completion popup is selected: suggestions have to go on from that item."""
    if selected is None:
        return place
    start = place.document.offset(selected.range.start, encoding)
    end = place.document.offset(selected.range.end, encoding)
    same_line = selected.range.start.line == selected.range.end.line
    if not same_line or not start <= place.offset <= end or not selected.text:
        return place
    return replace(place, offset=end, start=start, selected=selected.text)


def was_asked_for(place: Place, context: t.CompletionContext | None) -> bool:
    """Did the user press a key for this completion? LSP says Invoked for typed identifiers as well.

    Behind a character that no client asks on by itself, Invoked can only mean the user.
    """
    if context is None or context.trigger_kind != t.CompletionTriggerKind.Invoked:
        return False
    before = place.document.text[place.offset - 1 : place.offset]
    return not (before.isalnum() or before == "_")
