"""Stretches, and what counts as found, over a reader that knows how each line was."""

from __future__ import annotations

import math
import random
from difflib import SequenceMatcher, get_close_matches
from itertools import pairwise
from pathlib import Path

import pytest
from actions.review.scripted_scorer import ScriptedScorer

from lsp_experts.engine.protocol import TextScore
from lsp_experts.errors import UsageError
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.review_commits import Fix
from lsp_experts.lab.review_run import Measured, ReviewRun
from lsp_experts.lab.review_stretches import LINES, Stretch, files_to_review, spread, stretches_of

FUNCTION = """\
def kept{n}(values, low, high):
    found = []
    for value in values:
        if value >= low and value <= high:
            found.append(value)
    return found


"""
FILE = SourceFile(Path("/w/kept.py"), "python", "".join(FUNCTION.format(n=n) for n in range(16)))


class Knowing(ScriptedScorer):
    """A line that is not one of the file's is unlikely, from its first change on."""

    def __init__(self, text: str) -> None:
        super().__init__({})
        self._lines = text.split("\n")

    def _score(self, text: str) -> TextScore:
        plain = super()._score(text)
        surprised = list(plain.log_probabilities)
        at = 0
        for line in text.split("\n"):
            if line not in self._lines and (close := get_close_matches(line, self._lines, 1, 0.1)):
                same = SequenceMatcher(None, line, close[0], autojunk=False).get_matching_blocks()[0]
                changed = at + (same.size if same.a == same.b == 0 else 0)
                ends = (*plain.starts[1:], len(text))
                token = next(number for number, end in enumerate(ends) if end > changed or end == len(text))
                surprised[token] -= 8.0
            at += len(line) + 1
        return TextScore(plain.starts, tuple(surprised), plain.best_log_probabilities, plain.entropies)


def nothing(kind: str, done: int, of: int) -> None:
    return None


def test_stretches_cover_a_file_once() -> None:
    for count in (1, 24, 25, 50, 74, 75, 76, 500):
        file = SourceFile(Path("/w/a.py"), "python", "x = 1\n" * count)
        found = stretches_of(file)
        assert [each.first for each in found] == [LINES * number for number in range(len(found))]
        assert sum(each.lines for each in found) == count
        assert all(each.lines < 1.5 * LINES for each in found)
        spans = [each.span(file.text) for each in found]
        assert (spans[0][0], spans[-1][1]) == (0, len(file.text))
        assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert stretches_of(SourceFile(Path("/w/a.py"), "python", "x")) == (
        Stretch(SourceFile(Path("/w/a.py"), "python", "x"), 0, 1),
    )


def test_all_files_have_their_turn() -> None:
    files = [SourceFile(Path(f"/w/{name}"), name[-2:], "x = 1\n" * 200) for name in ("a.py", "b.py", "c.go")]
    found = list(spread(files, random.Random(1)))
    assert len(set(found)) == len(found) == 12
    assert {each.file.language for each in found[:2]} == {"py", "go"}
    assert {each.file.path.name for each in found[:3]} == {"a.py", "b.py", "c.go"}


def test_tests_and_texts_are_not_reviewed(tmp_path: Path) -> None:
    for name in ("a.py", "test_a.py", "tests/b.py", "generated_pb2.py", ".env"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    assert [file.path.name for file in files_to_review(tmp_path)] == ["a.py"]
    with pytest.raises(UsageError, match="is not a folder"):
        files_to_review(tmp_path / "a.py")


@pytest.mark.asyncio
async def test_who_knows_the_code_finds_and_undoes_mutations() -> None:
    measured, told = Measured(4.0), list[tuple[str, int, int]]()
    run = ReviewRun(Knowing(FILE.text), measured, lambda *step: told.append(step))
    await run.mutations([FILE], 12, random.Random(2), math.inf)
    assert told == [("mutations", number, 12) for number in range(1, 13)]
    assert len(measured.slips) == 12 and not measured.notes
    assert len(measured.clean) <= len(stretches_of(FILE)), "each stretch is read once as it was"
    assert [each.review.candidates for each in measured.clean.values()] == [()] * len(measured.clean)
    found = [each for each in measured.slips if each.hit >= 4.0]
    assert len(found) >= 6
    assert all(each.repaired == each.hit for each in found)
    assert all(each.tokens > 0 and each.lines > 0 for each in measured.slips)


@pytest.mark.asyncio
async def test_a_fix_is_found_at_its_line() -> None:
    wrong = FILE.text.replace("low and value", "low or value", 1)
    line = wrong[: wrong.index("low or value")].count("\n")
    before = SourceFile(FILE.path, "python", wrong)
    fix = Fix("c" * 12, before, (line,), (FILE.text.split("\n")[line],))
    elsewhere = Fix("d" * 12, before, (line - 1,), ("x",))
    measured = Measured(4.0)
    await ReviewRun(Knowing(FILE.text), measured, nothing).commits([fix, elsewhere], math.inf)
    found, missed = measured.fixes
    assert found.hit == found.repaired == pytest.approx(8.0) and not found.others
    assert missed.hit == -math.inf and missed.others == pytest.approx((8.0,))


@pytest.mark.asyncio
async def test_the_time_is_over() -> None:
    measured = Measured(4.0)
    run = ReviewRun(Knowing(FILE.text), measured, nothing)
    await run.mutations([FILE], 12, random.Random(2), -math.inf)
    await run.commits([Fix("c" * 12, FILE, (0,), ("x",))], -math.inf)
    assert not measured.slips and not measured.fixes
    assert measured.notes == ["the time was over after 0 of 12 mutations", "the time was over after 0 of 1 commits"]


@pytest.mark.asyncio
async def test_files_with_little_in_them() -> None:
    measured = Measured(4.0)
    small = SourceFile(Path("/w/a.py"), "python", "one = 1\ntwo = one\n")
    await ReviewRun(Knowing(small.text), measured, nothing).mutations([small], 9, random.Random(2), math.inf)
    assert len(measured.slips) < 9
    assert measured.notes == [f"these files have room for {len(measured.slips)} mutations"]
