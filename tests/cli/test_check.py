"""`lsp-experts check`: shows, sets, forgets and runs the command of a folder."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from lsp_experts.actions.check.configured import check_file
from lsp_experts.cli.main import main
from lsp_experts.paths import default_paths


def check(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, out: str, err: str = "") -> None:
    assert main(["check", *arguments]) == code
    said = capsys.readouterr()
    assert out in said.out
    assert err in said.err
    assert len(said.err.splitlines()) <= 1


def test_a_command_from_setting_to_forgetting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path)
    check(capsys, [folder], 1, "", f'No command checks {folder}. `lsp-experts check --set "COMMAND" {folder}`')
    check(capsys, ["--set", "go build ./...", folder], 0, f"{folder}: go build ./... (at most 120 s)")
    (tmp_path / "deep").mkdir()
    check(capsys, [f"{folder}/deep"], 0, f"{folder}: go build ./...")
    check(capsys, ["--unset", f"{folder}/deep"], 1, "it has no command of its own")
    check(capsys, ["--unset", folder], 0, "no command any more")
    check(capsys, [folder], 1, "", "No command checks")


def test_it_runs_as_the_server_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text("open('trace', 'w')\nundefined\n")
    check(capsys, ["--set", shlex.join([sys.executable, "a.py"]), str(tmp_path)], 0, "written to")
    check(capsys, ["--run", str(tmp_path)], 1, "a.py:2: NameError: name 'undefined' is not defined")
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]
    (tmp_path / "a.py").write_text("print('fine')")
    check(capsys, ["--run", str(tmp_path)], 0, "fine\npassed (")


def test_what_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, [str(tmp_path / "gone")], 1, "", "is not a folder")
    check(capsys, ["--set", "", str(tmp_path)], 1, "", "is no command")
    check_file(default_paths()).parent.mkdir(parents=True)
    check_file(default_paths()).write_text("{")
    for arguments in ([], ["--run"], ["--unset"], ["--set", "true"]):
        check(capsys, [*arguments, str(tmp_path)], 1, "", "check.json: at $")
    assert check_file(default_paths()).read_text() == "{"
