"""textDocument/codeAction: what may be chosen here. No model is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts.errors import ActionRefused
from lsp_experts.server.asked import Asked
from lsp_experts.server.menu import Entry, entries
from lsp_experts.server.selections import pinned, selection_of

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_CODE_ACTION


def handle(ls: ExpertsServer, params: t.CodeActionParams) -> list[Entry]:
    """The menu of the selection; empty before the server is built."""
    if ls.parts is None or ls.parts.actions is None:
        return []
    context, version = params.context, getattr(params.text_document, "version", None)
    asked = pinned(ls, Asked(params.text_document.uri, version, params.range, diagnostics=context.diagnostics))
    try:
        at = selection_of(ls, asked)
    except ActionRefused:
        return []
    only = [str(getattr(kind, "value", kind)) for kind in context.only or ()]
    offered = ls.parts.actions.offers(at.view, at.start, at.end, at.problems, only)
    by_hand = context.trigger_kind != t.CodeActionTriggerKind.Automatic
    return entries(offered, asked, ls.client, context.diagnostics, by_hand=by_hand)
