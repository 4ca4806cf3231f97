"""The open documents and their regions, each with its session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.document_language import DocumentLanguages
from lsp_experts.completion.session import Session
from lsp_experts.routing.regions import Region, region_at
from lsp_experts.routing.regions import regions as all_regions

_PAGES = frozenset({"html", "vue", "svelte", "astro", "php", "markdown", "ipynb"})
_MOST_PAGE_CHARS = 40_000  # finding all regions of a larger one takes longer than a keystroke may
_MOST_REGIONS = 16  # sessions of one document's regions; the one that was used longest ago goes


@dataclass(frozen=True)
class Spot:
    """Where a cursor is: in a document itself, or in a region of it. `offset` counts in the session's text."""

    session: Session
    host: Session
    offset: int
    region: Region | None = None


class OpenDocuments:
    """Sessions by URI. `languages` says which language a document is in."""

    def __init__(self, languages: DocumentLanguages) -> None:
        self._languages = languages
        self._hosts: dict[str, Session] = {}  # what the user turned to last is the last
        self._regions: dict[str, dict[str, Session]] = {}
        self._latest: dict[str, Session] = {}  # where each document was worked in last

    def __iter__(self) -> Iterator[Session]:
        return iter(self._hosts.values())

    def open(self, view: DocumentView) -> Session:
        """A new session for a document; requests in earlier ones are superseded."""
        for earlier in self._of(view.uri):
            earlier.supersede()
        self._regions.pop(view.uri, None)
        self._latest.pop(view.uri, None)
        language = self._languages.of(view)
        session = Session.of(view, language.routed, syntax=language.syntax)
        self._hosts[view.uri] = session
        return session

    def update(self, view: DocumentView) -> Session:
        """The session of a document, which has this version now."""
        session = self._hosts.get(view.uri)
        if session is None or session.language != self._languages.of(view).routed:
            return self.open(view)
        session.update(view)
        return session

    def spot(self, view: DocumentView, offset: int, *, regions: bool) -> Spot | None:
        """The innermost place that `offset` of `view` is in; the document itself where `regions` do not count.

        None inside what a region's text says otherwise: in the middle of an escape, in indentation that is not its.
        """
        host = self.update(view)
        region = region_at(host.tree, offset, view.earlier) if regions else None
        if region is None:
            self._latest[view.uri] = host
            return Spot(host, host, offset)
        inside = region.inside(offset)
        if inside is None:
            return None
        session = self._latest[view.uri] = self._region_session(view, region)
        return Spot(session, host, inside, region)

    def begin(self, spot: Spot) -> int:
        """A request at `spot` begins, which supersedes all others of the document; its number in the session."""
        for other in self._of(spot.session.document):
            if other is not spot.session:
                other.supersede()
        return spot.session.begin(spot.offset)

    def latest(self, uri: str) -> Session:
        """Where a known document was worked in last: in a region, or in the document itself."""
        return self._latest.get(uri) or self._hosts[uri]

    def turned_to(self, uri: str) -> None:
        """The user turned to a known document."""
        self._hosts[uri] = self._hosts.pop(uri)

    def front(self) -> Session | None:
        """Where the user worked last, of the documents that are still open."""
        return self.latest(next(reversed(self._hosts))) if self._hosts else None

    def all_sessions(self) -> tuple[Session, ...]:
        """The sessions of all documents and of their regions."""
        return tuple(each for uri in self._hosts for each in self._of(uri))

    def parts(self, view: DocumentView, language: str) -> Iterator[tuple[str, str, str]]:
        """The stretches of a document, each in one language: (uri, language, text); WorkingMemory's Parts.

        Only of pages: in a program, other languages are short strings, and finding them all takes long.
        """
        tree = (self._hosts.get(view.uri) or self.update(view)).tree
        found: tuple[Region, ...] = ()
        if tree.language in _PAGES and len(view.text) <= _MOST_PAGE_CHARS:
            if tree.text != view.text:  # an older version
                tree = tree.copy()
                tree.update(view.text)
            found = tuple(region for region in all_regions(tree) if region.language != language)
        yield view.uri, language, _without(view.text, found)
        yield from ((f"{view.uri}#{region.key}", region.language, region.text) for region in found)

    def languages(self, focused: Session | None, *, regions: bool) -> frozenset[str]:
        """The languages of the open documents, and of the regions of the one that has the focus."""
        languages = {session.language for session in self._hosts.values()}
        host = self._hosts.get(focused.document) if focused is not None and regions else None
        if host is not None and len(host.view.text) <= _MOST_PAGE_CHARS:
            languages.update(region.language for region in all_regions(host.tree))
        return frozenset(languages)

    def close(self, uri: str) -> tuple[Session, ...]:
        """Forget a document; its sessions, the document's own first."""
        sessions = self._of(uri)
        self._languages.forget(uri)
        self._latest.pop(uri, None)
        self._hosts.pop(uri, None)
        self._regions.pop(uri, None)
        return sessions

    def _of(self, uri: str) -> tuple[Session, ...]:
        """The sessions of a document, its own first."""
        host = self._hosts.get(uri)
        return (*((host,) if host else ()), *self._regions.get(uri, {}).values())

    def _region_session(self, view: DocumentView, region: Region) -> Session:
        uri = f"{view.uri}#{region.key}"
        virtual = DocumentView(uri, region.language, view.version, region.text, left_out=view.left_out)
        known = self._regions.setdefault(view.uri, {})
        session = known.pop(region.key, None)
        if session is not None and session.language != region.language:
            session.supersede()
            session = None
        if session is None:
            session = Session.of(virtual, region.language, view.uri)
        session.update(virtual)
        known[region.key] = session  # the newest last
        while len(known) > _MOST_REGIONS:
            del known[next(iter(known))]
        return session


def _without(text: str, regions: tuple[Region, ...]) -> str:
    """`text` with blank lines where the regions are: what is theirs is said by their own parts."""
    pieces, at = [], 0
    for region in regions:
        if region.start >= at:
            pieces += [text[at : region.start], "\n" * text.count("\n", region.start, region.end)]
            at = region.end
    return "".join((*pieces, text[at:]))
