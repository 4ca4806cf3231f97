"""A Scorer that says what a test tells it to: every token is a word or a sign, with the blanks before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lsp_experts.actions.review.scorer import Reader
from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.protocol import ScoreReport, Segment, TextScore
from lsp_experts.errors import EngineError

_TOKEN = re.compile(r"[^\S\n]*(?:\w+|\n|[^\w\s]+)|\s+")


class ScriptedScorer:
    """`surprises`: by how many nats a piece of a line makes that line's first token of it less likely than usual."""

    def __init__(
        self,
        surprises: Mapping[str, float],
        *,
        n_ctx: int = 2048,
        on_ask: Callable[[], None] = lambda: None,
        template: str = "qwen",
    ) -> None:
        self._surprises, self._n_ctx, self._on_ask = surprises, n_ctx, on_ask
        self._template = TEMPLATES.get(template)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    @property
    def reads(self) -> list[str]:
        """The texts that were read from left to right."""
        return [texts[0] for _, texts in self.asked if len(texts) == 1]

    async def reader(self) -> Reader:
        return Reader("scripted", self._n_ctx, self._template)

    async def score(self, segments: tuple[Segment, ...], texts: tuple[str, ...]) -> ScoreReport:
        prompt = "".join(segment.text for segment in segments)
        self.asked.append((prompt, texts))
        self._on_ask()
        if len(_TOKEN.findall(prompt)) + max(len(_TOKEN.findall(text)) for text in texts) > self._n_ctx:
            raise EngineError("bad_request", "too long")
        return ScoreReport(tuple(map(self._score, texts)), len(_TOKEN.findall(prompt)), 0, 1.0)

    def _score(self, text: str) -> TextScore:
        tokens = list(_TOKEN.finditer(text))
        nats = [0.0] * len(tokens)
        for piece, surprise in self._surprises.items():
            for found in re.finditer(re.escape(piece), text):
                at = next(index for index, token in enumerate(tokens) if token.end() > found.start())
                nats[at] += surprise
        return TextScore(
            tuple(token.start() for token in tokens),
            tuple(-0.1 - each for each in nats),
            (-0.1,) * len(tokens),
            (0.0,) * len(tokens),
        )
