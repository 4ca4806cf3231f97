"""The commands of a machine on which nothing is installed yet: clear words, right exit codes, no traceback."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from e2e_commands import Command, json_of

from lsp_experts.cli import complete
from lsp_experts.cli.main import main, parser
from lsp_experts.errors import UsageError


def check(done: object, code: int, *words: str) -> None:
    out = done.stdout + done.stderr  # type: ignore[attr-defined]
    assert done.returncode == code, out  # type: ignore[attr-defined]
    assert "Traceback" not in out
    for word in words:
        assert word in out, out


def test_help_names_every_command(lsp_experts: Command, capsys: pytest.CaptureFixture[str]) -> None:
    names = (
        "serve",
        "demo",
        "complete",
        "experts",
        "pull",
        "remove",
        "verify",
        "path",
        "carve",
        "fit",
        "registry",
        "doctor",
        "top",
        "stats",
        "forget",
        "bench",
    )
    check(lsp_experts("--help"), 0, *names)
    for name in names:
        with pytest.raises(SystemExit):
            parser().parse_args([name, "--help"])
        assert f"usage: lsp-experts {name}" in capsys.readouterr().out


def test_version(lsp_experts: Command) -> None:
    check(lsp_experts("--version"), 0, "lsp-experts 0.")


def test_experts(lsp_experts: Command) -> None:
    check(lsp_experts("experts"), 0, "go-carved", "html-carved", "qwen2.5-coder-0.5b", "Apache-2.0")
    check(lsp_experts("experts", "--json"), 0, '"go-carved"')


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pull", "nonsense"), ("nonsense", "lsp-experts experts")),
        (("path", "go-carved"), ("go-carved",)),
        (("remove", "go-carved"), ("go-carved",)),
        (("pull", "go-carved"), ("lsp-experts carve --language go",)),
        (("carve", "--language", "klingon"), ("klingon",)),
        (("complete", "/nowhere/a.go", "--line", "1", "--column", "1"), ("/nowhere/a.go is not a file",)),
        (("bench", "fim", "--data", "/nowhere.gz", "--expert", "go-carved"), ("go-carved",)),
        (("registry", "check", "/nowhere.json"), ("/nowhere.json",)),
        (("serve", "--tcp", "--host", "0.0.0.0"), ("0.0.0.0", "127.0.0.1")),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """In this process: `main` is all that a new one would add."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(arguments) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    said = "".join(capsys.readouterr())
    for word in words:
        assert word in said, said


def test_complete_without_an_expert_gives_the_reason(lsp_experts: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.go"
    file.write_text("package main\n")
    check(lsp_experts("complete", file, "--line", "1", "--column", "5"), 1, "no suggestion: no expert", "not installed")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (b"package main\n", 9, 1, "there is no line 9"),
        (b"package main\n", 1, 99, "there is no column 99"),
        (b"package main\n", 0, 1, "there is no line 0"),
        (b"\xff\xfe", 1, 1, "byte 0 is not UTF-8"),
    ],
)
def test_complete_at_no_place(tmp_path: Path, text: bytes, line: int, column: int, words: str) -> None:
    file = tmp_path / "a.go"
    file.write_bytes(text)
    with pytest.raises(UsageError, match=words):
        complete.run(file=file, line=line, column=column, language="", as_json=False)


def test_doctor_on_a_bare_machine(lsp_experts: Command) -> None:
    done = lsp_experts("doctor")
    check(done, 1, "llama-cpp-python", "none is installed", "lsp-experts demo")


def test_doctor_names_a_bad_overlay_and_goes_on(lsp_experts: Command, home: Path) -> None:
    overlay = home / "config" / "expert_registry.json"
    overlay.parent.mkdir(parents=True)
    overlay.write_text('{"version": 99}')
    check(lsp_experts("doctor"), 1, str(overlay), "llama-cpp-python")
    check(lsp_experts("registry", "check", overlay), 1, "$.version")


def test_doctor_proves_left_to_right_models_too(lsp_experts: Command, home: Path, tiny_gguf: Path) -> None:
    """The tiny model has FIM tokens and random weights: it claims to fill in the middle, and does not."""
    pulled = lsp_experts("pull", "qwen2.5-coder-0.5b", "--from", tiny_gguf)
    assert pulled.returncode == 0, pulled.stderr
    done = lsp_experts("doctor", "--json")
    report = json.loads(done.stdout)
    (found,) = [finding for finding in report["findings"] if finding["topic"] == "qwen2.5-coder-0.5b"]
    assert not found["ok"] and "0 of 5" in found["found"] and "fim" in found["remedy"]
    assert json_of(lsp_experts("experts", "--installed", "--json"))
