"""Modelfiles: read back by Ollama's documented grammar."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lsp_experts.completion.templates import TEMPLATES, FimTemplate
from lsp_experts.errors import UsageError
from lsp_experts.lab.export.modelfile import modelfile_text, parse_modelfile
from lsp_experts.lab.export.ollama import ollama_files
from lsp_experts.lab.export.served import Served
from lsp_experts.registry.entry import Entry, HubSource

GO = Entry("go-adapter", "adapter", ("go",), "MIT", "", base="tiny", context=1024)
TINY = Entry("tiny", "model", ("*",), "MIT", "", context=2048)
HUB = HubSource("Qwen/A-GGUF", "part/a q4.gguf", revision="v1")


def test_a_prompt_goes_through_untouched_and_control_texts_end_an_answer() -> None:
    served = (
        Served(GO, TINY, Path("/a b/tiny.gguf"), Path("/go.gguf"), TEMPLATES["codestral"]),
        Served(TINY, TINY, HUB),
    )
    made = ollama_files(served, Path("/out"))
    assert parse_modelfile(made.files["go-adapter.Modelfile"].decode()) == (
        ("from", "/a b/tiny.gguf"),
        ("adapter", "/go.gguf"),
        ("template", "{{ .Prompt }}"),
        ("num_ctx", "1024"),
        ("temperature", "0"),
        ("repeat_penalty", "1"),
        ("stop", "[PREFIX]"),
        ("stop", "[SUFFIX]"),
        ("stop", "\n+++++ "),
    )
    assert parse_modelfile(made.files["tiny.Modelfile"].decode())[0] == ("from", "./part/a q4.gguf")
    assert "go-adapter: a GGUF adapter" in made.one_host


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_the_stops_of_every_family_can_be_said(template: FimTemplate) -> None:
    served = Served(TINY, TINY, Path("/t.gguf"), None, template)
    commands = parse_modelfile(ollama_files([served], Path("/out")).files["tiny.Modelfile"].decode())
    assert {value for name, value in commands if name == "stop"} == {*template.controls, *template.stops}


def test_the_script_fetches_once_and_creates_all(tmp_path: Path) -> None:
    """With programs of the test's own in the place of `hf` and `ollama`."""
    also = Entry("also", "model", ("*",), "MIT", "")
    files = ollama_files((Served(TINY, TINY, HUB), Served(also, also, HUB)), tmp_path).files
    (tmp_path / "create.sh").write_bytes(files["create.sh"])
    (tmp_path / "bin").mkdir()
    for name in ("hf", "ollama"):
        (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nprintf "%s|" {name} "$@"; echo\n')
        (tmp_path / "bin" / name).chmod(0o755)
    ran = subprocess.run(
        ["/bin/sh", str(tmp_path / "create.sh")],
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "hf|download|Qwen/A-GGUF|part/a q4.gguf|--revision|v1|--local-dir|.|",
        "ollama|create|tiny|-f|tiny.Modelfile|",
        "ollama|create|also|-f|also.Modelfile|",
    ]


@pytest.mark.parametrize(
    "commands",
    [
        [("template", "x")],  # no FROM
        [("from", "/a\x07b")],
        [("from", "")],
        [("from", '/a"""\nb')],
        [("from", "/a"), ("num_gpu", "1")],
    ],
)
def test_what_a_modelfile_cannot_say_is_an_error(commands: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError):
        modelfile_text(commands, "remark")


@pytest.mark.parametrize("text", ["FROM\n", "FROM /a\nADAPTOR /b\n", 'FROM "/a\n', "", "PARAMETER stop x\n"])
def test_what_ollama_would_refuse_is_not_read(text: str) -> None:
    with pytest.raises(UsageError):
        parse_modelfile(text)


def test_names_have_no_case_and_remarks_may_stand_anywhere() -> None:
    assert parse_modelfile('# one\n\nfrom /a # b\n  # two\nParameter stop "x y"\n') == (
        ("from", "/a # b"),
        ("stop", "x y"),
    )
