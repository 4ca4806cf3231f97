"""A review from text to findings, over scripted scores."""

from __future__ import annotations

import asyncio
import math
from itertools import combinations

import pytest
from actions.review.scripted_scorer import ScriptedScorer

from lsp_experts.actions.review.finding import Review
from lsp_experts.actions.review.reviewer import Limits, Reviewer
from lsp_experts.errors import ActionRefused, EngineError
from lsp_experts.syntax.tree import SyntaxTree

SLIP = """def smallest(numbers, limit):
    found = limit
    for number in numbers:
        if number > found:
            found = number
    return found
"""


async def reviewed(
    scorer: ScriptedScorer,
    text: str = SLIP,
    *,
    start: int = 0,
    end: int = -1,
    threshold: float = 4.0,
    limits: Limits | None = None,
    language: str = "python",
    told: list[str] | None = None,
) -> Review:
    seconds = iter(range(10_000))
    reviewer = Reviewer(scorer, lambda _: threshold, lambda: float(next(seconds)), limits or Limits(1000))
    say = told.append if told is not None else lambda sentence: None
    return await reviewer.review(SyntaxTree(language, text), start, len(text) if end < 0 else end, say)


def places(text: str, review: Review) -> list[tuple[str, str, float]]:
    return [(text[each.start : each.end], each.replacement, round(each.delta, 6)) for each in review.findings]


@pytest.mark.asyncio
async def test_a_slip_is_found() -> None:
    told: list[str] = []
    review = await reviewed(ScriptedScorer({"> found": 6.0, "return": 9.0}), told=told)
    assert places(SLIP, review) == [(">", ">=", 6.0)]
    assert [(each.kind, round(each.surprise, 6)) for each in review.findings] == [("operator", 6.0)]
    assert review.findings[0].message == "`>` looks unusual here: `>=` fits better (LSP Experts, 6.0 nats)"
    assert (review.lines, review.expert, review.threshold, review.whole) == (6, "scripted", 4.0, True)
    assert review.tokens > 0 and review.seconds > 0
    assert told[0] == "reading line 1 of 6"
    assert told[-1].startswith("asking again about ")


@pytest.mark.asyncio
async def test_what_is_not_likelier_by_enough_is_a_candidate_only() -> None:
    review = await reviewed(ScriptedScorer({"> found": 3.0}))
    assert review.findings == ()
    assert [(each.actual, each.replacement, round(each.delta, 6)) for each in review.candidates] == [(">", ">=", 3.0)]


@pytest.mark.asyncio
async def test_surprise_alone_is_no_finding() -> None:
    scorer = ScriptedScorer({"number > found": 0.0, " > ": 9.0, " < ": 9.0, " >= ": 9.0, " <= ": 9.0})
    review = await reviewed(scorer)
    assert review.candidates == (), "nothing else fits better"
    assert any(len(texts) > 1 for _, texts in scorer.asked)


@pytest.mark.asyncio
async def test_a_name_that_the_expert_was_not_shown_is_not_asked_about() -> None:
    far = "def far(a):\n    return a\n" + "x = 1\n" * 500 + "def near(b):\n    return b\n\n\nnear(1)\nfar(1)\n"
    near = far.replace("x = 1\n" * 500, "")
    candidates = [(await reviewed(ScriptedScorer({"far": 9.0}), text)).candidates for text in (far, near)]
    assert [[(each.actual, each.replacement) for each in found] for found in candidates] == [[], [("far", "near")]]


@pytest.mark.asyncio
async def test_one_slip_is_one_finding() -> None:
    text = "def f(a, b):\n    return g(b, a)\n\n\nf(1, 2)\n"
    scorer = ScriptedScorer({"g(b, a)": 3.0, "(b": 6.0, " a)": 6.0, "(a, a": 9.0, "(b, b": 9.0})
    review = await reviewed(scorer, text)
    spans = [(each.start, each.end) for each in review.candidates]
    assert ("b, a", "a, b") in [(each.actual, each.replacement) for each in review.candidates]
    assert all(one[1] <= two[0] or two[1] <= one[0] for one, two in combinations(spans, 2))


@pytest.mark.asyncio
async def test_it_has_to_persist_in_other_surroundings() -> None:
    text = "# here it is right\n\n\n\n" + SLIP
    wide = ScriptedScorer({"> found": 6.0})
    assert places(text, await reviewed(wide, text)) == [(">", ">=", 6.0)]

    class Changeable(ScriptedScorer):
        def _score(self, shown: str):  # type: ignore[no-untyped-def]
            self._surprises = {"> found": 6.0 if shown.count("\n") > 3 else 1.0}
            return super()._score(shown)

    review = await reviewed(Changeable({}), text)
    assert review.findings == ()
    assert [round(each.delta, 6) for each in review.candidates] == [1.0]


@pytest.mark.asyncio
async def test_a_selection_is_read_with_what_stands_above_it() -> None:
    scorer = ScriptedScorer({"> found": 6.0, "found = limit": 8.0})
    at = SLIP.index("if number")
    review = await reviewed(scorer, start=at, end=at + 4)
    assert places(SLIP, review) == [(">", ">=", 6.0)]
    assert review.lines == 1
    assert scorer.reads == ["        if number > found:\n"]
    assert scorer.asked[0][0].endswith("    for number in numbers:\n")


@pytest.mark.asyncio
async def test_a_line_of_which_nothing_is_selected_is_not_reviewed() -> None:
    scorer = ScriptedScorer({})
    at = SLIP.index("    return")
    await reviewed(scorer, start=SLIP.index("            found"), end=at)
    assert scorer.reads == ["            found = number\n"]


@pytest.mark.parametrize("text", [SLIP, "# é😀\n" + SLIP, SLIP.rstrip("\n"), "\n\n" + SLIP])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.asyncio
async def test_line_breaks_and_wide_characters(text: str, newline: str) -> None:
    own = text.replace("\n", newline)
    scorer = ScriptedScorer({"> found": 6.0})
    review = await reviewed(scorer, own)
    assert places(own, review) == [(">", ">=", 6.0)]
    assert not any("\r" in shown for prompt, texts in scorer.asked for shown in (prompt, *texts))
    at = own.index("if number")
    assert places(own, await reviewed(scorer, own, start=at, end=at)) == [(">", ">=", 6.0)]


@pytest.mark.asyncio
async def test_a_long_text_is_read_in_windows_that_fit() -> None:
    text = "".join(f"a{number} = a{number - 1} < b\n" for number in range(200))
    scorer = ScriptedScorer({"< b": 5.0}, n_ctx=200)
    review = await reviewed(scorer, text, limits=Limits(100))
    assert "".join(scorer.reads) == text
    assert len(scorer.reads) > 4
    assert len(review.candidates) == 20, "100 in 1,000 lines"


@pytest.mark.asyncio
async def test_what_fits_into_no_context_is_left_out() -> None:
    text = "a = 1\nb = [" + "a < 1, " * 100 + "]\n" + "\n" * 6 + "c = a < 2\n"
    scorer = ScriptedScorer({"< 2": 5.0}, n_ctx=60)
    assert ("<", "<=", 5.0) in places(text, await reviewed(scorer, text))


@pytest.mark.asyncio
async def test_time_is_bounded() -> None:
    review = await reviewed(ScriptedScorer({"> found": 6.0}), limits=Limits(1000, time_s=2))
    assert (review.whole, review.findings) == (False, ())


@pytest.mark.asyncio
async def test_an_endless_threshold_shows_nothing() -> None:
    review = await reviewed(ScriptedScorer({"> found": 6.0}), threshold=math.inf)
    assert (len(review.findings), len(review.candidates) > 0) == (0, True)


@pytest.mark.parametrize(
    ("text", "language", "template", "reason"),
    [
        (SLIP, "plaintext", "qwen", "syntax tree"),
        (SLIP, "python", "none", "cannot fill in"),
        ("x" * 100_001, "python", "qwen", "syntax tree"),
    ],
)
@pytest.mark.asyncio
async def test_what_cannot_be_reviewed(text: str, language: str, template: str, reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await reviewed(ScriptedScorer({}, template=template), text, language=language)


@pytest.mark.parametrize("text", ["", "\n", "x", "def f(:\n  a <\n"])
@pytest.mark.asyncio
async def test_little_or_broken_text(text: str) -> None:
    assert (await reviewed(ScriptedScorer({}), text)).findings == ()


@pytest.mark.asyncio
async def test_a_fault_of_the_engine_is_told() -> None:
    def fail() -> None:
        raise EngineError("decode_failed", "no numbers")

    with pytest.raises(EngineError, match="no numbers"):
        await reviewed(ScriptedScorer({}, on_ask=fail))


@pytest.mark.parametrize("question", range(3))
@pytest.mark.asyncio
async def test_it_can_be_cancelled_at_each_question(question: int) -> None:
    scorer = ScriptedScorer({"> found": 6.0})

    def cancel() -> None:
        if len(scorer.asked) == question + 1:
            task.cancel()

    scorer._on_ask = cancel
    task = asyncio.ensure_future(reviewed(scorer))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(scorer.asked) <= question + 2
