"""notebookDocument/didChange: cells came, went, moved, or have another text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.NOTEBOOK_DOCUMENT_DID_CHANGE


def handle(ls: ExpertsServer, params: t.DidChangeNotebookDocumentParams) -> None:
    """Apply the change."""
    news = ls.notebooks.change(params, ls.documents)
    for uri in news.closed:
        ls.close_document(uri)
    for document in news.opened:
        ls.show(document)
    for document in news.edited:
        ls.edited(document)
