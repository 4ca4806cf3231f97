"""Stretches of files as cases, and what a score of their text says of each line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lsp_experts.engine.protocol import Load, Score, Segment, TextScore
from lsp_experts.lab.evaluation.records import Outcome
from lsp_experts.lab.evaluation.scored_stretches import (
    CONTEXT_CHARS,
    STRETCH_CHARS,
    StretchAsker,
    by_stretch,
    outcome,
    stretches,
)
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths

LINE = "    value{n} = other{n}(argument, {n})\n"
FUNCTION = "def f{n}():\n" + "".join(LINE.format(n=n) for n in range(5)) + "\n\n"


def file(name: str, functions: int) -> SourceFile:
    return SourceFile(Path(name), "python", "".join(FUNCTION.replace("{n}", str(n)) for n in range(functions)))


FILES = [file("long.py", 40), file("other.py", 20), file("short.py", 1), file("pkg/last.py", 12)]


def test_a_stretch_is_whole_lines_of_one_file_behind_some_of_its_lines() -> None:
    for stretch in stretches(FILES, "python", 30, seed=3):
        first, last = stretch[0], stretch[-1]
        document = first.text[: first.offset] + first.truth + first.after
        text = next(each.text for each in FILES if each.path == first.path)
        assert document in text
        assert document.endswith("\n")
        assert "".join(case.truth for case in stretch) == document[first.offset :]
        assert 0 < first.offset <= CONTEXT_CHARS
        assert document[first.offset - 1] == "\n"
        assert STRETCH_CHARS // 4 <= len(document) - first.offset < STRETCH_CHARS + 60
        assert all(case.truth.strip() and case.language == "python" and case.kind == "line" for case in stretch)
        assert last.offset + len(last.truth) == len(document)


def test_files_take_turns_and_fewer_stretches_are_the_first_ones() -> None:
    drawn = stretches(FILES, "python", 30, seed=3)
    assert {stretch[0].path.name for stretch in drawn[:3]} == {"long.py", "other.py", "last.py"}
    assert stretches(FILES, "python", 4, seed=3) == drawn[:4]
    assert stretches(FILES, "python", 30, seed=4) != drawn
    assert len({(stretch[0].path, stretch[0].text) for stretch in drawn}) == len(drawn) < 30


def test_lines_come_together_again() -> None:
    drawn = stretches(FILES, "python", 5, seed=3)
    assert by_stretch([case for stretch in drawn for case in stretch]) == list(drawn)


def test_what_a_score_says_of_a_line() -> None:
    (stretch,) = stretches(
        [SourceFile(Path("a.py"), "python", "head\n" + "\n\n  ab cd\n\n  ef\n" + "x" * 200)], "python", 1, 0
    )
    assert [case.truth for case in stretch] == ["\n\n  ab cd\n\n", "  ef\n", "x" * 200]
    start = stretch[0].offset
    # the pieces "\n\n", "  ab", " cd\n\n ", " ef", "\n", "xxx..."
    score = TextScore(
        (0, 2, 6, 12, 15, 16),
        (-1.0, -2.0, -4.0, -8.0, -16.0, -32.0),
        (-0.5, -2.0 + 1e-12, -3.0, -8.0, -1.0, -32.0),
        (0.0,) * 6,
    )
    first, second, third = (outcome(case, "c", score, start) for case in stretch)
    assert (first.nll_nats, first.scored_bytes, first.exact) == (7.0, 11, False)
    assert (first.accepted_chars, first.truth_chars, first.decoded_tokens) == (2, 5, 3)
    # the piece that began above and ends in its indentation does not count, nor does the line break behind it
    assert (second.nll_nats, second.scored_bytes, second.exact, second.accepted_chars) == (24.0, 5, True, 2)
    assert (third.nll_nats, third.exact, third.decoded_tokens) == (32.0, True, 1)
    assert len({each.place for each in (first, second, third)}) == 1
    assert len({each.case for each in (first, second, third)}) == 3


def test_the_real_engine_gives_each_line_its_share(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "tiny.gguf", n_ctx=2048)
    (stretch,) = stretches(FILES, "python", 1, seed=3)
    document, start = stretch[0].text[: stretch[0].offset] + stretch[0].truth + stretch[0].after, stretch[0].offset

    async def read() -> tuple[tuple[Outcome, ...], TextScore]:
        async with open_engine(default_paths()) as engine:
            await engine.load(Load("tiny", str(model), n_ctx=2048))
            outcomes = await StretchAsker(engine, "tiny").outcomes(stretch)
            whole = await engine.score(Score("tiny", (Segment(document[:start]),), (document[start:],))).result()
            return outcomes, whole.scores[0]

    outcomes, whole = asyncio.run(read())
    assert sum(each.nll_nats for each in outcomes) == pytest.approx(-sum(whole.log_probabilities))
    assert sum(each.scored_bytes for each in outcomes) == len(document) - start
    assert sum(each.decoded_tokens for each in outcomes) == len(whole.starts)
