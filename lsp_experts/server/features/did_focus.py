"""textDocument/didFocus: {"textDocument": {"uri"}}, or {} when no document has the focus. Not part of LSP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_experts.server.raw_params import uri_at

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = "textDocument/didFocus"


def handle(ls: ExpertsServer, params: object) -> None:
    """The user looks at this document now."""
    ls.focus(uri_at(params, "textDocument"))
