"""`bench replay` on tiny models: the whole of it once, and what is wrong is said before anything starts."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from installed_tinies import install

from lsp_experts.cli.main import main, parser
from lsp_experts.lab import bench_replay
from lsp_experts.lab.bench_replay import FEATURES
from lsp_experts.lab.peer_server import is_installed
from lsp_experts.paths import default_paths
from lsp_experts.settings import from_options

PYTHON = "".join(
    f"def area_{n}(width, height):\n    value = width * height\n    return value + {n}\n\n\n" for n in range(6)
)
FIGURES = {
    "exact_line", "prefix_chars", "edit_similarity", "shown_pct", "precision", "chars_saved_per_100",
    "model_calls_per_keystroke", "prompt_tokens_per_keystroke", "first_suggestion_ms_p50", "first_suggestion_ms_p95",
    "decoded_tokens_per_keystroke", "cases", "keystrokes",
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "areas.py").write_text(PYTHON)
    return folder


def test_the_whole_bench(
    tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    monkeypatch.setattr("lsp_experts.lab.replay_server.LOOK_S", 0.0)
    monkeypatch.setattr("lsp_experts.lab.peer_llama_vim.LOOK_S", 0.0)
    arguments = ["--limit", "2", "--cadence", "30", "--features", "reuse", "--json"]
    assert main(["bench", "replay", str(workspace), *arguments]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert "2 cases, 1 rows without a feature" in printed.err
    assert set(result["languages"]) == {"python"} and set(result["without"]) == {"reuse"}
    rows = [result["languages"]["python"], result["all"], result["without"]["reuse"]]
    if is_installed():
        rows.append(result["peer"])
        assert result["ratios"].keys() >= {"decoded_tokens", "first_suggestion_p50", "precision", "chars_saved"}
        assert result["peer"]["model_calls_per_keystroke"] > 0
    else:
        assert result["peer"] == {} and "pip install xllamacpp" in result["notes"][0]
    for row in rows:
        assert row.keys() >= FIGURES and row["cases"] == 2 and row["keystrokes"] > 2
    assert result["all"]["decoded_tokens_per_keystroke"] >= result["all"]["prompt_tokens_per_keystroke"] > 0
    assert result["experts"] == {"python": "any-tiny"}
    assert not psutil.Process().children(recursive=True)
    assert (workspace / "areas.py").read_text() == PYTHON


def test_without_the_peer_the_rest_runs(
    tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(default_paths(), tmp_path, {"any-tiny": {"languages": ["*"]}})
    monkeypatch.setattr("lsp_experts.lab.replay_server.LOOK_S", 0.0)
    monkeypatch.setattr(bench_replay, "is_installed", lambda: False)
    assert main(["bench", "replay", str(workspace), "--limit", "1", "--cadence", "20", "--features", "none"]) == 0
    out = capsys.readouterr().out
    assert "No peer: llama.cpp's server is not installed" in out and "python" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--limit", "0"], "at least one case"),
        (["--cadence", "0"], "1 to 10000 milliseconds"),
        (["--features", "gate", "nonsense"], "no feature nonsense"),
        (["--languages", "cobol"], "no lines to type in cobol"),
        ([], "lsp-experts pull"),
    ],
)
def test_what_cannot_be_done_is_said(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["bench", "replay", str(workspace), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_each_feature_is_switched_off_by_settings_that_exist() -> None:
    for feature, options in FEATURES.items():
        changed, problems = from_options(dict(options))
        assert not problems and changed != from_options({})[0], feature


def test_help_defines_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["bench", "replay", "--help"])
    said = capsys.readouterr().out
    for heading in ("precision", "shown %", "saved/100", "tokens/key", "p50, p95"):
        assert heading in said
