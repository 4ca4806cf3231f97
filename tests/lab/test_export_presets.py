"""Router presets: what is written is what llama.cpp reads, by its own parser where the wheel brings it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import llama_preset_parser
import pytest

from lsp_experts.errors import UsageError
from lsp_experts.lab.export.llama_server import llama_server_files
from lsp_experts.lab.export.preset_ini import parse_preset, preset_text
from lsp_experts.lab.export.served import Served
from lsp_experts.registry.entry import Entry, HubSource

GO = Entry("go-adapter", "adapter", ("go",), "MIT", "", base="tiny", context=1024)
TINY = Entry("tiny", "model", ("*",), "MIT", "", context=2048)
HUB = HubSource("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")
SERVED = (Served(GO, TINY, Path("/a b/tiny.gguf"), Path("/a b/go.gguf")), Served(TINY, TINY, HUB))


def test_a_model_and_its_adapter_get_slots_of_their_own_context() -> None:
    files = llama_server_files(SERVED, Path("/out"))
    sections = parse_preset(files.files["models.ini"].decode())
    shared = sections.pop("*")
    assert sections == {
        "go-adapter": {"model": "/a b/tiny.gguf", "lora": "/a b/go.gguf", "ctx-size": "8192"},
        "tiny": {"hf-repo": HUB.repo, "hf-file": HUB.file, "ctx-size": "16384"},
    }
    assert shared["parallel"] == "8" and shared["slots"] == "false"


def test_a_revision_that_llama_cpp_cannot_fetch_is_left_out() -> None:
    made = llama_server_files((SERVED[0], Served(TINY, TINY, replace(HUB, revision="v1"))), Path("/out"))
    assert [each.id for each in made.served] == ["go-adapter"]
    assert [each.expert for each in made.left_out] == ["tiny"]


@pytest.mark.parametrize(
    "options",
    [
        {"model": "/a;b.gguf"},  # would end at the ;
        {"model": "/a#b.gguf"},
        {"model": "/a\nb.gguf"},
        {"model": " /a.gguf"},
        {"model": ""},
        {"model": "/a.gguf", "lora": "/b,c.gguf"},  # would be two
        {"ctx-size": "-1"},
        {"slots": "no"},
        {"no-such": "1"},
    ],
)
def test_what_the_format_cannot_say_is_an_error(options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="presets cannot"):
        preset_text({"x": options}, "remark")


@pytest.mark.parametrize("text", ["model = /a\n", "[x]\nmodel\n", "[x]\n[y\n", "[x]\nno such = 1\n"])
def test_what_llama_cpp_would_refuse_is_not_read(text: str) -> None:
    with pytest.raises(UsageError):
        parse_preset(text)


@pytest.fixture(scope="module")
def parser() -> Callable[[str, Path], subprocess.CompletedProcess[str]]:
    """Runs llama.cpp's parser over a text."""

    def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
        file = folder / "models.ini"
        file.write_text(text)
        command = [sys.executable, llama_preset_parser.__file__, str(file)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    if not llama_preset_parser.available():
        pytest.skip("pip install xllamacpp")
    return run


def test_llama_cpp_s_own_parser_makes_the_server_s_arguments_of_it(
    parser: Callable[[str, Path], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    ran = parser(llama_server_files(SERVED, Path("/out")).files["models.ini"].decode(), tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert sorted(found) == ["go-adapter", "tiny"]
    adapter, base = found["go-adapter"], found["tiny"]
    for words in (
        ["--lora", "/a b/go.gguf"],
        ["--model", "/a b/tiny.gguf"],
        ["--ctx-size", "8192"],
        ["--parallel", "8"],
    ):
        assert words == adapter[adapter.index(words[0]) :][:2]
    assert {"--no-slots", "--no-kv-unified"} <= set(adapter) & set(base) and "--lora" not in base
    assert base[base.index("--hf-file") + 1] == HUB.file


def test_llama_cpp_s_own_parser_refuses_what_we_refuse(
    parser: Callable[[str, Path], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for text in ("[x]\nno-such = 1\n", "[x]\nmodel\n"):
        assert parser(text, tmp_path).returncode != 0
    cut = parser("[x]\nmodel = /a;b.gguf\n", tmp_path)
    assert json.loads(cut.stdout)["x"] == ["--model", "/a"]
