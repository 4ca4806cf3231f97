"""An expert that is loaded in an engine of the lab's own, as a review's reader."""

from __future__ import annotations

import asyncio

from lsp_experts.actions.review.scorer import Reader
from lsp_experts.engine.protocol import Score, ScoreReport, Segment
from lsp_experts.engine.supervisor import Supervisor


class EngineScorer:
    """The port Scorer of actions/review over an engine in which nobody types."""

    def __init__(self, engine: Supervisor, reader: Reader) -> None:
        """`reader` names an expert that is loaded in `engine`."""
        self._engine, self._reader = engine, reader

    async def reader(self) -> Reader:
        """See Scorer."""
        return self._reader

    async def score(self, segments: tuple[Segment, ...], texts: tuple[str, ...]) -> ScoreReport:
        """See Scorer; cancelling the task ends it in the engine, too."""
        call = self._engine.score(Score(self._reader.expert, segments, texts))
        try:
            return await call.result()
        except asyncio.CancelledError:
            call.cancel()
            raise
