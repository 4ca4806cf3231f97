"""textDocument/didPartiallyAcceptCompletion: {"item", "acceptedLength"}. Copilot's; not part of LSP.

The length counts UTF-16 units from the start of the item's insertText. It may come again, with a longer one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_experts.server.raw_params import item_id, value_at

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = "textDocument/didPartiallyAcceptCompletion"


def handle(ls: ExpertsServer, params: object) -> None:
    """Note it."""
    length = value_at(params, "acceptedLength")
    ls.afterwards.partly_accepted(item_id(params), length if type(length) is int else 0)
