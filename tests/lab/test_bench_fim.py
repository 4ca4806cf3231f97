"""`bench fim` on the tiny model: each kind of hole goes through prompt, stop rules, filters and the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsp_experts.lab.bench_fim import FimBench, bench_fim
from lsp_experts.lab.case_request import PATIENT, case_request
from lsp_experts.lab.humaneval import Case
from lsp_experts.paths import default_paths

LINES = ["    total = 0\n", "    for number in numbers:\n", "        total += number\n", "    return total\n"]
HEAD = 'def add_up(numbers):\n    """ Sum. """\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {
            "task_id": f"SingleLineInfilling/HumanEval/0/L{number}",
            "entry_point": "add_up",
            "prompt": HEAD + "".join(LINES[:number]),
            "canonical_solution": LINES[number],
            "suffix": "".join(LINES[number + 1 :]),
            "test": "\n\ndef check(candidate):\n    assert candidate([1, 2, 3]) == 6\n",
        }
        for number in range(4)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("derive", "kinds"), [("", {"single"}), ("multi", {"multi"}), ("span", {"span", "multi", "single"})]
)
async def test_each_kind(tiny_gguf: Path, data: Path, derive: str, kinds: set[str]) -> None:
    told: list[tuple[int, int]] = []
    bench = FimBench(model=tiny_gguf, data=data, limit=2, derive=derive)  # type: ignore[arg-type]
    result = await bench_fim(bench, default_paths(), lambda done, total: told.append((done, total)))
    assert set(result["kinds"]) <= kinds and sum(result["kinds"].values()) == result["cases"] == len(told)
    for row in (result["anchored"], result["usual"], *result["by_anchor_lines"].values()):
        assert row.keys() == {"exact_match", "pass_rate", "edit_similarity"}
        assert all(0 <= share <= 1 for share in row.values()) and row["exact_match"] <= row["pass_rate"]
    assert result["derived"] == derive and result["protections"]


def test_a_block_stops_by_the_products_rules_and_a_hidden_line_at_its_end() -> None:
    text = "".join((HEAD, LINES[0], LINES[1], "        \n", LINES[3]))
    offset = text.index("        \n") + 8
    hole = Case("t", text, offset, "total += number", "", "multi")
    assert case_request("e", None, hole).stop.max_lines == PATIENT.max_lines
    assert case_request("e", None, hole).stop.dedent_below > 0
    line = Case("t", text, offset, "total += number", "", "single")
    assert case_request("e", None, line).stop.max_lines == 1
