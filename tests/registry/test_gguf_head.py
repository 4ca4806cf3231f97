"""The head of a GGUF: keys in order, an adapter told from a model, and nothing that a broken file could do."""

from __future__ import annotations

import os
from pathlib import Path

import gguf
import pytest

from lsp_experts.errors import PullError
from lsp_experts.lab.random_adapter import write_random_adapter
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.registry.entry import Entry, FileSource
from lsp_experts.registry.gguf_head import Items, fields, is_adapter
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("heads")
    model = write_tiny_gguf(folder / "model.gguf")
    nothing = folder / "neither.gguf"
    nothing.write_bytes(b"GGUF" + bytes(range(256)))
    return {
        "model": model,
        "adapter": write_random_adapter(model, folder / "adapter.gguf"),
        "neither": nothing,
    }


def test_keys_come_in_order_until_the_vocabulary(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "x.gguf", "qwen2")
    writer.add_string("general.name", "tiny")
    writer.add_array("general.tags", ["one", "two"])
    writer.add_array("numbers", [1, 2, 3])
    writer.add_bool("flag", True)
    writer.add_array("tokenizer.ggml.tokens", ["a"] * 300)
    writer.add_uint32("behind", 1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with (tmp_path / "x.gguf").open("rb") as stream:
        assert list(fields(stream)) == [
            ("general.architecture", "qwen2"),
            ("general.name", "tiny"),
            ("general.tags", Items(2)),
            ("numbers", Items(3)),
            ("flag", True),
            ("tokenizer.ggml.tokens", Items(300)),
        ]


@pytest.mark.parametrize(("name", "expected"), [("model", False), ("adapter", True), ("neither", None)])
def test_an_adapter_is_told_from_a_model(files: dict[str, Path], name: str, expected: bool | None) -> None:
    assert is_adapter(files[name]) is expected


def test_a_head_that_ends_early_is_no_answer(files: dict[str, Path], tmp_path: Path) -> None:
    whole = files["model"].read_bytes()
    for length in range(0, 200, 7):
        (tmp_path / "cut").write_bytes(whole[:length])
        assert is_adapter(tmp_path / "cut") is None
    (tmp_path / "cut").write_bytes(os.urandom(400))
    assert is_adapter(tmp_path / "cut") is None
    assert is_adapter(tmp_path / "missing") is None


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize(
    ("kind", "name", "refused"),
    [
        ("model", "adapter", "it is a LoRA adapter, and x is of kind model"),
        ("carved", "adapter", "it is a LoRA adapter, and x is of kind carved"),
        ("adapter", "model", "it is a whole model, and x is of kind adapter"),
        ("adapter", "adapter", ""),
        ("model", "model", ""),
        ("adapter", "neither", ""),
    ],
)
def test_a_file_of_another_kind_is_refused(
    files: dict[str, Path], tmp_path: Path, kind: str, name: str, refused: str, by_hand: bool
) -> None:
    sources = (FileSource(str(files[name])),)
    entry = Entry("x", kind, ("go",), "MIT", "a test", base="y", sources=sources)  # type: ignore[arg-type]
    store = Store(tmp_path / "models")
    from_file = files[name] if by_hand else None
    if refused:
        with pytest.raises(PullError, match=refused):
            pull(entry, store, Silent(), from_file=from_file)
        assert store.installed() == {}
    else:
        assert pull(entry, store, Silent(), from_file=from_file).size == files[name].stat().st_size
