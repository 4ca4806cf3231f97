"""`lsp-experts adapt` where it cannot or need not train: said before anything is loaded, and nothing is written."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from installed_tinies import install

from lsp_experts.cli.main import main
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store


@pytest.fixture
def torch_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these tests comes as far as to import it."""
    monkeypatch.setattr("lsp_experts.lab.training.adapt_job.require_torch", lambda: None)


def project(folder: Path, files: int) -> Path:
    folder.mkdir()
    for number in range(files):
        lines = (
            f"def name{number}_{line}(value{line * number}):\n    return other{number + line}({line})\n\n"
            for line in range(30)
        )
        (folder / f"file{number}.py").write_text("".join(lines))
    return folder


def state_and_store() -> tuple[list[str], set[str]]:
    paths = default_paths()
    kept = sorted(str(path) for path in paths.state.rglob("*")) if paths.state.exists() else []
    return kept, set(Store(paths.store).installed())


def test_without_torch_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else real(name, *rest))
    assert main(["adapt", str(tmp_path)]) == 1
    assert "pip install 'lsp-experts[train]'" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    folder = project(tmp_path / "project", 40)
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    for number in range(4):
        (folder / f"key{number}.py").write_text(f"name{number} = '{key}{number}'\n")
    (folder / "binary.py").write_bytes(b"\0\1\2")
    before = state_and_store()
    assert main(["adapt", str(folder), "--dry-run", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["id"], result["base"], result["installed"]) == ("python-adapted", "any-tiny", False)
    assert 1 <= result["texts"]["secrets"] <= 4, "some of these may be held out"
    assert 8 <= result["judged_files"] <= 12 and result["commit"] == "" and result["texts"]["files"] > 20
    assert state_and_store() == before


@pytest.mark.parametrize(
    ("files", "arguments", "words"),
    [
        (0, [], "has no code to learn from"),
        (1, [], "has too little python"),
        (12, [], "has too little python"),
        (3, ["--language", "go"], "has no code of go to learn from"),
        (40, ["--base", "nonsense"], "There is no expert 'nonsense'"),
        (40, ["--id", "any-tiny"], "any-tiny is an expert that is no adapter"),
        (40, ["--id", "../up"], "is not an expert id"),
        (40, ["--refresh"], "python-adapted is not installed"),
        (40, ["--base", "other-tiny"], "is of the architecture"),
        (40, ["--minutes", "0"], "--minutes 0 cannot be"),
        (40, ["--rank", "0"], "--rank 0 cannot be"),
        (40, ["--keep", "nowhere/file.gguf"], "is no name for a file"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path,
    torch_is_there: None,
    capsys: pytest.CaptureFixture[str],
    files: int,
    arguments: list[str],
    words: str,
) -> None:
    paths = default_paths()
    install(paths, tmp_path, {"any-tiny": {"languages": ["*"]}, "other-tiny": {"languages": ["*"]}})
    other = write_tiny_gguf(tmp_path / "other.gguf", architecture="gpt2")
    Store(paths.store).remove("other-tiny")
    pull(load_catalogue(paths).get("other-tiny"), Store(paths.store), Silent(), from_file=other)
    folder = project(tmp_path / "project", files)
    before = state_and_store(), paths.overlay.read_text()
    assert main(["adapt", str(folder), *arguments]) == 1
    assert words in capsys.readouterr().err
    assert (state_and_store(), paths.overlay.read_text()) == before


def test_an_overlay_that_cannot_be_written_is_said_before_the_training(
    tmp_path: Path, torch_is_there: None, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = default_paths()
    paths.overlay.parent.mkdir(parents=True)
    paths.overlay.write_text("{")
    assert main(["adapt", str(project(tmp_path / "project", 40))]) == 1
    assert str(paths.overlay) in capsys.readouterr().err


def test_in_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adapt", str(tmp_path / "nowhere"), "--dry-run"]) == 1
    assert "is not a folder" in capsys.readouterr().err
