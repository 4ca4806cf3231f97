"""A held-out place as the server would ask for it: prompt, stop rules, and the same prompt for scoring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.lab.case_request import PATIENT, file_request, file_score
from lsp_experts.lab.replay_cases import Case
from lsp_experts.syntax.tree import SyntaxTree

QWEN = TEMPLATES["qwen"]
GO = """package main

func first(numbers []int, limit int) []int {
	found := take(numbers, limit)
	if len(found) > limit {
		found = found[:limit]
		report(found)
	}
	return found
}
"""


def hole(truth: str, kind: str) -> Case:
    start = GO.index(truth)
    return Case(Path("/w/a.go"), "go", "go", kind, GO[:start] + GO[start + len(truth) :], start, truth)


LINE = hole("found := take(numbers, limit)", "line")
END = hole("take(numbers, limit)", "end")
MID = hole("numbers, limit", "mid")
BLOCK = hole("found = found[:limit]\n\t\treport(found)", "block")


@pytest.mark.parametrize("case", [LINE, END, MID])
def test_a_hidden_line_is_one_line(case: Case) -> None:
    found = file_request("x", QWEN, case, SyntaxTree("go", case.text))
    assert (found.stop.max_lines, found.stop.dedent_below, found.heal) == (1, 0, True)
    assert found.stop.balance, "its brackets are those of Go"
    texts = [segment.text for segment in found.segments]
    assert texts[-1] == GO[: case.offset], "from the anchor on, which is the text's start here"
    assert texts[2] == case.after, "behind the two control texts"
    assert found.stop.owed == (")" if case is MID else "")


def test_a_block_ends_by_the_language() -> None:
    found = file_request("x", QWEN, BLOCK, SyntaxTree("go", BLOCK.text))
    assert found.stop.max_lines > 1
    assert found.stop.dedent_below == 8
    assert found.stop.rejoin == "\t}"
    python = file_request("x", QWEN, replace(BLOCK, language="python"), SyntaxTree("python", BLOCK.text))
    assert python.stop.texts != found.stop.texts


@pytest.mark.parametrize("style", ["anchored", "usual"])
@pytest.mark.parametrize(
    ("case", "lines"),
    [
        (LINE, "\tfound := take(numbers, limit)"),
        (END, "\tfound := take(numbers, limit)"),
        (MID, "\tfound := take(numbers, limit"),
        (BLOCK, "\t\tfound = found[:limit]\n\t\treport(found)"),
    ],
)
def test_whole_lines_are_scored_behind_the_same_prompt(case: Case, lines: str, style: str) -> None:
    settings = replace(PATIENT, prompt_style=style)
    score = file_score("x", QWEN, case, settings)
    asked = file_request("x", QWEN, case, SyntaxTree("go", case.text), settings)
    assert score.texts == (lines,)
    spelled, prompt = ("".join(part.text for part in segments) for segments in (score.segments, asked.segments))
    begun = lines[: len(lines) - len(case.truth)]
    assert len(prompt) - len(spelled) == len(begun), "less what stands left of the cursor in its line"
    assert case.after in spelled


def test_a_line_at_the_very_start() -> None:
    case = Case(Path("/w/a.py"), "python", "python", "end", "import \n", 7, "os.path")
    score = file_score("x", QWEN, case)
    assert score.texts == ("import os.path",)
    assert [segment.text for segment in score.segments if not segment.control] == ["\n"]
