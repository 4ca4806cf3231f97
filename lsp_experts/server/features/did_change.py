"""textDocument/didChange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_DID_CHANGE


def handle(ls: ExpertsServer, params: t.DidChangeTextDocumentParams) -> None:
    """Apply the edits."""
    document = ls.documents.change(params)
    if document is not None:
        ls.edited(document)
