"""Which files of a folder a check needs: what git lists, else what no .gitignore names. Reads the disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from lsp_experts.syntax.gitignore import ignore_rules

LINKED_FOLDERS = frozenset({"node_modules", ".venv", "venv"})  # what a command needs and nobody wants copied
_LEFT_OUT = LINKED_FOLDERS | {".git", ".hg", ".svn", "__pycache__", ".mypy_cache", ".pytest_cache", ".tox", ".gradle"}
_GIT_TIMEOUT_S = 20.0
# A repository's own configuration can name programs that `git ls-files` runs; this is the one it knows.
_GIT = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


def paths_in(folder: Path) -> Iterator[str]:
    """Paths below `folder` with "/", links among them, some perhaps gone by now; no folders."""
    listed = _listed_by_git(folder)
    for path in listed if listed is not None else _walk(folder, "", ()):
        if not _LEFT_OUT.intersection(path.split("/")):
            yield path


def _listed_by_git(folder: Path) -> list[str] | None:
    """None where the folder is in no repository, or git is missing or has trouble."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    # Nothing of a surrounding git (a hook may have started the editor), no index written, nothing fetched.
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            _GIT,
            cwd=folder,
            env=surroundings | quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    listed = [os.fsdecode(path) for path in dict.fromkeys(done.stdout.split(b"\0")) if path]
    # A submodule is listed as a folder: its files are its own repository's.
    submodules = [path for path in listed if (folder / path).is_dir() and not (folder / path).is_symlink()]
    inner = [f"{path}/{below}" for path in submodules for below in paths_in(folder / path)]
    return [path for path in listed if path not in submodules] + inner


def _walk(folder: Path, below: str, rules: tuple[tuple[str, GitIgnoreSpec], ...]) -> Iterator[str]:
    """`rules`: for each folder above (with "/" behind it), what its .gitignore names."""
    try:
        entries = sorted(os.scandir(folder / below), key=lambda entry: entry.name)
    except OSError:
        return
    if any(entry.name == ".gitignore" and entry.is_file(follow_symlinks=False) for entry in entries):
        rules = (*rules, (below, _spec(folder / below / ".gitignore")))
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        path = below + entry.name
        named = path + "/" if is_folder else path
        if entry.name in _LEFT_OUT or _ignored(named, rules):
            continue
        if is_folder:
            yield from _walk(folder, named, rules)
        else:
            yield path


def _ignored(path: str, rules: tuple[tuple[str, GitIgnoreSpec], ...]) -> bool:
    """The nearest file that says anything decides."""
    said = (spec.check_file(path.removeprefix(below)).include for below, spec in reversed(rules))
    return next((include for include in said if include is not None), False)


def _spec(file: Path) -> GitIgnoreSpec:
    try:
        return ignore_rules(file.read_text("utf-8", "replace"))
    except OSError:
        return ignore_rules("")
