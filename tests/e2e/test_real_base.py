"""The whole path on the real base, by the commands a user runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e_commands import Command, json_of

from lsp_experts.paths import package_data

pytestmark = pytest.mark.real_base
MAIN_GO = package_data() / "demo" / "main.go"


def test_demo(lsp_experts: Command, base_home: Path) -> None:
    """Two experts, carved here; the second one in memory before the first keystroke; suggestions; memory in bounds."""
    demo = json_of(lsp_experts("demo", "--json", home=base_home))
    assert demo["engine"]["llama_cpp_python"]
    experts = {expert["id"]: expert for expert in demo["experts"]}
    assert set(experts) == {"go-carved", "html-carved"}
    base_bytes = 491_400_064
    for expert in experts.values():
        assert 0 < expert["file_bytes"] <= 0.70 * base_bytes
        assert expert["resident_bytes"] > 0 and expert["load_ms"] > 0
    assert experts["go-carved"]["languages"] == ["go"]
    answered = {(item["file"], item["expert"]) for item in demo["completions"]}
    assert answered == {("main.go", "go-carved"), ("index.html", "html-carved")}
    assert all(item["text"].strip() and item["first_suggestion_ms"] > 0 for item in demo["completions"])
    assert any(item["decoded_tokens"] > 0 for item in demo["completions"])
    to_html = next(switch for switch in demo["switch"] if switch["to"] == "index.html")
    assert (to_html["from"], to_html["preloaded"]) == ("main.go", True)
    memory = demo["memory"]
    assert 0 < memory["engine_resident_bytes"] <= memory["budget_bytes"]
    assert memory["server_resident_bytes"] <= 120_000_000


def test_doctor_proves_that_the_base_fills_in_the_middle(lsp_experts: Command, base_home: Path) -> None:
    report = json_of(lsp_experts("doctor", "--json", home=base_home))
    (base,) = [finding for finding in report["findings"] if finding["topic"] == "qwen2.5-coder-0.5b"]
    assert base["ok"] and "fills in the middle: 5 of 5 (qwen)" in base["found"]


def test_complete_reads_what_follows_the_cursor(lsp_experts: Command, base_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("import math\n\n\ndef circle(radius):\n    \n    return area\n")
    answer = json_of(lsp_experts("complete", file, "--line", 5, "--column", 5, "--json", home=base_home))
    assert answer["text"].startswith("area = ")
    assert answer["expert"] == "qwen2.5-coder-0.5b"


def test_a_keystroke_decodes_few_tokens(lsp_experts: Command, base_home: Path) -> None:
    """The figure of the issue: at most 4 prompt tokens a keystroke, new lines included; it is exact on any machine."""
    bench = json_of(lsp_experts("bench", "latency", MAIN_GO, "--keystrokes", "24", "--json", home=base_home))
    go = bench["languages"]["go"]
    assert go["anchored"]["prompt_tokens_per_keystroke"] <= 4
    assert go["usual"]["prompt_tokens_per_keystroke"] > 20 * go["anchored"]["prompt_tokens_per_keystroke"]
    assert bench["start_to_first_suggestion_ms"] > 0
