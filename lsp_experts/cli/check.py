"""`lsp-experts check`: which command checks a folder, from the user's own check.json; and running it by hand."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

from lsp_experts.actions.check.checking import carried_out
from lsp_experts.actions.check.configured import (
    Check,
    check_file,
    configured,
    how_to_set,
    set_check,
    unset_check,
)
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths


def run(folder: Path, command: str | None, unset: bool, run_it: bool) -> int:
    """0, or 1 if the check failed or there is none. ActionRefused for a file that cannot be trusted, UsageError."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", remedy="Name the one whose code is to be checked.")
    paths, folder = default_paths(), folder.resolve()
    if command is not None:
        check = set_check(paths, folder, command)
        print(f"{_shown(check)}\nwritten to {check_file(paths)}")
        return 0
    if unset:
        there = unset_check(paths, folder)
        print(f"{folder}: {'no command any more' if there else 'it has no command of its own'}")
        return 0 if there else 1
    found = configured(paths, folder)
    if found is None:
        print(f"No command checks {folder}. {how_to_set(folder)}", file=sys.stderr)
        return 1
    print(_shown(found))
    return _run(found) if run_it else 0


def _run(check: Check) -> int:
    verdict = asyncio.run(carried_out(check, {}))
    print(verdict.output, end="" if verdict.output.endswith("\n") or not verdict.output else "\n")
    print(f"{verdict.told} ({verdict.seconds:.1f} s)")
    for error in verdict.errors:
        print(f"  {error.path}:{error.line}{f':{error.column}' if error.column else ''}: {error.message}")
    return 0 if verdict.passed else 1


def _shown(check: Check) -> str:
    return f"{check.folder}: {shlex.join(check.command)} (at most {check.timeout_s:.0f} s)"
