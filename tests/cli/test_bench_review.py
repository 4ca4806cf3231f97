"""`bench review` and `fit --review` on tiny models: all of it once, stopped half-way, and what cannot be done."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from installed_tinies import install

from lsp_experts.actions.review.threshold import DEFAULT_LEAST
from lsp_experts.cli.main import main
from lsp_experts.lab import bench_review
from lsp_experts.lab.review_run import ReviewRun
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue

CODE = """\
def area_{n}(width, height, least):
    value = width * height + {n}
    if value < least and not width == height:
        return least
    return value


"""
KINDS = {"variable", "operator", "constant", "arguments", "negation"}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "areas.py").write_text("".join(CODE.format(n=n) for n in range(40)))
    return folder


def test_the_whole_bench(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "review", str(workspace), "--mutations", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["budget"], result["stopped"]) == (1.0, False)
    part = result["experts"]["any-tiny"]
    assert list(part["rows"]) == ["as it is set", "1 in 1,000 lines", "5 in 1,000 lines", "10 in 1,000 lines"]
    assert part["rows"]["as it is set"]["threshold"] == DEFAULT_LEAST
    for row in part["rows"].values():
        assert row["slips"] == 3 >= row["hits"] >= row["repaired"] >= 0
        assert row["clean_lines"] == part["clean"]["lines"] > 0
    for rate in (1, 5, 10):
        assert part["rows"][f"{rate} in 1,000 lines"]["alarms"] <= rate * part["clean"]["lines"] / 1000
    assert set(part["kinds"]) == KINDS and sum(each["slips"] for each in part["kinds"].values()) == 3
    assert set(part["languages"]) == {"python"}
    assert part["clean"]["tokens_per_1000_lines"] > 0 < part["clean"]["seconds_per_1000_lines"]
    assert part["commits"] == {}
    assert any("git has no history" in note for note in part["notes"])
    assert any("are too few for 1 in 1,000" in note for note in part["notes"])
    assert not psutil.Process().children(recursive=True)


def test_stopped_half_way(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ReviewRun.mutations

    async def interrupted(self: ReviewRun, files: Any, most: int, rng: Any, until_s: float) -> None:
        await whole(self, files, 1, rng, until_s)
        signal.raise_signal(signal.SIGINT)
        await whole(self, files, most, rng, until_s)

    monkeypatch.setattr(bench_review.ReviewRun, "mutations", interrupted)
    assert main(["bench", "review", str(workspace), "--commits", "0"]) == 130
    printed = capsys.readouterr().out
    assert "It was stopped: this is what there was so far." in printed
    assert "of 1" in printed and "upper bound" in printed
    assert not psutil.Process().children(recursive=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mutations", "0"], "at least one mutation"),
        (["--minutes", "0"], "more than 0 minutes"),
        (["--expert", "nonsense"], "There is no expert 'nonsense'"),
        (["nowhere"], "nowhere is not a folder"),
        (["empty"], "has no code that an installed expert serves"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "review", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_a_fitted_threshold_is_written_and_used(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = default_paths().overlay
    before = json.loads(overlay.read_text())
    assert main(["fit", str(workspace), "--review", "--lines", "200", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    row = result["experts"]["any-tiny"]
    assert row["lines"] >= 200 and row["languages"] == ["python"]
    assert row["threshold"] > max(row["largest_deltas"], default=0.0)
    assert row["after"]["alarms"] == 0 and row["before"]["threshold"] == DEFAULT_LEAST
    assert "loose" in row["note"]
    assert json.loads(overlay.read_text()) == before | {"review": {"any-tiny": row["threshold"]}}
    assert load_catalogue(default_paths()).get("any-tiny").review == row["threshold"]
    assert main(["fit", str(workspace), "--review", "--lines", "200"]) == 0
    said = capsys.readouterr().out
    assert f"findings from {row['threshold']:.2f} nats on are shown" in said and "Written to" in said


def test_too_few_lines_fit_nothing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "areas.py").write_text("x = 1\n" * 40)
    before = default_paths().overlay.read_text()
    assert main(["fit", str(workspace), "--review"]) == 1
    assert "any-tiny: nothing fitted. 40 lines of code, 200 are needed" in capsys.readouterr().out
    assert default_paths().overlay.read_text() == before
    assert main(["fit", str(workspace), "--review", "--lines", "9"]) == 1
    assert "--lines 9 says too little" in capsys.readouterr().err
