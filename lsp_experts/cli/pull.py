"""`lsp-experts pull ID…`: gets experts into the store."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lsp_experts.cli.progress import terminal_progress
from lsp_experts.errors import ExpertsError, UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.expert_files import install_command
from lsp_experts.registry.pull import pull
from lsp_experts.registry.store import Store


def run(ids: Sequence[str], *, yes: bool = False, from_file: Path | None = None, again: bool = False) -> int:
    """Pulls each expert; 0 if all are there, 1 if one is not. `yes` agrees to licences that ask for it."""
    if not ids:
        raise UsageError("no expert was named.", remedy="`lsp-experts experts` lists them.")
    if from_file is not None and len(ids) != 1:
        raise UsageError("--from takes one file for one expert.", remedy="Call it once for each expert.")
    paths = default_paths()
    catalogue = load_catalogue(paths)
    for problem in catalogue.problems:
        print(problem, file=sys.stderr)
    entries = [catalogue.get(expert) for expert in ids]  # a wrong id ends it before anything is downloaded
    for entry in entries:
        if entry.remote is not None:
            problem = f"{entry.id} is served at {entry.remote.endpoint}, there is nothing to pull."
            raise UsageError(problem, remedy=f"`lsp-experts remote check {entry.id}` asks it for a line.")
    store, failed = Store(paths.store), False
    for entry in entries:
        try:
            _agree(entry, yes=yes)
            installed = pull(entry, store, terminal_progress(), say=_say, from_file=from_file, again=again)
        except ExpertsError as error:
            print(f"lsp-experts: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{entry.id}: {installed.size:,} bytes, {entry.licence}, {installed.source}\n  {installed.path}")
            _name_missing_base(entry, catalogue, store)
    return 1 if failed else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _name_missing_base(entry: Entry, catalogue: Catalogue, store: Store) -> None:
    if entry.kind == "adapter" and entry.base is not None and store.recorded(entry.base) is None:
        _say(f"{entry.id} needs its base, {entry.base}: {install_command(catalogue.get(entry.base))}")


def _agree(entry: Entry, *, yes: bool) -> None:
    """A licence that forbids commercial use is shown, and taken only by a yes."""
    if not entry.non_commercial:
        return
    _say(f"{entry.id} is for non-commercial use only. Licence: {entry.licence}\n  {entry.note}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{entry.id} needs a yes to its licence.", remedy="Call it with --yes if you agree.")
    _say("Pull it on these terms? [y/N] ")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError(f"{entry.id} was not pulled.")
