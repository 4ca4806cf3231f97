"""A folder's files in a private folder, as the user sees them: unsaved edits of open documents count.

What is bounded: MAX_FILES files and MAX_BYTES bytes. Links that lead out of the folder are left out, devices and
sockets too. Folders of installed packages (listing.LINKED_FOLDERS) are not copied but linked: a command that writes
into them writes into the user's own. So a check is no sandbox, and is not meant as one: it runs the user's command on
the user's project with the user's rights, as a terminal would, and only spares the working tree its traces.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lsp_experts.actions.check.listing import LINKED_FOLDERS, paths_in
from lsp_experts.errors import ActionRefused

MAX_FILES = 20_000
MAX_BYTES = 512 * 1024 * 1024


class Stopped(Exception):
    """The copy is not wanted any more."""


@dataclass(frozen=True)
class Limits:
    """How much is copied at most."""

    files: int = MAX_FILES
    size_bytes: int = MAX_BYTES


def copy_tree(
    folder: Path,
    target: Path,
    texts: Mapping[str, str],
    stopped: Callable[[], bool] = lambda: False,
    limits: Limits = Limits(),
) -> frozenset[str]:
    """Copy what is in `folder` into the empty folder `target`, with `texts` (by path in the folder) laid over it.

    The paths that are in the copy, with "/". ActionRefused for a tree that is too large, or where the disk refuses;
    Stopped once `stopped` says so.
    """
    folder, target = Path(os.path.realpath(folder)), Path(os.path.realpath(target))
    try:
        copied = _copy(folder, target, stopped, limits)
        laid = {path for path, text in texts.items() if _lay_over(target, path, text)}
        _link_packages(folder, target, copied)
        return frozenset(copied | laid)
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise ActionRefused(
            f"{folder} could not be copied for the check: {what}.", remedy="TMPDIR names another place for copies."
        ) from error


def _copy(folder: Path, target: Path, stopped: Callable[[], bool], limits: Limits) -> set[str]:
    copied: set[str] = set()
    size_bytes = 0
    for path in paths_in(folder):
        if stopped():
            raise Stopped
        source, into = folder / path, target / path
        try:
            facts = source.lstat()
        except OSError:
            continue  # listed, and deleted since
        if not _real(source).is_relative_to(folder):
            continue
        into.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(facts.st_mode):
            into.symlink_to(os.path.relpath(target / _real(source).relative_to(folder), into.parent))
        elif stat.S_ISREG(facts.st_mode):
            size_bytes += facts.st_size
            if len(copied) == limits.files:
                raise _too_large(folder, f"{limits.files:,} files")
            if size_bytes > limits.size_bytes:
                raise _too_large(folder, f"{limits.size_bytes // (1 << 20):,} MB")
            with suppress(FileNotFoundError, PermissionError):  # gone by now, or not for this user
                shutil.copy2(source, into, follow_symlinks=False)
            copied.add(path)
    return copied


def _lay_over(target: Path, path: str, text: str) -> bool:
    """Write an open document's text; never outside the copy, and never into what will be linked."""
    into = target / path
    if LINKED_FOLDERS.intersection(PurePosixPath(path).parts) or not _real(into).is_relative_to(target):
        return False
    into.parent.mkdir(parents=True, exist_ok=True)
    if into.exists():
        into.chmod(into.stat().st_mode | stat.S_IWUSR)
    into.write_text(text, "utf-8", "replace", newline="")
    return True


def _link_packages(folder: Path, target: Path, copied: set[str]) -> None:
    for below in {str(parent) for path in copied for parent in PurePosixPath(path).parents} | {"."}:
        for name in LINKED_FOLDERS:
            source, into = folder / below / name, target / below / name
            if source.is_dir() and not os.path.lexists(into):
                into.symlink_to(_real(source), target_is_directory=True)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _too_large(folder: Path, limit: str) -> ActionRefused:
    return ActionRefused(
        f"{folder} is too large for a check: it has more than {limit}.",
        remedy="Set the command for a smaller folder inside it, or have a .gitignore name what is generated.",
    )
