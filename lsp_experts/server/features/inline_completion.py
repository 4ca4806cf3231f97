"""textDocument/inlineCompletion: ghost text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts.server.convert import inline_list
from lsp_experts.server.ports import Silence
from lsp_experts.server.questions import place_of, with_selected

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_INLINE_COMPLETION


async def handle(ls: ExpertsServer, params: t.InlineCompletionParams) -> t.InlineCompletionList:
    """Complete at the cursor, or behind the popup item that is selected there."""
    place = place_of(ls, params.text_document, params.position)
    if not isinstance(place, Silence):
        place = with_selected(place, params.context.selected_completion_info, ls.client.encoding)
    manual = params.context.trigger_kind == t.InlineCompletionTriggerKind.Invoked
    question = place if isinstance(place, Silence) else place.question(manual=manual)
    answer = await ls.answer(question, params.text_document.uri)
    ids = ls.afterwards.offer(answer, place, "inline")
    return inline_list(answer, place, ls.client, ids)
