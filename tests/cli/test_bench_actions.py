"""`bench actions` on a tiny model: all of it once, stopped half-way, and what cannot be done."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from installed_tinies import install

from lsp_experts.cli.main import main
from lsp_experts.lab import bench_actions
from lsp_experts.lab.bench_actions import Tried, report
from lsp_experts.paths import default_paths

HEAD = 'def add(left: int, right: int) -> int:\n    """The sum of both."""\n'
BODY = "    total = left + right\n    return total\n"
TEST = "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(2, 2) == 4\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "data.jsonl"
    row = {"entry_point": "add", "prompt": HEAD, "canonical_solution": BODY, "suffix": "", "test": TEST, "task_id": "1"}
    file.write_text(json.dumps(row) + "\n")
    return file


def test_the_whole_bench(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    assert main(["bench", "actions", "--data", str(data), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    rows = {row["action"]: row for row in result["actions"]}
    assert rows.keys() >= {"completeBody", "writeDocstring", "addTypes"}
    for row in rows.values():
        assert (row["asked"], row["expert"]) == (1, "any-tiny")
        assert row["proposed"] + sum(row["refused"].values()) == 1
        assert row["ms_median"] > 0
    assert not result["stopped"] and result["protections"]
    assert main(["bench", "actions", "--data", str(data), "--expert", "any-tiny"]) == 0
    printed = capsys.readouterr().out
    assert "completeBody" in printed and "passed its own checks" in printed
    assert not psutil.Process().children(recursive=True)


def test_stopped_half_way(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    whole, tried = bench_actions._try, []

    async def interrupted(*arguments: Any) -> Tried:
        if tried:
            signal.raise_signal(signal.SIGINT)
        tried.append(await whole(*arguments))
        return tried[-1]

    monkeypatch.setattr(bench_actions, "_try", interrupted)
    assert main(["bench", "actions", "--data", str(data)]) == 130
    assert "It was stopped: this is what there was so far." in capsys.readouterr().out
    assert len(tried) == 1
    assert not psutil.Process().children(recursive=True)


def test_rows_have_the_counts() -> None:
    seen = [
        Tried("simplify", "a", 1000.0, "", {"passed": (1, 1)}),
        Tried("simplify", "a", 3000.0, "", {"passed": (0, 1)}),
        Tried("simplify", "a", 2000.0, "it changes nothing"),
        Tried("explain", "a", 5.0, "it told something"),
    ]
    assert report(seen) == [
        {
            "action": "simplify",
            "expert": "a",
            "asked": 3,
            "proposed": 2,
            "refused": {"it changes nothing": 1},
            "marks": {"passed": [1, 2]},
            "ms_median": 2000,
        },
        {
            "action": "explain",
            "expert": "a",
            "asked": 1,
            "proposed": 0,
            "refused": {"it told something": 1},
            "marks": {},
            "ms_median": 5,
        },
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--limit", "0"], "leaves nothing to measure"),
        (["--expert", "nonsense"], "There is no expert 'nonsense'"),
        ([], "No installed expert does any of the actions"),
    ],
)
def test_what_cannot_be_done_is_said(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["bench", "actions", "--data", str(data), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_other_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.jsonl").write_text("nonsense\n")
    assert main(["bench", "actions", "--data", str(tmp_path / "x.jsonl")]) == 1
    assert "is not a HumanEval-Infilling file" in capsys.readouterr().err
