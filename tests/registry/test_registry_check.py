"""What `lsp-experts registry check FILE` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.cli.registry_check import run
from lsp_experts.paths import bundled_registry

OVERLAY = """{"version": 1, "experts": [
  {"id": "mine", "kind": "model", "languages": ["go"], "licence": "MIT", "note": "n", "verified": false,
   "sources": [{"type": "file", "path": "~/mine.gguf"}]},
  {"id": "html-carved", "kind": "carved", "languages": ["html"], "licence": "Research", "note": "n",
   "base": "qwen2.5-coder-1.5b", "keep_set": "html", "non_commercial": true}]}"""


def check(file: Path, capsys: pytest.CaptureFixture[str], code: int, *lines: str) -> None:
    assert run(str(file)) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    for line in lines:
        assert line in printed.out


def test_the_bundled_registry(capsys: pytest.CaptureFixture[str]) -> None:
    check(bundled_registry(), capsys, 0, "in order", "Not for commercial use: ", "qwen2.5-coder-3b (Qwen-Research")


def test_an_overlay_says_what_it_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text(OVERLAY, encoding="utf-8")
    check(
        file,
        capsys,
        0,
        f"{file}: in order. 2 experts name 2 languages.",
        "As an overlay it replaces: html-carved.",
        "As an overlay it adds: mine.",
        "not verified: mine.",
        "Not for commercial use: html-carved (Research).",
    )


def test_a_confidence_beside_the_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"version": 1, "experts": [], "confidence": {"go-carved": 0.42, "html-carved": 1, "gone": 0.1}}')
    check(
        file,
        capsys,
        0,
        "Confidence of what is shown unasked: go-carved 0.42, html-carved 1.",
        "A confidence for experts that are not known has no effect: gone.",
    )


def test_a_review_threshold_beside_the_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"version": 1, "experts": [], "review": {"go-carved": 6.5, "gone": 3}}')
    check(
        file,
        capsys,
        0,
        "Nats from which a review shows something: go-carved 6.5.",
        "A review threshold for experts that are not known has no effect: gone.",
    )


def test_every_problem_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text(OVERLAY.replace('"MIT"', "1").replace('"go"', '"Go"'), encoding="utf-8")
    check(file, capsys, 1, f"{file}: at $.experts[0].languages[0]", "at $.experts[0].licence", "2 problems found.")
    file.write_text('{"version": 1, "experts": [' + ",".join("1" * 30) + "]}", encoding="utf-8")
    check(file, capsys, 1, "30 problems found, the first 20 are shown.")


def test_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(tmp_path / "none\udcff.json", capsys, 1, "there is no such file", "1 problem found.")
