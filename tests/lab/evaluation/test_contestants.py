"""Who takes part: installed experts and loose files, measured by the real engine on tiny models."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from installed_tinies import install

from lsp_experts.errors import EngineError, NotInstalled, UnknownExpert, UsageError
from lsp_experts.lab.case_request import PATIENT
from lsp_experts.lab.evaluation.contestants import Entrant, file_entrant, installed_entrant
from lsp_experts.lab.evaluation.eval_cases import eval_cases
from lsp_experts.lab.evaluation.evaluate import EvalOrder, evaluate
from lsp_experts.lab.evaluation.journal import Journal
from lsp_experts.lab.evaluation.records import Evaluation, Outcome
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store

GO = "package main\n\n" + "".join(
    f"func add{n}(left int, right int) int {{\n\treturn left + {n}\n}}\n" for n in range(9)
)
CASES = eval_cases([SourceFile(Path("/w/a.go"), "go", GO)], 10, 7)
SHORT = replace(PATIENT, prefix_chars=200, suffix_chars=80, max_tokens=6)


async def measured(*entrants: Entrant) -> Evaluation:
    async with open_engine(default_paths()) as engine:
        return await evaluate(EvalOrder(CASES, settings=SHORT), entrants, engine, Journal(None))


def without_times(outcome: Outcome) -> Outcome:
    return replace(outcome, contestant="", first_ms=0.0, total_ms=0.0)


def test_an_installed_expert_and_an_adapter(tmp_path: Path) -> None:
    paths = default_paths()
    install(paths, tmp_path, {
        "base": {"languages": ["*"]},
        "go-adapter": {"languages": ["go"], "kind": "adapter", "base": "base", "fim": "qwen", "context": 512},
    })  # fmt: skip
    catalogue, store = load_catalogue(paths), Store(paths.store)
    base, adapter = (installed_entrant(catalogue, store, name) for name in ("base", "go-adapter"))
    assert (base.kind, base.made_of, adapter.kind, adapter.made_of) == ("model", "", "adapter", "base")
    assert (base.fim, adapter.fim, adapter.model.n_ctx) == ("auto", "qwen", 512)
    assert adapter.model.path == base.model.path
    assert adapter.sha256 == hashlib.sha256((tmp_path / "go-adapter.gguf").read_bytes()).hexdigest() != base.sha256
    assert adapter.file_bytes == base.file_bytes + (tmp_path / "go-adapter.gguf").stat().st_size
    with pytest.raises(UnknownExpert):
        installed_entrant(catalogue, store, "nonsense")
    with pytest.raises(NotInstalled):
        installed_entrant(catalogue, store, "qwen2.5-coder-0.5b")


@pytest.mark.asyncio
async def test_files_that_no_store_knows(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "a.gguf", n_ctx=2048)
    base = file_entrant("base", model)
    same = file_entrant("same", model, kind="carved", made_of="base")
    adapter = file_entrant("adapter", write_random_adapter(model, tmp_path / "b.gguf", scale=1.0), base=model,
                           kind="adapter", made_of="base")  # fmt: skip
    assert base.sha256 == hashlib.sha256(model.read_bytes()).hexdigest() == same.sha256 != adapter.sha256
    evaluation = await measured(base, same, adapter)
    assert evaluation.done == len(CASES)
    by_name = {
        name: [without_times(each) for each in evaluation.outcomes if each.contestant == name]
        for name in ("base", "same", "adapter")
    }
    assert by_name["base"] == by_name["same"], "the same file says and costs the same"
    costs = {name: sum(each.nll_nats for each in outcomes) for name, outcomes in by_name.items()}
    assert 0 < costs["base"] != costs["adapter"] > 0
    assert all(each.scored_bytes for each in evaluation.outcomes)
    assert all(each.resident_bytes > 0 and each.n_vocab > 256 for each in evaluation.contestants)
    assert evaluation.contestants[2].file_bytes == adapter.file_bytes > base.file_bytes


@pytest.mark.asyncio
async def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_text("no model")
    with pytest.raises(EngineError, match=r"^mine: "):
        await measured(file_entrant("mine", tmp_path / "a.gguf"))
    for path in (tmp_path, tmp_path / "nowhere.gguf"):
        with pytest.raises(UsageError, match="cannot be read"):
            file_entrant("mine", path)
