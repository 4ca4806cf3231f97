"""textDocument/didClose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_DID_CLOSE


def handle(ls: ExpertsServer, params: t.DidCloseTextDocumentParams) -> None:
    """Forget the document."""
    ls.close_document(params.text_document.uri)
