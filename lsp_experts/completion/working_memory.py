"""What the user works on, without any model: it is given to whichever expert comes in.

Open documents, recent edits, accepted suggestions and defined symbols, all bounded. Documents that completion leaves
alone (exclusion.py) and lines that look like keys are never in it. Nothing is written to disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from lsp_experts.completion.context import Definition, Excerpt, choose_excerpts
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.edits import Edit, change_between, continues, edit_of, is_accepted
from lsp_experts.completion.exclusion import excluded
from lsp_experts.completion.key_material import looks_secret
from lsp_experts.completion.reuse import Remembered
from lsp_experts.completion.symbols import Symbol, definitions
from lsp_experts.settings import Settings

MAX_EDITS = 40
MAX_SYMBOL_DOCUMENTS = 64
_CONTEXT_EDITS = 8  # newest ones that a prompt may show


class WorkingMemory:
    """The memory of one server. `language` is always the one that experts are chosen by."""

    def __init__(self) -> None:
        self._views: dict[str, tuple[DocumentView, str]] = {}
        self._symbols: dict[str, tuple[str, tuple[Symbol, ...]]] = {}  # uri -> language, symbols; the newest last
        self._stale: set[str] = set()  # their symbols are older than their text
        self._edits: deque[Edit] = deque(maxlen=MAX_EDITS)  # the newest first
        self._changes: dict[str, int] = {}
        self._total_changes = 0
        self._accepted = 0

    def opened(self, view: DocumentView, language: str, settings: Settings) -> None:
        """A document was opened, or came to be known."""
        if excluded(view.uri, view.text, settings):
            self.forget(view.uri)
            return
        self._views[view.uri] = (view, language)
        self._learn(view, language)

    def changed(
        self, view: DocumentView, language: str, settings: Settings, suggested: Sequence[Remembered] = ()
    ) -> None:
        """A document has a new version; `suggested` is what was suggested in it lately."""
        known = self._views.get(view.uri)
        if known is None or excluded(view.uri, view.text, settings):
            self.opened(view, language, settings)
            return
        self._views[view.uri] = (view, language)
        old = known[0].text
        change = change_between(old, view.text)
        if change is None:
            return
        self._stale.add(view.uri)
        self._total_changes += 1
        self._changes[view.uri] = self._changes.get(view.uri, 0) + 1
        accepted = is_accepted(suggested, old, view.text)
        self._accepted += accepted
        before = next((edit for edit in self._edits if edit.uri == view.uri), None)
        edit = edit_of(view.uri, language, view.text, change, before, accepted=accepted)
        if edit is None:
            return
        if before is not None and continues(edit, before):
            self._edits.remove(before)
        if edit.text.strip() and not looks_secret(edit.text):
            self._edits.appendleft(edit)

    def closed(self, uri: str) -> None:
        """A document was closed: its text goes, its symbols and edits stay for this session."""
        known = self._views.pop(uri, None)
        if known is not None and uri in self._stale:
            self._learn(*known)
        self._changes.pop(uri, None)

    def forget(self, uri: str) -> None:
        """Nothing of this document stays."""
        self._views.pop(uri, None)
        self._symbols.pop(uri, None)
        self._stale.discard(uri)
        self._edits = deque((edit for edit in self._edits if edit.uri != uri), maxlen=MAX_EDITS)

    def changes_elsewhere(self, uri: str) -> int:
        """Grows when another document is edited."""
        return self._total_changes - self._changes.get(uri, 0)

    def context_for(
        self, view: DocumentView, offset: int | None, languages: Collection[str], room_chars: int
    ) -> tuple[Excerpt, ...]:
        """What other documents in `languages` have to say at `offset` (None: no cursor yet), at most `room_chars`."""
        for uri in tuple(self._stale):
            if uri in self._views and self._views[uri][1] in languages:
                self._learn(*self._views[uri])
        found = [
            Definition(uri, symbol)
            for uri, (language, symbols) in reversed(self._symbols.items())
            if uri != view.uri and language in languages
            for symbol in symbols
        ]
        edits = [edit for edit in self._edits if edit.uri != view.uri and edit.language in languages]
        own = {symbol.name for symbol in self._symbols.get(view.uri, ("", ()))[1]}
        return choose_excerpts(view.text, offset, own, found, edits[:_CONTEXT_EDITS], room_chars)

    def counts(self) -> dict[str, int]:
        """How much there is, for the status."""
        symbols = sum(len(symbols) for _, symbols in self._symbols.values())
        return {
            "documents": len(self._views),
            "edits": len(self._edits),
            "accepted": self._accepted,
            "symbols": symbols,
        }

    def _learn(self, view: DocumentView, language: str) -> None:
        self._stale.discard(view.uri)
        self._symbols.pop(view.uri, None)
        self._symbols[view.uri] = (language, definitions(view.text, language))
        while len(self._symbols) > MAX_SYMBOL_DOCUMENTS:
            del self._symbols[next(iter(self._symbols))]
