"""Which files of a folder a check sees, with git and without."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lsp_experts.actions.check.listing import paths_in

FILES = {
    ".gitignore": "*.log\n/out/\n!kept.log\n",
    "a.py": "",
    "b.log": "",
    "kept.log": "",
    "out/x.py": "",
    "sub/.gitignore": "!b.log\nlocal.py\n",
    "sub/b.log": "",
    "sub/local.py": "",
    "sub/ü x.py": "",
    "node_modules/m/index.js": "",
    "sub/.venv/bin/python": "",
    "__pycache__/a.pyc": "",
}
SEEN = {".gitignore", "a.py", "kept.log", "sub/.gitignore", "sub/b.log", "sub/ü x.py"}


def fill(folder: Path) -> Path:
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True, capture_output=True
    )


def test_without_git_the_nearest_gitignore_decides(tmp_path: Path) -> None:
    assert set(paths_in(fill(tmp_path))) == SEEN


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_what_git_lists(tmp_path: Path) -> None:
    fill(tmp_path)
    git(tmp_path, "init", "-q")
    assert set(paths_in(tmp_path)) == SEEN
    git(tmp_path, "add", "-f", "b.log")  # tracked, though ignored
    assert set(paths_in(tmp_path)) == SEEN | {"b.log"}
    assert set(paths_in(tmp_path / "sub")) == {".gitignore", "b.log", "ü x.py"}


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_the_repository_runs_no_program_of_its_own(tmp_path: Path) -> None:
    fill(tmp_path)
    git(tmp_path, "init", "-q")
    hook = tmp_path / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/planted\n")
    hook.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(hook))
    assert "a.py" in set(paths_in(tmp_path))
    assert not (tmp_path / "planted").exists()


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_a_submodules_files_are_its_own(tmp_path: Path) -> None:
    inner = fill(tmp_path / "main" / "inner")
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-q", "-m", "x")
    git(tmp_path / "main", "init", "-q")
    git(tmp_path / "main", "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    assert set(paths_in(tmp_path / "main")) == {f"inner/{path}" for path in SEEN}


def test_a_broken_repository_is_walked(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / ".git").write_text("gitdir: /nowhere")
    assert set(paths_in(tmp_path)) == SEEN
