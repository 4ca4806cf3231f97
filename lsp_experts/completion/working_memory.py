"""What the user works on, without any model: it is given to whichever expert comes in.

Open documents by their parts (a page's JavaScript is a part of its own), recent edits, accepted suggestions,
definitions, code seen lately, all bounded. Documents that completion leaves alone (exclusion.py) and lines that look
like keys are never in it. Nothing is written to disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lsp_experts.completion.acceptance import is_accepted
from lsp_experts.completion.context import Excerpt, Known, Source, choose_excerpts, near_cursor
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.edits import Change, Edit, change_between, continues, edit_of
from lsp_experts.completion.exclusion import off_limits, path_of
from lsp_experts.completion.key_material import looks_secret
from lsp_experts.completion.reuse import Remembered
from lsp_experts.completion.ring import JUMP_LINES, Ring, chunk_at
from lsp_experts.completion.shown_path import shown_path
from lsp_experts.completion.symbols import symbols
from lsp_experts.completion.workspace import NoWorkspace, Workspace
from lsp_experts.settings import Settings
from lsp_experts.syntax.definitions import Definition
from lsp_experts.syntax.tree import SyntaxTree

MAX_EDITS = 40
MAX_SYMBOL_DOCUMENTS = 64
_CONTEXT_EDITS = 8  # newest ones that a prompt may show
_MAX_PARTS = 64  # of one document

# The stretches of a document, each in one language: (uri, language, text). The document's own has its own URI, in its
# text the stretches of other languages are blank lines; the others have its URI, "#" and a key.
Parts = Callable[[DocumentView, str], Iterable[tuple[str, str, str]]]


def whole(view: DocumentView, language: str) -> Iterator[tuple[str, str, str]]:
    """A document without parts."""
    yield view.uri, language, view.text


@dataclass
class _Part:
    language: str
    tree: SyntaxTree | None  # None: its document was closed
    symbols: tuple[Definition, ...] = ()
    stale: bool = True  # the symbols are older than the text

    def learn(self) -> None:
        if self.stale and self.tree is not None:
            self.symbols, self.stale = symbols(self.tree), False


@dataclass
class _Document:
    text: str
    language: str
    parts: dict[str, _Part] = field(default_factory=dict)
    open: bool = True
    changes: int = 0
    waiting: DocumentView | None = None  # the newest version, while its parts are not looked for
    touched: range = range(0)  # lines that changed since they were

    def wait_for(self, view: DocumentView, change: Change) -> None:
        """Its parts are looked for later."""
        lines = range(change.first_line, change.last_line + 1)
        if self.waiting is not None:
            lines = range(min(lines.start, self.touched.start), max(lines.stop, self.touched.stop))
        self.text, self.waiting, self.touched = view.text, view, lines

    def goes_on(self, change: Change) -> bool:
        """Whether a change belongs to those that wait: it touches their lines, or the next ones."""
        return change.first_line <= self.touched.stop and change.last_line >= self.touched.start - 1


class WorkingMemory:
    """The memory of one server. `language` is always the one that experts are chosen by."""

    def __init__(self, workspace: Workspace | None = None, parts: Parts = whole) -> None:
        self.workspace: Workspace = workspace or NoWorkspace()
        self._find_parts = parts
        self._documents: dict[str, _Document] = {}  # by URI
        self._edits: deque[Edit] = deque(maxlen=MAX_EDITS)  # the newest first
        self._ring = Ring()
        self._here: tuple[str, str, int] | None = None  # URI and language of the part that is worked on, and the line
        self._total_changes = 0
        self._accepted = 0

    # -- what happens -------------------------------------------------------------------------------------------------

    def opened(self, view: DocumentView, language: str, settings: Settings) -> None:
        """A document was opened, or came to be known."""
        if off_limits(view, settings):
            self.forget(view.uri)
            return
        self._take(view, language)
        while len(self._documents) > MAX_SYMBOL_DOCUMENTS:
            closed = (uri for uri, document in self._documents.items() if not document.open)
            self.forget(next(closed, next(iter(self._documents))))

    def changed(
        self, view: DocumentView, language: str, settings: Settings, suggested: Sequence[Remembered] = ()
    ) -> None:
        """A document has a new version; `suggested` is what was suggested in it lately."""
        known = self._documents.get(view.uri)
        if known is None or not known.open or off_limits(view, settings):
            self.opened(view, language, settings)
            return
        if known.text == view.text and known.language == language:
            return
        self._total_changes += 1
        known.changes += 1
        change = change_between(known.text, view.text)
        if len(known.parts) > 1 and known.language == language and change is not None:
            if not known.goes_on(change):
                self._catch_up(known)
            known.wait_for(view, change)
            return
        self._catch_up(known)
        self._advance(known, view, language, suggested)

    def works_at(self, uri: str, language: str, text: str, offset: int) -> None:
        """The user is at `offset` of a document or part now: the place that was left by it is remembered."""
        self._move(uri, language, text.count("\n", 0, offset))

    def closed(self, uri: str) -> None:
        """A document was closed: its text goes, its symbols and edits stay for this session."""
        document = self._documents.get(uri)
        if document is None:
            return
        self._catch_up(document)
        if self._here is not None and self._here[0] in document.parts:
            self._leave()
        for part in document.parts.values():
            part.learn()
            part.tree = None
        document.text, document.open, document.changes = "", False, 0

    def forget(self, uri: str) -> None:
        """Nothing of this document stays."""
        document = self._documents.pop(uri, None)
        uris = {uri, *(document.parts if document is not None else ())}
        self._edits = deque((edit for edit in self._edits if edit.uri not in uris), maxlen=MAX_EDITS)
        self._ring.forget(uris)
        if self._here is not None and self._here[0] in uris:
            self._here = None

    # -- what is known ------------------------------------------------------------------------------------------------

    def changes_elsewhere(self, uri: str) -> int:
        """Grows when another document is edited."""
        known = self._documents.get(_document_of(uri, self._documents))
        return self._total_changes - (known.changes if known is not None else 0)

    async def look_up(self, view: DocumentView, language: str, languages: Collection[str], settings: Settings) -> bool:
        """Have the workspace read what `view` imports, and the document it is a part of; whether something is new."""
        if not settings.imports:
            return False
        found = await self.workspace.learn(view.uri, language, view.text, languages, settings)
        uri = _document_of(view.uri, self._documents)
        document = self._documents.get(uri)
        if document is not None and uri != view.uri:
            found |= await self.workspace.learn(uri, document.language, document.text, languages, settings)
        return found

    def context_for(
        self,
        view: DocumentView,
        offset: int | None,
        languages: Collection[str],
        settings: Settings,
        room_chars: int,
        before: Sequence[Excerpt] = (),
    ) -> tuple[Excerpt, ...]:
        """What other documents in `languages` have to say at `offset` (None: no cursor yet), at most `room_chars`.

        `before` is what the prompt says already (context.choose_excerpts).
        """
        for document in self._documents.values():
            self._catch_up(document)
        parts = {uri: part for document in self._documents.values() for uri, part in document.parts.items()}
        for part in parts.values():
            if part.language in languages:
                part.learn()
        own = parts.get(view.uri)
        chunks = self._ring.chunks(settings.ring_chunks, languages, view.uri, near_cursor(view.text, offset))
        edits = [edit for edit in self._edits if edit.uri != view.uri and edit.language in languages]
        known = Known(
            own=frozenset(definition.name for definition in own.symbols) if own is not None else frozenset(),
            sources=tuple(self._sources(view.uri, parts, languages, settings)),
            chunks=tuple((self.path(chunk.uri, chunk.language), chunk) for chunk in chunks),
            edits=tuple((self.path(edit.uri, edit.language), edit) for edit in edits[:_CONTEXT_EDITS]),
        )
        return choose_excerpts(view.text, offset, known, room_chars, before)

    def path(self, uri: str, language: str) -> str:
        """How a document or part is named to a model."""
        return shown_path(uri, language, self.workspace.path_of(uri))

    def counts(self) -> dict[str, int]:
        """How much there is, for the status."""
        documents = self._documents.values()
        return {
            "documents": sum(document.open for document in documents),
            "edits": len(self._edits),
            "accepted": self._accepted,
            "symbols": sum(len(part.symbols) for document in documents for part in document.parts.values()),
        }

    # -- inside -------------------------------------------------------------------------------------------------------

    def _catch_up(self, known: _Document) -> None:
        """Look for the parts of a version that waits: that takes too long for each key that is typed in a page."""
        if known.waiting is not None:
            self._advance(known, known.waiting, known.language, ())

    def _advance(self, known: _Document, view: DocumentView, language: str, suggested: Sequence[Remembered]) -> None:
        before = {uri: part.tree.text for uri, part in known.parts.items() if part.tree is not None}
        self._take(view, language)
        for uri, part in known.parts.items():
            if part.tree is not None and uri in before:
                self._edited(uri, part.language, before[uri], part.tree.text, suggested)

    def _take(self, view: DocumentView, language: str) -> None:
        """Bring a document's parts to `view`; trees of parts that stay take the change in."""
        document = self._documents.setdefault(view.uri, _Document(view.text, language))
        document.text, document.language, document.open, document.waiting = view.text, language, True, None
        parts: dict[str, _Part] = {}
        for uri, its_language, text in islice(self._find_parts(view, language), _MAX_PARTS):
            part = document.parts.get(uri)
            if part is None or part.tree is None or part.language != its_language:
                part = _Part(its_language, SyntaxTree(its_language, text))
            elif part.tree is not None and part.tree.text != text:
                part.tree.update(text)
                part.stale = True
            parts[uri] = part
        document.parts = parts

    def _edited(self, uri: str, language: str, old: str, new: str, suggested: Sequence[Remembered]) -> None:
        change = change_between(old, new)
        if change is None:
            return
        self._move(uri, language, change.first_line)
        accepted = is_accepted(suggested, old, new)
        self._accepted += accepted
        before = next((edit for edit in self._edits if edit.uri == uri), None)
        edit = edit_of(uri, language, new, change, before, accepted=accepted)
        if edit is None:
            return
        if before is not None and continues(edit, before):
            self._edits.remove(before)
        if edit.text.strip() and not looks_secret(edit.text):
            self._edits.appendleft(edit)

    def _move(self, uri: str, language: str, line: int) -> None:
        if self._here is not None and (self._here[0] != uri or abs(self._here[2] - line) > JUMP_LINES):
            self._leave()
        self._here = (uri, language, line)

    def _leave(self) -> None:
        """What stood round the place that is left goes into the ring."""
        if self._here is None:
            return
        uri, language, line = self._here
        document = self._documents.get(_document_of(uri, self._documents))
        if document is not None:
            self._catch_up(document)
        part = document.parts.get(uri) if document is not None else None
        chunk = chunk_at(uri, language, part.tree.text, line) if part is not None and part.tree is not None else None
        if chunk is not None:
            self._ring.see(chunk)
        self._here = None

    def _sources(
        self, uri: str, parts: dict[str, _Part], languages: Collection[str], settings: Settings
    ) -> Iterator[Source]:
        """Files that the document imports, as they are in the editor or on disk; then what else is known."""
        by_path = {path_of(part_uri): part_uri for part_uri in parts if "#" not in part_uri}
        done = {uri}
        document = _document_of(uri, self._documents)
        imported = [*self.workspace.imported(uri), *(self.workspace.imported(document) if document != uri else ())]
        for file in imported if settings.imports else ():
            at = by_path.get(path_of(file.uri), file.uri)
            if at in done:
                continue
            done.add(at)
            language, found = (
                (parts[at].language, parts[at].symbols) if at in parts else (file.language, file.definitions)
            )
            if language in languages:
                yield Source(file.path, found, imported=True)
        for at, part in parts.items():
            if at not in done and part.language in languages:
                yield Source(self.path(at, part.language), part.symbols)


def _document_of(uri: str, documents: Collection[str]) -> str:
    """The document that `uri` is a part of, or itself."""
    return uri if uri in documents else uri.rpartition("#")[0] or uri
