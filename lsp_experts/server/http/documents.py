"""The documents behind the stretches that a client sends: it names none, each time it sends the lines round its cursor.

Without them every request would be a new document, and its prompt decoded whole: an anchor holds while the text above
it is the same, from the same offset on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lsp_experts.completion.document import DocumentView
from lsp_experts.syntax.difference import common_head, common_tail

_MOST_DOCUMENTS = 8
_MOST_ABOVE_CHARS = 20_000  # of earlier stretches, above a new one
_LEAST_ALIKE_CHARS = 40
_MOST_PLACES = 20


@dataclass
class _Known:
    view: DocumentView
    asked: str  # the language that the client asked for, "" if it left that to us


class StretchDocuments:
    """The last few. `language_of` guesses the language of (before, after); `forget` is told of a URI's end."""

    def __init__(self, language_of: Callable[[str, str], str], forget: Callable[[str], None]) -> None:
        self._language_of, self._forget = language_of, forget
        self._known: list[_Known] = []  # the newest last
        self._made = 0

    def view_of(self, before: str, after: str, asked: str) -> tuple[DocumentView, int]:
        """The document that a stretch is of, now that it says this, and the cursor's offset in it.

        What stood above the stretch earlier stays above it: the stretch moves with the cursor, the anchor does not.
        """
        found = self._of(before, after, asked)
        if found is None:
            return self._new(before, after, asked), len(before)
        known, start = found
        earlier = known.view
        above = earlier.text[:start]
        if len(above) > _MOST_ABOVE_CHARS:
            above = above[above.find("\n", len(above) - _MOST_ABOVE_CHARS // 2) + 1 :]
        text = above + before + after
        language = earlier.language or self._language_of(before, after)
        known.view = DocumentView(earlier.uri, language, earlier.version + (text != earlier.text), text)
        self._known.remove(known)
        self._known.append(known)
        return known.view, len(above) + len(before)

    def _of(self, before: str, after: str, asked: str) -> tuple[_Known, int] | None:
        """The newest document that holds most of the stretch, and where it begins in it."""
        stretch = before + after
        for known in reversed(self._known):
            if known.asked == asked and stretch:
                start = _best_start(known.view.text, stretch)
                if _alike(known.view.text[start:], stretch, len(before)):
                    return known, start
        return None

    def _new(self, before: str, after: str, asked: str) -> DocumentView:
        self._made += 1
        language = asked or self._language_of(before, after)
        view = DocumentView(f"untitled:stretch-{self._made}", language, 1, before + after)
        self._known.append(_Known(view, asked))
        while len(self._known) > _MOST_DOCUMENTS:
            self._forget(self._known.pop(0).view.uri)
        return view


def _best_start(text: str, stretch: str) -> int:
    """Where `text` agrees longest with `stretch`, which begins where a line does."""
    first = stretch[: stretch.find("\n") + 1]
    starts = [0, *itertools.islice(_places(text, first), _MOST_PLACES)] if first else [0]
    return max(starts, key=lambda start: common_head(text[start : start + len(stretch)], stretch))


def _places(text: str, line: str) -> Iterator[int]:
    start = text.find(line)
    while start >= 0:
        yield start
        start = text.find(line, start + 1)


def _alike(text: str, stretch: str, before_chars: int) -> bool:
    """Whether `stretch` is what `text` begins with, but for an edit: where the stretch ends, the text may go on."""
    head = common_head(text[: len(stretch)], stretch)
    tail = common_tail(text, stretch, min(len(text), len(stretch)) - head)
    return head >= max(before_chars // 2, _LEAST_ALIKE_CHARS) or 2 * (head + tail) >= len(stretch)
