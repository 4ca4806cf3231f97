"""The open documents, as the client described them: their text is never read from disk.

Only \\n, \\r\\n and \\r end a line (LSP); \\f, U+2028 and their like are characters. Documents are immutable; an edit
makes a new one, so whoever holds one holds a snapshot.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types as t

from lsp_experts.server.positions import Encoding, code_points, units

_LOG = logging.getLogger(__name__)
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def line_starts(text: str, base: int = 0) -> list[int]:
    """Offsets (code points) at which the lines of `text` start, each moved by `base`."""
    return [base, *(base + end.end() for end in _LINE_END.finditer(text))]


def _sane(text: str) -> str:
    # A lone surrogate cannot be encoded. U+FFFD has as many units in every encoding, so no offset moves.
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


@dataclass(frozen=True)
class Document:
    """One version of an open document; `starts` are the offsets of its lines, `left_out` as in DocumentView."""

    uri: str
    language: str
    version: int
    text: str
    starts: Sequence[int]
    left_out: str = ""

    @classmethod
    def of(cls, uri: str, language: str, version: int, text: str) -> Document:
        """A document from its whole text."""
        text = _sane(text)
        return cls(uri, language, version, text, line_starts(text))

    def line(self, index: int) -> str:
        """The text of a line without its line end; the empty string below the last one."""
        if index >= len(self.starts):
            return ""
        end = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[index] : end].rstrip("\r\n")

    def line_at(self, offset: int) -> int:
        """The index of the line that holds a code point offset."""
        return bisect_right(self.starts, offset) - 1

    def offset(self, position: t.Position, encoding: Encoding) -> int:
        """Code points before `position`, clamped to the line and to the document."""
        if position.line >= len(self.starts):
            return len(self.text)
        return self.starts[position.line] + code_points(self.line(position.line), position.character, encoding)

    def position(self, offset: int, encoding: Encoding) -> t.Position:
        """The position of a code point offset, clamped to the document."""
        offset = min(max(offset, 0), len(self.text))
        line = self.line_at(offset)
        return t.Position(line, units(self.line(line), offset - self.starts[line], encoding))

    def edited(self, start: int, end: int, inserted: str, version: int) -> Document:
        """The document with `text[start:end]` replaced; an inverted range counts as empty at its start."""
        end = max(start, end)
        inserted = _sane(inserted)
        text = self.text[:start] + inserted + self.text[end:]
        return replace(self, version=version, text=text, starts=self._moved_starts(text, start, end))

    def _moved_starts(self, text: str, start: int, end: int) -> list[int]:
        """Line starts after the edit: the touched lines are split again, those below only move."""
        starts, moved = self.starts, len(text) - len(self.text)
        # From the line of the character before: a \\n inserted behind its \\r joins that line's end.
        first = bisect_right(starts, max(start - 1, 0)) - 1
        after = bisect_right(starts, end)
        stop = starts[after] + moved if after < len(starts) else len(text)
        again = line_starts(text[starts[first] : stop], starts[first])
        if after < len(starts):
            again.pop()  # the start of the first line that only moves
        return [*starts[:first], *again, *(old + moved for old in starts[after:])]


class Documents:
    """Open documents by URI, the one that was used last at the end. `left_out`: why one is left alone, by its URI."""

    def __init__(self, encoding: Encoding = "utf-16", left_out: Callable[[str], str] = lambda _: "") -> None:
        self.encoding: Encoding = encoding
        self._left_out = left_out
        self._open: dict[str, Document] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Document | None:
        """The newest version of an open document."""
        return self._open.get(uri)

    def recent(self) -> Sequence[Document]:
        """All of them, the one that was opened, edited or looked at last first."""
        return tuple(reversed(self._open.values()))

    def touch(self, uri: str) -> Document | None:
        """The newest version of an open document, which is looked at now."""
        document = self._open.get(uri)
        return self._keep(document) if document is not None else None

    def open(self, item: t.TextDocumentItem) -> Document:
        """Open, or replace, a document."""
        document = Document.of(item.uri, item.language_id, item.version, item.text)
        return self._keep(replace(document, left_out=self._left_out(item.uri)))

    def looked_at_again(self) -> Sequence[Document]:
        """Documents that are left alone from now on, or no more."""
        found = [(document, self._left_out(document.uri)) for document in self]
        changed = [replace(document, left_out=why) for document, why in found if why != document.left_out]
        self._open.update((document.uri, document) for document in changed)
        return changed

    def close(self, uri: str) -> bool:
        """Forget a document; False if it was not open."""
        return self._open.pop(uri, None) is not None

    def change(self, params: t.DidChangeTextDocumentParams) -> Document | None:
        """Apply a change; None if the document is not open or the change is older than what is known."""
        version, document = params.text_document.version, self._open.get(params.text_document.uri)
        if document is None:
            _LOG.warning("a change of a document that is not open was ignored; close and open it to bring it back")
            return None
        if version < document.version:
            _LOG.warning("a change to version %d was ignored: version %d is known", version, document.version)
            return None
        document = replace(document, version=version)
        for change in params.content_changes:
            if isinstance(change, t.TextDocumentContentChangePartial):
                start = document.offset(change.range.start, self.encoding)
                end = document.offset(change.range.end, self.encoding)
                document = document.edited(start, end, change.text, version)
            else:
                whole = Document.of(document.uri, document.language, version, change.text)
                document = replace(whole, left_out=document.left_out)
        return self._keep(document)

    def _keep(self, document: Document) -> Document:
        self._open.pop(document.uri, None)
        self._open[document.uri] = document
        return document
