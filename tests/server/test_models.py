"""From registry, store and settings to what the engine is told to open."""

from __future__ import annotations

import hashlib

import pytest

from lsp_experts.engine.repacking import remember_repacking
from lsp_experts.errors import NotInstalled
from lsp_experts.paths import default_paths
from lsp_experts.pool.prediction import predict_resident_bytes
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain
from lsp_experts.server.models import ALL_LAYERS, Models
from lsp_experts.settings import Settings

CATALOGUE = Catalogue(
    {
        "base": Entry("base", "model", ("*",), "MIT", "", interpreter=True, context=4096),
        "go": Entry("go", "adapter", ("go",), "MIT", "", base="base"),
        "html": Entry("html", "model", ("html",), "MIT", ""),
    },
    {},
)


@pytest.fixture
def store() -> Store:
    return Store(default_paths().store)


def put(store: Store, expert: str, content: bytes) -> str:
    """Install; the hash of the file."""
    sha256 = hashlib.sha256(content).hexdigest()
    with store.temporary() as temporary:
        temporary.write_bytes(content)
        store.adopt(expert, temporary, sha256=sha256, size=len(content), source="a test")
    return sha256


def test_an_adapter_is_its_base_and_its_own_file(store: Store) -> None:
    base, adapter = put(store, "base", b"GGUF base"), put(store, "go", b"GGUF adapter")
    models = Models(CATALOGUE, default_paths(), Settings())
    model = models.locate("go")
    assert (model.path, model.file_bytes) == (store.model_path(base), len(b"GGUF base"))
    assert (model.adapter, model.adapter_bytes) == (store.model_path(adapter), len(b"GGUF adapter"))
    assert model.path == models.locate("base").path  # so that the engine keeps it once
    assert models.identities() == {"base": base, "go": f"{adapter}+{base}"}


def test_without_its_base_an_adapter_is_not_loaded(store: Store) -> None:
    adapter = put(store, "go", b"GGUF adapter")
    models = Models(CATALOGUE, default_paths(), Settings())
    assert models.identities() == {"go": adapter}
    assert chain(CATALOGUE, "go", models.identities()).skipped[0] == ("go", "its base base is not installed")
    with pytest.raises(NotInstalled, match="pull base"):
        models.locate("go")


def test_another_base_is_another_identity(store: Store) -> None:
    put(store, "base", b"GGUF base")
    put(store, "go", b"GGUF adapter")
    models = Models(CATALOGUE, default_paths(), Settings())
    before = models.identities()
    put(store, "base", b"GGUF another base")
    assert {expert for expert, now in models.identities().items() if before[expert] != now} == {"base", "go"}


def test_what_no_registry_names_is_there_all_the_same(store: Store) -> None:
    sha256 = put(store, "mine", b"GGUF mine")
    models = Models(CATALOGUE, default_paths(), Settings())
    assert models.identities() == {"mine": sha256}
    assert models.budget_bytes() > 0


@pytest.mark.parametrize(
    ("interpreter", "pinned"), [("auto", {"base"}), ("html", {"html"}), ("none", set()), ("gone", set())]
)
def test_who_is_pinned(store: Store, interpreter: str, pinned: set[str]) -> None:
    put(store, "base", b"GGUF base")
    put(store, "html", b"GGUF html")
    models = Models(CATALOGUE, default_paths(), Settings(interpreter=interpreter))
    assert {expert for expert in ("base", "html") if models.locate(expert).pinned} == pinned


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(), []),
        (Settings(interpreter="none"), []),
        (Settings(interpreter="html", preferred={"go": "html", "sql": ""}), []),
        (Settings(interpreter="gone"), ["lspExperts.interpreter"]),
        (Settings(interpreter="gone", preferred={"go": "gone"}), ["lspExperts.preferred.go", "lspExperts.interpreter"]),
    ],
)
def test_an_expert_that_no_registry_knows_is_told(settings: Settings, told: list[str]) -> None:
    problems = Models(CATALOGUE, default_paths(), settings).unknown_experts()
    assert [problem.partition(": no expert is called 'gone'")[0] for problem in problems] == told


def test_only_the_interpreter_is_repacked_and_only_where_that_was_measured_to_pay(store: Store) -> None:
    base, html = put(store, "base", b"GGUF base"), put(store, "html", b"GGUF html")
    models = Models(CATALOGUE, default_paths(), Settings())
    assert not models.locate("base").use_extra_bufts
    for sha256 in (base, html):
        remember_repacking(default_paths(), sha256, "pays")
    assert models.locate("base").use_extra_bufts
    assert not models.locate("html").use_extra_bufts
    remember_repacking(default_paths(), base, "does not pay")
    assert not models.locate("base").use_extra_bufts


@pytest.mark.parametrize(("setting", "layers"), [(-1, ALL_LAYERS), (0, 0), (7, 7)])
def test_layers_for_a_gpu(store: Store, setting: int, layers: int) -> None:
    put(store, "base", b"GGUF base")
    assert Models(CATALOGUE, default_paths(), Settings(gpu_layers=setting)).locate("base").n_gpu_layers == layers


def test_the_budget_is_the_setting_or_room_for_the_largest(store: Store) -> None:
    put(store, "base", b"GGUF base")
    models = Models(CATALOGUE, default_paths(), Settings(memory_budget_bytes=12345, threads=3))
    assert models.budget_bytes() == 12345
    assert models.locate("base").n_threads == 3
    models.settings = Settings()
    assert models.budget_bytes() >= predict_resident_bytes(models.locate("base"), None)
    assert models.budget_bytes() == models.budget_bytes()  # what is loaded meanwhile does not make it smaller


def test_while_completion_is_off_nothing_may_be_held(store: Store) -> None:
    put(store, "html", b"GGUF")
    for settings in (Settings(enabled=False), Settings(enabled=False, memory_budget_bytes=1 << 30)):
        assert Models(CATALOGUE, default_paths(), settings).budget_bytes() == 0
