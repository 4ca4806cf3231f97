"""textDocument/didShowCompletion: {"item"}, an inline item that the client shows now. Copilot's; not part of LSP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_experts.server.raw_params import item_id

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = "textDocument/didShowCompletion"


def handle(ls: ExpertsServer, params: object) -> None:
    """Note it."""
    ls.afterwards.shown(item_id(params))
