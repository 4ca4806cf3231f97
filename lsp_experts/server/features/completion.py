"""textDocument/completion: the popup, for clients without inline completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts.server.convert import completion_list, for_popup
from lsp_experts.server.ports import Silence
from lsp_experts.server.questions import place_of, was_asked_for

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.TEXT_DOCUMENT_COMPLETION


async def handle(ls: ExpertsServer, params: t.CompletionParams) -> t.CompletionList:
    """Complete at the cursor."""
    place = place_of(ls, params.text_document, params.position)
    question = place if isinstance(place, Silence) else place.question(manual=was_asked_for(place, params.context))
    style = ls.client.popup_style(ls.configuration.settings.snippets)
    answer = await ls.answer(question, params.text_document.uri, lambda found: for_popup(found, style))
    ids = ls.afterwards.offer(answer, place, "popup")
    return completion_list(answer, place, ls.client, style, ids)
