"""Which command checks a folder: the user's own file `check.json`, and nothing else.

    {"version": 1, "checks": {"/home/me/shop": "go build ./...", "/home/me/site": ["pytest", "-q"]}, "timeout_s": 120}

A command of a folder serves all below it; of several the longest folder's. A text is split like a shell's words
(shlex), and no shell ever sees it. The file lies in the user's configuration folder, never in a workspace, and no
setting of a client says anything here: otherwise opening a folder could run a program.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_experts.errors import ActionRefused, RegistryError
from lsp_experts.paths import Paths
from lsp_experts.registry.disk import disk_error, replace_private
from lsp_experts.registry.document import child, read_document

TIMEOUT_S = 120
_MOST_TIMEOUT_S = 3600
_KEYS = frozenset({"version", "checks", "timeout_s"})
_REMEDY = "Correct it, or delete it and set the command again with `lsp-experts check --set`."


@dataclass(frozen=True)
class Check:
    """The command that checks `folder` (absolute, links resolved), and how long it may take."""

    folder: Path
    command: tuple[str, ...]
    timeout_s: float = TIMEOUT_S


def check_file(paths: Paths) -> Path:
    """Where the user's checks are."""
    return paths.config / "check.json"


def how_to_set(folder: Path) -> str:
    """What to type so that `folder` has a command."""
    return f'`lsp-experts check --set "COMMAND" {shlex.quote(str(folder))}` sets one.'


def configured(paths: Paths, folder: Path) -> Check | None:
    """The check that serves `folder`, None if the user set none. ActionRefused for a file that cannot be trusted.

    Looks at the disk.
    """
    document = _read(check_file(paths))
    real = Path(os.path.realpath(folder))
    serving = [
        Check(Path(os.path.realpath(key)), _words(value), document.get("timeout_s", TIMEOUT_S))
        for key, value in document["checks"].items()
    ]
    return max(
        (check for check in serving if real.is_relative_to(check.folder)),
        key=lambda check: len(check.folder.parts),
        default=None,
    )


def set_check(paths: Paths, folder: Path, command: str) -> Check:
    """From now on `command` checks `folder`. ActionRefused for a command or a file that is none, StoreError."""
    real = Path(os.path.realpath(folder))
    if problem := _command_problem(command):
        raise ActionRefused(f"{command!r:.80} is no command: {problem}.", remedy='Such as: --set "go build ./...".')
    document = _read(check_file(paths))
    document["checks"][str(real)] = command
    _write(check_file(paths), document)
    return Check(real, _words(command), document.get("timeout_s", TIMEOUT_S))


def unset_check(paths: Paths, folder: Path) -> bool:
    """Forget the command of exactly this folder; whether there was one. ActionRefused, StoreError as `set_check`."""
    document, real = _read(check_file(paths)), os.path.realpath(folder)
    checks = document["checks"]
    kept = {key: value for key, value in checks.items() if os.path.realpath(key) != real}
    if len(kept) < len(checks):
        _write(check_file(paths), {**document, "checks": kept})
    return len(kept) < len(checks)


def _write(file: Path, document: dict[str, Any]) -> None:
    try:
        replace_private(file.resolve(), json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise disk_error(error, file.parent) from error


def _read(file: Path) -> dict[str, Any]:
    """The document in `file`, complete and right; an empty one if there is no file."""
    if not os.path.lexists(file):
        return {"version": 1, "checks": {}}
    _refuse_if_others_can_write(file)
    try:
        document = read_document(file)
    except RegistryError as error:
        raise ActionRefused(error.message, remedy=_REMEDY) from error
    for path, problem in _problems(document):
        raise ActionRefused(f"{file}: at {path}: {problem}.", remedy=_REMEDY)
    assert isinstance(document, dict)  # noqa: S101  # the first of the problems
    return document


def _refuse_if_others_can_write(file: Path) -> None:
    """Whoever can write the file, or put another in its place, could run programs as this user."""
    real = Path(os.path.realpath(file))  # of links in a circle one is left, which stat() refuses
    for path in (real, real.parent, file.parent):
        try:
            facts = path.stat()
        except OSError as error:
            raise ActionRefused(f"{path}: at $: it cannot be read: {error.strerror}.", remedy=_REMEDY) from error
        if not hasattr(os, "getuid"):
            return
        if facts.st_uid not in (os.getuid(), 0):
            raise ActionRefused(f"{path}: at $: it belongs to another user.", remedy=f"`chown {os.getuid()} {path}`.")
        shared_folder = stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not shared_folder:
            raise ActionRefused(f"{path}: at $: others can write it.", remedy=f"`chmod go-w {shlex.quote(str(path))}`.")


def _problems(document: object) -> Sequence[tuple[str, str]]:
    """(JSON path, problem) of everything that is wrong."""
    if not isinstance(document, dict):
        return [("$", "an object was expected")]
    found = [(child("$", key), "it has no meaning here") for key in document if key not in _KEYS]
    if document.get("version") != 1 or isinstance(document.get("version"), bool):
        found.append(("$.version", "1 was expected"))
    timeout_s = document.get("timeout_s", TIMEOUT_S)
    if type(timeout_s) is not int or not 1 <= timeout_s <= _MOST_TIMEOUT_S:
        found.append(("$.timeout_s", f"whole seconds from 1 to {_MOST_TIMEOUT_S} were expected"))
    checks = document.get("checks")
    if not isinstance(checks, dict):
        return [*found, ("$.checks", "an object was expected: a folder and its command each")]
    for folder, command in checks.items():
        path = child("$.checks", folder) if folder else '$.checks[""]'
        if not Path(folder).is_absolute():
            found.append((path, "the whole path of a folder was expected, from the root on"))
        if problem := _command_problem(command):
            found.append((path, problem))
    return found


def _command_problem(command: object) -> str:
    if isinstance(command, str):
        try:
            words = shlex.split(command)
        except ValueError as error:
            return f"its quotes are wrong: {str(error).lower()}"
        command = words
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return "a text or a list of texts was expected"
    if not command or not command[0].strip():
        return "it names no program"
    return "a text holds a NUL" if any("\0" in word for word in command) else ""


def _words(command: str | list[str]) -> tuple[str, ...]:
    return tuple(shlex.split(command) if isinstance(command, str) else command)
