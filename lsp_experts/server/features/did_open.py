"""textDocument/didOpen: the expert for this document is wanted soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_DID_OPEN


async def handle(ls: ExpertsServer, params: t.DidOpenTextDocumentParams) -> None:
    """Keep the document and show it. A client that forgot `initialized` starts us here."""
    document = ls.documents.open(params.text_document)
    if ls.completer is not None:
        ls.show(document)
    else:
        await ls.start()
