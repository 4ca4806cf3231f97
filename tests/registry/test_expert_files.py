"""An adapter needs two files of the store, everything else one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from installed_tinies import install

from lsp_experts.errors import NotInstalled, UsageError
from lsp_experts.lab.open_engine import installed_model
from lsp_experts.lab.which_model import which_model
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.expert_files import adapters_over, expert_files, install_command
from lsp_experts.registry.store import Store

EXPERTS = {
    "base": {"languages": ["*"]},
    "go-lora": {"languages": ["go"], "kind": "adapter", "base": "base"},
    "html-lora": {"languages": ["html"], "kind": "adapter", "base": "base"},
}


@pytest.fixture
def installed(tmp_path: Path) -> tuple[Catalogue, Store]:
    paths = default_paths()
    install(paths, tmp_path, EXPERTS)
    return load_catalogue(paths), Store(paths.store)


def test_which_files(installed: tuple[Catalogue, Store]) -> None:
    catalogue, store = installed
    base, adapter = store.find("base"), store.find("go-lora")
    assert (expert_files(*installed, "base").model, expert_files(*installed, "base").adapter) == (base, None)
    assert (expert_files(*installed, "go-lora").model, expert_files(*installed, "go-lora").adapter) == (base, adapter)
    model = installed_model(catalogue, store, "go-lora")
    assert (model.path, model.file_bytes, model.n_ctx) == (base.path, base.size, 1024)
    assert (model.adapter, model.adapter_bytes, model.adapter_scale) == (adapter.path, adapter.size, 1.0)
    assert model.load("go-lora").adapter == str(adapter.path)
    assert installed_model(catalogue, store, "base").adapter is None


def test_without_its_base_it_is_not_installed(installed: tuple[Catalogue, Store]) -> None:
    catalogue, store = installed
    assert adapters_over(catalogue, store, "base") == ["go-lora", "html-lora"]
    store.remove("html-lora")
    assert adapters_over(catalogue, store, "base") == ["go-lora"]
    store.remove("base")
    with pytest.raises(NotInstalled, match=r"base of go-lora is not installed: base.*`lsp-experts pull base`"):
        expert_files(catalogue, store, "go-lora")


def test_a_command_for_models_refuses_an_adapter(installed: tuple[Catalogue, Store]) -> None:
    assert which_model("base", default_paths()) == (installed[1].find("base").path, "auto")
    with pytest.raises(UsageError, match="go-lora is an adapter over base"):
        which_model("go-lora", default_paths())


def test_how_to_install(installed: tuple[Catalogue, Store]) -> None:
    catalogue, _ = installed
    assert install_command(catalogue.get("go-carved")) == "`lsp-experts carve --language go`"
    assert install_command(catalogue.get("go-lora")) == "`lsp-experts pull go-lora`"
    adapted = replace(catalogue.get("go-lora"), sources=())
    assert install_command(adapted) == "`lsp-experts adapt DIR --id go-lora`"
