"""Who reads for a review: a port, and the server's way to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lsp_experts.actions.generator import Generator
from lsp_experts.completion.templates import FimTemplate, choose
from lsp_experts.engine.protocol import LoadReport, ScoreReport, Segment


@dataclass(frozen=True)
class Reader:
    """The expert that reads. `template` None: it only reads from left to right."""

    expert: str
    n_ctx: int
    template: FimTemplate | None


class Scorer(Protocol):
    """One expert, the same for all of a review."""

    async def reader(self) -> Reader:
        """Who it is; waits until it is in memory. ActionRefused if there is none."""
        ...

    async def score(self, segments: tuple[Segment, ...], texts: tuple[str, ...]) -> ScoreReport:
        """How likely `texts` are behind the prompt. EngineError("bad_request") if it is too long for the context."""
        ...


class PooledScorer:
    """The expert that fills in `language` on this machine; it gives way to keystrokes."""

    def __init__(self, generator: Generator, language: str, fim: Callable[[str], str]) -> None:
        """`fim`: what the registry says of an expert's template."""
        self._generator, self._language, self._fim = generator, language, fim
        self._reader: Reader | None = None

    async def reader(self) -> Reader:
        """See Scorer."""
        if self._reader is None:
            await self._generator.score(self._language, self._meet, ("\n",))
        if self._reader is None:
            raise AssertionError("a score without a prompt")
        return self._reader

    async def score(self, segments: tuple[Segment, ...], texts: tuple[str, ...]) -> ScoreReport:
        """See Scorer."""
        chosen = await self.reader()

        def spell(expert: str, _: LoadReport) -> tuple[tuple[Segment, ...], FimTemplate | None] | None:
            return (segments, None) if expert == chosen.expert else None

        report, _ = await self._generator.score(self._language, spell, texts)
        return report

    def _meet(self, expert: str, report: LoadReport) -> tuple[tuple[Segment, ...], FimTemplate | None] | None:
        template = choose(self._fim(expert), report)
        if template is None:
            return None
        self._reader = Reader(expert, report.n_ctx, template)
        return (Segment("\n"),), None
