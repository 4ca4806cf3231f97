"""Reviews of open documents with this machine's experts."""

from __future__ import annotations

import time
from collections.abc import Callable

from lsp_experts.actions.generator import Generator
from lsp_experts.actions.permission import check_permission
from lsp_experts.actions.review.finding import Review
from lsp_experts.actions.review.reviewer import Reviewer
from lsp_experts.actions.review.scorer import PooledScorer
from lsp_experts.actions.review.threshold import least_delta
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.open_documents import OpenDocuments
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.settings import Settings


class DocumentReviews:
    """A document is reviewed as a whole, in its own language: regions of others in it are left out."""

    def __init__(
        self, documents: OpenDocuments, generator: Generator, catalogue: Catalogue, settings: Callable[[], Settings]
    ) -> None:
        self._documents, self._generator, self._catalogue = documents, generator, catalogue
        self._settings = settings

    async def review(self, view: DocumentView, start: int, end: int, progress: Callable[[str], None]) -> Review:
        """Of the lines from `start` to `end`. ActionRefused, EngineError; cancelling ends it."""
        settings = self._settings()
        check_permission(view, settings)
        session = self._documents.update(view)
        scorer = PooledScorer(self._generator, session.language, lambda expert: self._catalogue.get(expert).fim)

        def threshold(expert: str) -> float:
            return least_delta(self._catalogue.get(expert), settings.review_budget)

        return await Reviewer(scorer, threshold, time.monotonic).review(session.tree.copy(), start, end, progress)
