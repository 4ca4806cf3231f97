"""notebookDocument/didClose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.NOTEBOOK_DOCUMENT_DID_CLOSE


def handle(ls: ExpertsServer, params: t.DidCloseNotebookDocumentParams) -> None:
    """Forget the notebook and its cells."""
    for uri in ls.notebooks.close(params):
        ls.close_document(uri)
