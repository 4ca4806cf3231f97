"""textDocument/didSave: a review, if the user wants one then; and ignore files may say something new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_DID_SAVE


def handle(ls: ExpertsServer, params: t.DidSaveTextDocumentParams) -> None:
    """Look again."""
    ls.saved(params.text_document.uri)
