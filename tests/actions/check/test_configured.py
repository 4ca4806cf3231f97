"""check.json: what is read of it, and the files that are refused; nothing of a workspace is ever asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.actions.check.configured import check_file, configured, set_check, unset_check
from lsp_experts.errors import ActionRefused
from lsp_experts.paths import Paths, default_paths


def write(content: Any, paths: Paths | None = None) -> Path:
    file = check_file(paths or default_paths())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    file.chmod(0o600)
    return file


def check(checks: dict[str, Any], folder: str, command: tuple[str, ...] | None, timeout_s: float = 120) -> None:
    write({"version": 1, "checks": checks, "timeout_s": timeout_s})
    found = configured(default_paths(), Path(folder))
    assert (found and (found.command, found.timeout_s)) == (command and (command, timeout_s))


def test_the_longest_folder_decides() -> None:
    both = {"/w": "make test", "/w/site": ["pytest", "-q"]}
    check(both, "/w/site/deep", ("pytest", "-q"))
    check(both, "/w/site", ("pytest", "-q"))
    check(both, "/w/sites", ("make", "test"), 7)
    check(both, "/elsewhere", None)
    check({}, "/w", None)
    check({"/": "true"}, "/w", ("true",))


def test_a_text_is_split_and_no_shell_sees_it() -> None:
    check({"/w": "a 'b c' $HOME; rm * && `x`"}, "/w", ("a", "b c", "$HOME;", "rm", "*", "&&", "`x`"))


def test_links_are_followed_on_both_sides(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    check({str(tmp_path / "link"): "true"}, str(tmp_path / "real"), ("true",))
    check({str(tmp_path / "real"): "true"}, str(tmp_path / "link"), ("true",))


def test_no_file_is_no_command() -> None:
    assert configured(default_paths(), Path("/w")) is None


def checks(value: Any) -> dict[str, Any]:
    return {"version": 1, "checks": {"/w": value}}


@pytest.mark.parametrize(
    ("content", "at"),
    [
        ("", "$"),
        ("{", "$"),
        ("[]", "$"),
        ("[" * 100_000, "$"),
        ('{"version": 1, "checks": {}, "checks": {"/w": "x"}}', "$.checks"),
        ({"checks": {}}, "$.version"),
        ({"version": 2, "checks": {}}, "$.version"),
        ({"version": True, "checks": {}}, "$.version"),
        ({"version": 1}, "$.checks"),
        ({"version": 1, "checks": []}, "$.checks"),
        ({"version": 1, "checks": {}, "shell": True}, "$.shell"),
        ({"version": 1, "checks": {"w": "x"}}, "$.checks.w"),
        ({"version": 1, "checks": {"": "x"}}, '$.checks[""]'),
        ({"version": 1, "checks": {}, "timeout_s": 0}, "$.timeout_s"),
        ({"version": 1, "checks": {}, "timeout_s": True}, "$.timeout_s"),
        ({"version": 1, "checks": {}, "timeout_s": "9"}, "$.timeout_s"),
        ({"version": 1, "checks": {}, "timeout_s": 4000}, "$.timeout_s"),
        *((checks(value), '$.checks["/w"]') for value in ("", "  ", "a 'b", [], [""], ["a", 1], 1, None, {}, "a\0")),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(content: Any, at: str) -> None:
    file = write(content)
    with pytest.raises(ActionRefused) as refused:
        configured(default_paths(), Path("/w"))
    assert refused.value.message.startswith(f"{file}: at {at}")
    assert "check --set" in refused.value.remedy


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(mode: int) -> None:
    write(checks("true")).chmod(mode)
    with pytest.raises(ActionRefused, match="others can write it") as refused:
        configured(default_paths(), Path("/w"))
    assert "chmod go-w" in refused.value.remedy


def test_a_folder_in_which_others_could_replace_the_file_is_refused() -> None:
    folder = write(checks("true")).parent
    folder.chmod(0o777)
    with pytest.raises(ActionRefused, match="others can write it"):
        configured(default_paths(), Path("/w"))
    folder.chmod(0o755)
    assert configured(default_paths(), Path("/w")) is not None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_another_users_file_is_refused() -> None:
    os.chown(write(checks("true")), 4711, 4711)
    with pytest.raises(ActionRefused, match="another user"):
        configured(default_paths(), Path("/w"))


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling", "circle"])
def test_what_is_no_file_is_refused(kind: str) -> None:
    file = write("{}")
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file, 0o600)
    elif kind == "circle":
        file.symlink_to(file)
    else:
        file.symlink_to("/nowhere/check.json")
    with pytest.raises(ActionRefused, match=r"check\.json"):
        configured(default_paths(), Path("/w"))


def test_setting_and_unsetting_keep_the_rest(tmp_path: Path) -> None:
    file = write({"version": 1, "checks": {"/w": ["a", "b"]}, "timeout_s": 9})
    assert set_check(default_paths(), tmp_path, "go build ./...").command == ("go", "build", "./...")
    assert json.loads(file.read_text()) == {
        "version": 1,
        "checks": {"/w": ["a", "b"], str(tmp_path): "go build ./..."},
        "timeout_s": 9,
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert unset_check(default_paths(), tmp_path)
    assert not unset_check(default_paths(), tmp_path)
    assert json.loads(file.read_text())["checks"] == {"/w": ["a", "b"]}


@pytest.mark.parametrize("command", ["", "  ", "a 'b", "a\0b"])
def test_what_is_no_command_is_not_set(command: str, tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match="is no command"):
        set_check(default_paths(), tmp_path, command)
    assert not check_file(default_paths()).exists()


def test_a_workspace_cannot_plant_a_command(tmp_path: Path) -> None:
    planted = json.dumps({"version": 1, "checks": {str(tmp_path): "touch planted"}})
    for name in ("check.json", ".lsp-experts/check.json", ".vscode/check.json", "config/check.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(planted)
    assert configured(default_paths(), tmp_path) is None
