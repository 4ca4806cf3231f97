"""Reviews of open documents: one at a time, shown as hints that move with the text and go when their lines change."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from lsp_experts.errors import ActionRefused, ExpertsError
from lsp_experts.server.documents import Document

if TYPE_CHECKING:  # what it brings along is imported once somebody reviews
    from lsp_experts.actions.review.finding import Finding
    from lsp_experts.server.language_server import ExpertsServer

SOURCE = "LSP Experts"
CODE = "review"
_MOST_COMPARED_LINES = 1000  # of two versions, between the first and the last difference


@dataclass(frozen=True)
class _Shown:
    """What a document's hints are counted in."""

    text: str
    findings: tuple[Finding, ...]


class Reviews:
    """All methods belong to the loop's thread."""

    def __init__(self, server: ExpertsServer) -> None:
        self._server = server
        self._shown: dict[str, _Shown] = {}
        self._saved: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def review(
        self, uri: str, select: Callable[[], tuple[Document, int, int]], progress: Callable[[str], None]
    ) -> dict[str, Any]:
        """Review what `select` gives once it is its turn, and show what is found. ActionRefused.

        The hints of lines that were not reviewed stay.
        """
        reviews = (await self._server.built()).reviews
        if reviews is None:
            raise ActionRefused("This server does no reviews.")
        if self._turn.locked():
            progress("waiting for another review to end")
        async with self._turn:
            document, start, end = select()
            found = await reviews.review(self._server.view(document), start, end, progress)
            self._show(document, start, end, found.findings)
        return {
            "findings": len(found.findings),
            "candidates": len(found.candidates),
            "lines": found.lines,
            "expert": found.expert,
            "threshold": round(found.threshold, 2),
            "tokens": found.tokens,
            "seconds": round(found.seconds, 1),
            "whole": found.whole,
        }

    def saved(self, uri: str) -> None:
        """The document was saved: if the user wants that, a review begins in the background, once more at each save."""
        if not self._server.configuration.settings.review_on_save or self._server.documents.get(uri) is None:
            return
        self._end(uri)
        task = self._saved[uri] = asyncio.ensure_future(self._quietly(uri))
        self._server.protocol.in_background(task, "a review")

    def edited(self, document: Document) -> None:
        """The document has this text now."""
        shown = self._shown.get(document.uri)
        if shown is None or shown.text == document.text:
            return
        kept = _moved(shown, document.text)
        self._shown[document.uri] = _Shown(document.text, kept)
        before = Document.of(document.uri, document.language, document.version, shown.text)
        if self._ranges(before, shown.findings) != self._ranges(document, kept):
            self._publish(document, kept)

    def closed(self, uri: str) -> None:
        """The document was closed: nothing of it stays."""
        self._end(uri)
        if self._shown.pop(uri, None) is not None:
            params = t.PublishDiagnosticsParams(uri=uri, diagnostics=[])
            self._server.protocol.notify(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    def replacement(self, uri: str, start: int, end: int) -> str | None:
        """What the hint from `start` to `end` says fits better; None if there is no such hint."""
        shown = self._shown.get(uri)
        findings = shown.findings if shown is not None else ()
        return next((each.replacement for each in findings if (each.start, each.end) == (start, end)), None)

    async def close(self) -> None:
        """End what runs in the background."""
        for uri in tuple(self._saved):
            self._end(uri)

    # -- in the background --------------------------------------------------------------------------------------------

    async def _quietly(self, uri: str) -> None:
        def whole() -> tuple[Document, int, int]:
            document = self._server.documents.get(uri)
            if document is None:
                raise ActionRefused("The document is not open.")
            return document, 0, len(document.text)

        try:
            await self.review(uri, whole, lambda sentence: None)
        except ExpertsError as error:  # nobody asked for it by hand
            self._server.notices.log(f"no review: {error.message}")
        finally:
            if self._saved.get(uri) is asyncio.current_task():
                del self._saved[uri]

    def _end(self, uri: str) -> None:
        task = self._saved.pop(uri, None)
        if task is not None:
            task.cancel()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _show(self, reviewed: Document, start: int, end: int, findings: Sequence[Finding]) -> None:
        """Findings count in the text that was reviewed; the user may have gone on meanwhile."""
        document = self._server.documents.get(reviewed.uri)
        if document is None:
            return
        before = self._shown.get(reviewed.uri)
        old = _moved(before, reviewed.text) if before is not None else ()
        others = [each for each in old if each.end <= start or each.start >= end]
        together = tuple(sorted((*others, *findings), key=lambda each: each.start))
        kept = _moved(_Shown(reviewed.text, together), document.text)
        self._shown[reviewed.uri] = _Shown(document.text, kept)
        self._publish(document, kept)

    def _publish(self, document: Document, findings: Sequence[Finding]) -> None:
        ranges = self._ranges(document, findings)
        diagnostics = [
            t.Diagnostic(span, each.message, severity=t.DiagnosticSeverity.Hint, source=SOURCE, code=CODE)
            for span, each in zip(ranges, findings, strict=True)
        ]
        version = document.version if self._server.client.diagnostic_versions else None
        params = t.PublishDiagnosticsParams(uri=document.uri, diagnostics=diagnostics, version=version)
        self._server.protocol.notify(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    def _ranges(self, document: Document, findings: Sequence[Finding]) -> list[t.Range]:
        encoding = self._server.documents.encoding
        return [
            t.Range(document.position(each.start, encoding), document.position(each.end, encoding)) for each in findings
        ]


def _moved(shown: _Shown, text: str) -> tuple[Finding, ...]:
    """The findings where they stand in `text`; one of a line that was touched is gone."""
    if shown.text == text:
        return shown.findings
    old, new = shown.text.splitlines(keepends=True), text.splitlines(keepends=True)
    now = _same_lines(old, new)
    old_starts, new_starts = _starts(old), _starts(new)
    kept = []
    for each in shown.findings:
        line = bisect_right(old_starts, each.start) - 1
        if line in now and each.end <= old_starts[line + 1]:
            by = new_starts[now[line]] - old_starts[line]
            kept.append(replace(each, start=each.start + by, end=each.end + by))
    return tuple(kept)


def _same_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """The lines that are the same, as number in `old` -> number in `new`."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    same = {at: at for at in range(head)} | {len(old) - 1 - at: len(new) - 1 - at for at in range(tail)}
    between = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(map(len, between)) <= _MOST_COMPARED_LINES:
        for block in SequenceMatcher(None, *between, autojunk=False).get_matching_blocks():
            same |= {head + block.a + at: head + block.b + at for at in range(block.size)}
    return same


def _starts(lines: Sequence[str]) -> list[int]:
    """Where each line begins, and where the last one ends."""
    return list(accumulate(map(len, lines), initial=0))
