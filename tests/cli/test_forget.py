"""`lsp-experts forget` says what it deleted, and deletes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from server.test_statistics_file import RECORD

from lsp_experts.cli.main import main
from lsp_experts.paths import default_paths
from lsp_experts.routing.switches import Switches
from lsp_experts.routing.switches_file import save, switches_file
from lsp_experts.server.statistics_file import append


def check(
    capsys: pytest.CaptureFixture[str], workspaces: int, sizes: str, days: int, evaluations: int, adapters: int
) -> None:
    assert main(["forget"]) == 0
    out = capsys.readouterr().out.splitlines()
    folder = default_paths().state / "switches"
    assert out[0] == f"language switches: {workspaces} deleted (one for each workspace) from {folder}"
    assert out[1].startswith(f"measured sizes: {sizes}")
    assert out[2] == f"statistics: {days} deleted (one for each day) from {default_paths().state / 'statistics'}"
    assert out[3] == f"evaluations: {evaluations} deleted from {default_paths().state / 'evaluations'}"
    assert out[4] == f"begun adapters: {adapters} deleted from {default_paths().state / 'adapt'}"
    assert len(out) == 5


def test_all_of_it_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = default_paths()
    for root in ("file:///one", "file:///two"):
        save(switches_file(paths, root), Switches({("go",): {"html": 1.0}}))
    (paths.state / "sizes.json").write_text("{}")
    (paths.state / "other.json").write_text("{}")
    append(paths.state / "statistics", "2026-01-31", [RECORD])
    switches_file(paths, "file:///odd").mkdir()
    for journal in ("one", "two", "three"):
        (paths.state / "evaluations").mkdir(exist_ok=True)
        (paths.state / "evaluations" / f"{journal}.jsonl").write_text("{}\n")
    (paths.state / "adapt" / "go-adapted").mkdir(parents=True)
    (paths.state / "adapt" / "go-adapted" / "adapting.json").write_text("{}")
    check(capsys, 2, "deleted", 1, 3, 1)
    check(capsys, 0, "none", 0, 0, 0)
    assert [path.name for path in home.rglob("*.json") if path.is_file()] == ["other.json"]


def test_a_disk_that_refuses_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (default_paths().state / "sizes.json").mkdir(parents=True)
    assert main(["forget"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("lsp-experts: ")
    assert len(err.splitlines()) == 1
