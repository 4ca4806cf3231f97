"""A review by the real engine: the tiny model, whose findings mean nothing; the real base, which finds a slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.actions.review.finding import Review
from lsp_experts.actions.review.reviewer import Limits, Reviewer
from lsp_experts.actions.review.scorer import Reader
from lsp_experts.engine.protocol import Score, ScoreReport, Segment
from lsp_experts.lab.open_engine import OpenExpert, open_expert
from lsp_experts.paths import default_paths
from lsp_experts.syntax.errors import error_count
from lsp_experts.syntax.tree import SyntaxTree

SLIP = """package words

// Index is the place of word in words, -1 if it is not there.
func Index(words []string, word string) int {
	for i := 0; i > len(words); i++ {
		if words[i] == word {
			return i
		}
	}
	return -1
}

// Longest is the longest of words.
func Longest(words []string) string {
	longest := ""
	for _, word := range words {
		if len(word) > len(longest) {
			longest = word
		}
	}
	return longest
}
"""


class OpenScorer:
    """An expert that is open in an engine of its own."""

    def __init__(self, open_expert: OpenExpert) -> None:
        self._open = open_expert

    async def reader(self) -> Reader:
        return Reader(self._open.name, self._open.report.n_ctx, self._open.template)

    async def score(self, segments: tuple[Segment, ...], texts: tuple[str, ...]) -> ScoreReport:
        return await self._open.engine.score(Score(self._open.name, segments, texts)).result()


async def reviewed(model: Path, text: str, *, n_ctx: int = 2048) -> Review:
    seconds = iter(range(10_000))
    async with open_expert(default_paths(), model, n_ctx=n_ctx) as expert:
        reviewer = Reviewer(OpenScorer(expert), lambda _: 3.0, lambda: float(next(seconds)), Limits(1000))
        return await reviewer.review(SyntaxTree("go", text), 0, len(text), lambda sentence: None)


@pytest.mark.parametrize("n_ctx", [512, 300])
@pytest.mark.asyncio
async def test_whatever_it_finds_fits_the_text(tiny_gguf: Path, n_ctx: int) -> None:
    text = SLIP + '// é😀\nvar smile = "😀" + word\n'
    review = await reviewed(tiny_gguf, text, n_ctx=n_ctx)
    assert review.whole and review.tokens > 0
    assert [each.delta for each in review.candidates] == sorted(
        (each.delta for each in review.candidates), reverse=True
    )
    root = SyntaxTree("go", text).root
    assert root is not None
    for each in review.candidates:
        assert text[each.start : each.end] == each.actual != each.replacement
        changed = SyntaxTree("go", text[: each.start] + each.replacement + text[each.end :]).root
        assert changed is not None and error_count(changed) <= error_count(root)


@pytest.mark.asyncio
async def test_line_breaks_change_nothing(tiny_gguf: Path) -> None:
    plain, other = await reviewed(tiny_gguf, SLIP), await reviewed(tiny_gguf, SLIP.replace("\n", "\r\n"))
    assert [(each.actual, each.replacement) for each in plain.candidates] == [
        (each.actual, each.replacement) for each in other.candidates
    ]
    assert plain.candidates, "random weights find something"


@pytest.mark.real_base
@pytest.mark.asyncio
async def test_the_real_base_finds_the_slip_first(real_base: Path) -> None:
    review = await reviewed(real_base, SLIP)
    first = review.findings[0]
    assert (first.actual, first.replacement) == (">", "<")
    assert first.start == SLIP.index("> len(words)")
