"""Adapters as a user meets them: pulled, examined, completing, two of them over one base in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from e2e_commands import Command, json_of
from installed_tinies import install

from lsp_experts.completion.templates import choose
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.lab.typed_file import typed_file
from lsp_experts.paths import Paths, default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store

EXPERTS = {
    "base": {"languages": ["*"]},
    "go-lora": {"languages": ["go"], "kind": "adapter", "base": "base"},
    "html-lora": {"languages": ["html"], "kind": "adapter", "base": "base"},
}
TEXT = "package main\n\nfunc add(a int, b int) int {\n\tret\n}\n"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    install(default_paths(), tmp_path, EXPERTS)
    return default_paths()


def completed(lsp_experts: Command, file: Path) -> Any:
    file.write_text(TEXT)
    return json_of(lsp_experts("complete", file, "--line", "4", "--column", "5", "--json"))


def test_each_language_is_completed_by_its_adapter(lsp_experts: Command, paths: Paths, tmp_path: Path) -> None:
    found = [completed(lsp_experts, tmp_path / name) for name in ("a.go", "a.html", "a.rb")]
    assert [(one["expert"], one["expert_reason"]) for one in found] == [
        ("go-lora", "expert"),
        ("html-lora", "expert"),
        ("base", "general"),
    ]
    assert len({one["text"] for one in found}) == 3, "the same place, three answers"


def test_without_the_base_the_reason_is_said(lsp_experts: Command, paths: Paths, tmp_path: Path) -> None:
    done = lsp_experts("remove", "base")
    assert done.returncode == 0 and "go-lora, html-lora cannot be loaded without base" in done.stderr
    (tmp_path / "a.go").write_text(TEXT)
    done = lsp_experts("complete", tmp_path / "a.go", "--line", "4", "--column", "5")
    assert done.returncode == 1 and "go-lora: its base base is not installed" in done.stderr
    report = json.loads(lsp_experts("doctor", "--json").stdout)
    (found,) = [finding for finding in report["findings"] if finding["topic"] == "go-lora"]
    assert not found["ok"] and "lsp-experts pull base" in found["remedy"]


def test_doctor_opens_it_with_its_base(lsp_experts: Command, paths: Paths) -> None:
    report = json.loads(lsp_experts("doctor", "--json").stdout)
    found = {finding["topic"]: finding["found"] for finding in report["findings"]}
    size = Store(paths.store).find("go-lora").size
    assert found["go-lora"].startswith(f"{size:,} bytes over base, ") and "fills in the middle" in found["go-lora"]


@pytest.mark.asyncio
async def test_two_adapters_cost_their_base_once(paths: Paths) -> None:
    catalogue, store = load_catalogue(paths), Store(paths.store)
    names, texts = ("go-lora", "html-lora"), []
    async with open_engine(paths) as engine:
        reports = [await engine.load(installed_model(catalogue, store, name).load(name)) for name in names]
        for name, report in zip(names, reports, strict=True):
            file = typed_file(catalogue.get("base"))
            request = file.request(name, choose("auto", report), 0, max_tokens=8)
            texts.append((await engine.complete(request).result()).text)
        state = await engine.state()
    assert [report.shared for report in reports] == [False, True]
    assert texts[0] != texts[1]
    shared = {expert.weights_bytes for expert in state.experts}
    own_bytes = sum(expert.resident_bytes - expert.weights_bytes for expert in state.experts)
    assert len(shared) == 1 and own_bytes + max(shared) <= state.resident_bytes
