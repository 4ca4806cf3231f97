"""notebookDocument/didOpen: its cells are documents from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.NOTEBOOK_DOCUMENT_DID_OPEN


async def handle(ls: ExpertsServer, params: t.DidOpenNotebookDocumentParams) -> None:
    """Keep the cells, and show the first code cell: the others are met when the user comes to them."""
    document = ls.notebooks.open(params, ls.documents)
    if ls.completer is None:
        await ls.start()
    elif document is not None:
        ls.show(document)
