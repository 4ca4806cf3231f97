"""Open notebooks: which cells they have, in which order. The cells' texts are documents like others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types as t

from lsp_experts.server.documents import Document, Documents

_LOG = logging.getLogger(__name__)
_EARLIER_CHARS = 20_000  # more than any prompt takes


@dataclass(frozen=True)
class CellNews:
    """What a change of a notebook did to the documents."""

    opened: tuple[Document, ...] = ()
    edited: tuple[Document, ...] = ()
    closed: tuple[str, ...] = ()


class Notebooks:
    """The cells of each open notebook, by its URI, in the notebook's order."""

    def __init__(self) -> None:
        self._cells: dict[str, list[t.NotebookCell]] = {}

    def open(self, params: t.DidOpenNotebookDocumentParams, documents: Documents) -> Document | None:
        """Open a notebook and its cells; the first code cell, where work is likely to begin."""
        notebook = params.notebook_document
        self._cells[notebook.uri] = list(notebook.cells)
        opened = {item.uri: documents.open(item) for item in params.cell_text_documents}
        code = (cell.document for cell in notebook.cells if cell.kind == t.NotebookCellKind.Code)
        return next((opened[uri] for uri in code if uri in opened), None)

    def change(self, params: t.DidChangeNotebookDocumentParams, documents: Documents) -> CellNews:
        """Apply a change: cells that come, go and move, what a cell is, and texts."""
        uri, changed = params.notebook_document.uri, params.change.cells
        if uri not in self._cells:
            _LOG.warning("a change of a notebook that is not open was ignored; close and open it to bring it back")
            return CellNews()
        if changed is None:
            return CellNews()
        opened: Sequence[t.TextDocumentItem] = ()
        closed: tuple[str, ...] = ()
        if changed.structure is not None:
            self._splice(self._cells[uri], changed.structure.array)
            opened = changed.structure.did_open or ()
            closed = tuple(gone.uri for gone in changed.structure.did_close or ())
        self._told(self._cells[uri], changed.data or ())
        news = tuple(documents.open(item) for item in opened)
        texts = [t.DidChangeTextDocumentParams(each.document, each.changes) for each in changed.text_content or ()]
        edited = tuple(document for each in texts if (document := documents.change(each)) is not None)
        return CellNews(news, edited, closed)

    def close(self, params: t.DidCloseNotebookDocumentParams) -> tuple[str, ...]:
        """Forget a notebook; the URIs of its cells, which are closed with it."""
        cells = self._cells.pop(params.notebook_document.uri, [])
        named = (document.uri for document in params.cell_text_documents)
        return tuple(dict.fromkeys((*(cell.document for cell in cells), *named)))

    def earlier(self, document: Document, documents: Documents) -> str:
        """The code cells before this one in its notebook and language; the nearest, where there is much."""
        cells = next((cells for cells in self._cells.values() if any(c.document == document.uri for c in cells)), [])
        place = next((index for index, cell in enumerate(cells) if cell.document == document.uri), 0)
        if not cells or cells[place].kind != t.NotebookCellKind.Code:
            return ""
        texts: list[str] = []
        chars = 0
        for cell in reversed(cells[:place]):
            other = documents.get(cell.document) if cell.kind == t.NotebookCellKind.Code else None
            if other is None or other.language != document.language or not other.text.strip():
                continue
            chars += len(other.text)
            if chars > _EARLIER_CHARS:
                break
            texts.append(other.text.strip("\r\n"))
        return "\n\n".join(reversed(texts)).replace("\r\n", "\n").replace("\r", "\n")

    @staticmethod
    def _splice(cells: list[t.NotebookCell], change: t.NotebookCellArrayChange) -> None:
        start = min(max(change.start, 0), len(cells))
        cells[start : start + max(change.delete_count, 0)] = change.cells or ()

    @staticmethod
    def _told(cells: list[t.NotebookCell], changed: Sequence[t.NotebookCell]) -> None:
        news = {cell.document: cell for cell in changed}
        cells[:] = [news.get(cell.document, cell) for cell in cells]
