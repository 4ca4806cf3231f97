"""From what is asked to a selection in a snapshot, and from a client's diagnostics to problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts.errors import ActionRefused
from lsp_experts.server.asked import Asked
from lsp_experts.server.documents import Document
from lsp_experts.server.ports import DocumentView
from lsp_experts.server.positions import Encoding
from lsp_experts.server.refusals import stale
from lsp_experts.server.reviews import SOURCE

if TYPE_CHECKING:
    from lsp_experts.actions.place import Problem
    from lsp_experts.server.language_server import ExpertsServer

MOST_DIAGNOSTICS = 50
_MOST_MESSAGE_CHARS = 1000  # what a compiler says of one place, and no whole template expansion


@dataclass(frozen=True)
class Selection:
    """Code points `start` to `end` of one version of an open document, and what other servers say of it."""

    view: DocumentView
    start: int
    end: int
    problems: tuple[Problem, ...] = ()


def pinned(server: ExpertsServer, asked: Asked) -> Asked:
    """`asked` for the version that the document has now, where it names none."""
    document = server.documents.get(asked.uri)
    return replace(asked, version=document.version) if document is not None and asked.version is None else asked


def bounded(diagnostics: Sequence[t.Diagnostic]) -> tuple[t.Diagnostic, ...]:
    """The first ones, with what is needed of them."""
    return tuple(
        t.Diagnostic(each.range, each.message[:_MOST_MESSAGE_CHARS], source=each.source, code=each.code)
        for each in diagnostics[:MOST_DIAGNOSTICS]
    )


def selection_of(server: ExpertsServer, asked: Asked) -> Selection:
    """The selection at the document's newest version; ranges are clamped.

    ActionRefused if it is not open, or has another version than the one that is asked for.
    """
    document = server.documents.get(asked.uri)
    if document is None:
        raise ActionRefused("The document is not open.", remedy="Open it, and choose it again.")
    if asked.version is not None and asked.version != document.version:
        raise stale("The document changed meanwhile, so nothing was changed.")
    encoding = server.documents.encoding
    start, end = _offsets(document, asked.span, encoding) if asked.span is not None else (0, len(document.text))
    return Selection(server.view(document), start, end, _problems(server, document, bounded(asked.diagnostics)))


def _problems(server: ExpertsServer, document: Document, diagnostics: Sequence[t.Diagnostic]) -> tuple[Problem, ...]:
    from lsp_experts.actions.place import Problem  # here: it brings the grammars

    found = []
    for each in diagnostics:
        start, end = _offsets(document, each.range, server.documents.encoding)
        found.append(
            Problem(
                start,
                end,
                message=each.message,
                source=each.source or "",
                code="" if each.code is None else str(each.code),
                replacement=server.reviews.replacement(document.uri, start, end) if each.source == SOURCE else None,
            )
        )
    return tuple(found)


def _offsets(document: Document, span: t.Range, encoding: Encoding) -> tuple[int, int]:
    start, end = document.offset(span.start, encoding), document.offset(span.end, encoding)
    return min(start, end), max(start, end)
