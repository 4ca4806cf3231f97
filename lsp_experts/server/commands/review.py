"""lspExperts.review: look for suspicious code in a document, or in the lines of a range; hints show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsp_experts.errors import ActionRefused
from lsp_experts.server.asked import argument_of
from lsp_experts.server.documents import Document
from lsp_experts.server.running_actions import Progress, Run
from lsp_experts.server.selections import pinned, selection_of

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

NAME = "lspExperts.review"


async def run(ls: ExpertsServer, arguments: Sequence[Any]) -> Any:
    """How many places were found and what it took; null for a client that does not wait."""
    asked = pinned(ls, argument_of(arguments, NAME, whole=True))
    counts: dict[str, Any] = {}

    def select() -> tuple[Document, int, int]:
        at, document = selection_of(ls, asked), ls.documents.get(asked.uri)
        if document is None:
            raise ActionRefused("The document is not open.", remedy="Open it, and ask again.")
        return document, at.start, at.end

    async def work(progress: Progress) -> None:
        counts.update(await ls.reviews.review(asked.uri, select, progress))
        if not counts["findings"]:
            ls.notices.show(f"Nothing suspicious in {counts['lines']} lines, says {counts['expert']}.")

    refused = await ls.actions.carry_out(Run("review", "Reviewing", asked.uri, work, edits=False))
    return refused or counts or None
