"""`lsp-experts export`: a folder for each engine, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installed_tinies import install

from lsp_experts.cli.main import main
from lsp_experts.errors import StoreError
from lsp_experts.lab.export.folder import write_folder
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue

ENGINES = {"vllm": "vllm.yaml", "llama-server": "models.ini", "ollama": "create.sh"}
PORTS = {"vllm": 8000, "llama-server": 8080, "ollama": 11434}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a base, an adapter over it with a domain, and a model that completes left to right."""
    monkeypatch.setenv("LSP_EXPERTS_HOME", str(tmp_path / "home"))
    (tmp_path / "models").mkdir()
    domain = {"name": "htmx", "marks": ["hx-get="]}
    adapter = {"kind": "adapter", "base": "tiny", "languages": ["html"], "patterns": ["*.html"], "domain": domain}
    install(
        default_paths(),
        tmp_path / "models",
        {"tiny": {"languages": ["*"]}, "html-adapter": adapter, "other": {"languages": ["sql"], "fim": "none"}},
    )
    return tmp_path


def export(home: Path, engine: str, *options: str) -> tuple[int, Path]:
    folder = home / "out"
    weights = ("--weights", "Somebody/Tiny") if engine == "vllm" else ()
    return main(["export", "--for", engine, "--out", str(folder), *weights, *options]), folder


@pytest.mark.parametrize("engine", ENGINES)
def test_the_entries_are_a_registry_that_a_user_can_take(home: Path, engine: str) -> None:
    code, folder = export(home, engine)
    assert code == 0 and (folder / ENGINES[engine]).is_file()
    paths = default_paths()
    paths.overlay.write_bytes((folder / "expert_registry.json").read_bytes())
    catalogue = load_catalogue(paths)
    assert not catalogue.problems
    entry = catalogue.get("remote-html-adapter")
    assert (entry.kind, entry.languages, entry.patterns, entry.fim) == ("remote", ("html",), ("*.html",), "qwen")
    assert entry.domain is not None and entry.domain.marks == ("hx-get=",)
    assert entry.remote is not None
    assert (entry.remote.server, entry.remote.model) == (engine, "html-adapter")
    assert entry.remote.endpoint == f"http://127.0.0.1:{PORTS[engine]}/v1"
    assert ("remote-other" in catalogue.entries) == (engine != "vllm"), "it is over another base"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_readme_has_three_commands_and_says_how_documents_stay_on_a_host(home: Path, engine: str) -> None:
    _, folder = export(home, engine, "--endpoint", "https://models.example.org/v1")
    text = (folder / "README.md").read_text()
    commands = text.split("```sh\n")[1].split("```")[0].strip().splitlines()
    assert len(commands) == 3 and str(folder) in "".join(commands)
    assert "hash $http_x_lsp_experts_document consistent;" in text
    assert "`lsp-experts remote allow models.example.org`" in text
    document = json.loads((folder / "expert_registry.json").read_text())
    assert {each["remote"]["endpoint"] for each in document["experts"]} == {"https://models.example.org/v1"}


def test_nothing_is_overwritten_without_force(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, folder = export(home, "llama-server")
    (folder / "models.ini").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    assert export(home, "llama-server")[0] == 1
    assert "models.ini" in capsys.readouterr().err and (folder / "models.ini").read_text() == "mine"
    assert export(home, "llama-server", "--force")[0] == 0
    assert (folder / "models.ini").read_text() != "mine" and (folder / "notes.txt").read_text() == "mine"
    assert not list(folder.glob(".*")), "nothing is left of the writing"


def test_named_experts_come_with_their_source_and_what_cannot_be_served_is_said(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--expert", "deepseek-coder-1.3b", "--expert", "go-carved")
    code, folder = export(home, "llama-server", *options)
    assert code == 0
    presets = (folder / "models.ini").read_text()
    assert "hf-repo = " in presets and "hf-file = " in presets and "[tiny]" not in presets
    said = capsys.readouterr()
    assert "go-carved is not served: go-carved is not installed" in said.err and "carve --language go" in said.err
    assert "1 of 2 experts" in said.out
    assert "| TheBloke/deepseek-coder-1.3b-base-GGUF |" in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--expert", "nobody"), "There is no expert"),
        (("--expert", "go-carved"), "There is nothing to serve"),
        (("--endpoint", "http://models.example.org/v1"), "http leaves code readable"),
        (("--weights", "Somebody/Tiny"), "for vLLM only"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_writes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    code, folder = export(home, "ollama", *options)
    assert code == 1 and words in capsys.readouterr().err and not folder.exists()


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a").write_text("old")
    (folder / "b").mkdir()  # a file cannot take its place
    with pytest.raises(StoreError):
        write_folder(folder, {"b": b"new", "a": b"new"}, force=True)
    assert (folder / "a").read_text() == "old" and [each.name for each in sorted(folder.iterdir())] == ["a", "b"]
