"""Self-made slips: of each kind, in each language right in its syntax, the same for the same seed."""

from __future__ import annotations

import ast
import random
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.review_mutations import KINDS, Mutation, mutations
from lsp_experts.syntax.errors import error_count
from lsp_experts.syntax.tree import SyntaxTree

PYTHON = """\
def clamp(value, low, high):
    if not low <= high:
        raise ValueError(low, high)
    if value < low:
        return low
    if value > high and value != low:
        return high
    return value + 0


def span(values, low, high):
    total = 10
    for value in values:
        if value and clamp(value, low, high) == value:
            total = total + value - 1
    return max(low, high) if high else record(low=low, high=high)
"""
JAVASCRIPT = """\
function clamp(value, low, high) {
  if (!low || value < low) {
    return low;
  }
  return value > high && high !== 0 ? high : value + 1;
}

function span(values, low, high) {
  let total = 0;
  for (const value of values) {
    total += clamp(value, low, high) - 2;
  }
  return total === 10 ? low : total;
}
"""


def drawn(text: str, language: str = "python", count: int = 200, seed: int = 1) -> list[Mutation]:
    file = SourceFile(Path("/w/a.py"), language, text)
    return [mutation for _, mutation in islice(mutations([file], random.Random(seed)), count)]


@pytest.mark.parametrize(("language", "text"), [("python", PYTHON), ("javascript", JAVASCRIPT)])
def test_each_changes_one_place_and_breaks_nothing(language: str, text: str) -> None:
    found = drawn(text, language)
    assert {each.kind for each in found} == set(KINDS)
    assert len({each.start for each in found}) > len(found) // 2
    for each in found:
        changed = each.applied(text)
        start, end = each.now
        assert changed != text and changed.count("\n") == text.count("\n")
        assert changed[start:end] == each.text
        assert (changed[:start], changed[end:]) == (text[: each.start], text[each.end :])
        root = SyntaxTree(language, changed).root
        assert root is not None and error_count(root) == 0, changed
        if language == "python":
            ast.parse(changed)


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(PYTHON, seed=3) == drawn(PYTHON, seed=3) != drawn(PYTHON, seed=4)


def test_kinds_take_turns() -> None:
    counts = Counter(each.kind for each in drawn(PYTHON, count=5))
    assert counts == dict.fromkeys(KINDS, 1)


def test_a_swap_that_means_the_same_is_none() -> None:
    swaps = {PYTHON[each.start : each.end] for each in drawn(PYTHON) if each.kind == "arguments"}
    assert "value, low" in swaps
    assert not any("=" in each for each in swaps)
    in_max = PYTHON.index("max(low") + len("max(")
    assert all(each.start != in_max for each in drawn(PYTHON) if each.kind == "arguments")


def test_a_negation_is_dropped_and_added() -> None:
    found = [each for each in drawn(PYTHON) if each.kind == "negation"]
    assert any(PYTHON[each.start : each.end] == "not " and not each.text for each in found)
    assert any(each.text.startswith("not ") for each in found)


def test_constants_are_off_by_one() -> None:
    found = {(PYTHON[each.start : each.end], each.text) for each in drawn(PYTHON) if each.kind == "constant"}
    assert found <= {("0", "1"), ("10", "9"), ("10", "11"), ("1", "0"), ("1", "2")}
    assert found


def test_a_wrong_name_is_used_alike_elsewhere() -> None:
    found = [each for each in drawn(PYTHON) if each.kind == "variable"]
    assert {each.text for each in found} <= {"value", "low", "high", "values", "total", "clamp", "record", "max"}
    text = "class A:\n    def get(self):\n        self.here = 1\n        return self.here\n"
    assert all(text[each.start : each.end] != "self" for each in drawn(text) if each.kind == "variable")


def test_files_take_turns_and_end() -> None:
    files = [SourceFile(Path(f"/w/{name}.py"), "python", PYTHON) for name in "ab"]
    names = [file.path.stem for file, _ in islice(mutations(files, random.Random(1)), 6)]
    assert names == ["a", "b", "a", "b", "a", "b"]
    assert list(mutations([SourceFile(Path("/w/c.py"), "python", "# nothing\n")], random.Random(1))) == []


@pytest.mark.parametrize("text", ["", "\n", "def", "if (", "x" * 5000, "é = 👩‍💻\n", "\tif a<b:\r\n\t\tpass\r\n"])
def test_odd_files_are_no_trouble(text: str) -> None:
    for each in drawn(text):
        assert each.applied(text) != text
