"""A time split by a repository's history: what was written after a commit. Runs git."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.lab.corpus import MAX_FILE_BYTES, languages_of
from lsp_experts.lab.git_history import commit_of, git

Ranges = Sequence[range]

LATER_SHARE = 0.1  # of the commits lie after the split, unless they add too little
MOST_SHARE = 0.5
LEAST_LINES = 400  # of code that the later commits add: some hundred places and room to choose
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NEW_FILE = "+++ b/"


def changed_lines(folder: Path, since: str) -> Mapping[Path, Ranges]:
    """The lines (from 0) below `folder` that commits after `since` added, by file; moved files are not new.

    Of code only, and of files that are as the newest commit has them: in one that is being edited the numbers are not
    right, and to compare it git might run filters that the repository's own configuration names.
    UsageError where there is no git or no such commit.
    """
    added = _added(folder, commit_of(folder, since))
    committed = _committed(folder)
    return {folder / name: lines for name, lines in added.items() if _is_as(folder / name, committed.get(name, ""))}


def split_commit(folder: Path, least_lines: int = LEAST_LINES) -> str:
    """The newest commit after which a tenth of the commits lie, or so many more, up to half of them, that they added
    `least_lines` lines of code. Of the main line's commits, a merge being one. "" where there is no git or too little
    history.
    """
    try:
        commits = git(folder, "log", "--first-parent", "--format=%H", "--", ".").split()
        for later in _later(len(commits)):
            added = _added(folder, commits[later])
            if sum(len(lines) for ranges in added.values() for lines in ranges) >= least_lines:
                return commits[later]
    except UsageError:
        pass  # no git, no repository
    return ""


def _later(commits: int) -> Iterator[int]:
    """How many of the commits to try as later ones."""
    later, most = max(1, int(commits * LATER_SHARE)), int(commits * MOST_SHARE)
    while later < most:
        yield later
        later *= 2
    if most:
        yield most


def _added(folder: Path, since: str) -> dict[str, list[range]]:
    """By path below `folder`, of code."""
    said = git(
        folder, "diff", "-U0", "--inter-hunk-context=0", "--find-renames", "--diff-filter=AMR", "--relative",
        "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules", "--src-prefix=a/", "--dst-prefix=b/",
        since, "HEAD", "--", ".",
    )  # fmt: skip
    found: dict[str, list[range]] = {}
    name, skip = "", 0
    for line in said.split("\n"):
        if skip:  # within a hunk: a line of code may look like anything
            skip -= not line.startswith("\\")
        elif line.startswith("diff --git "):
            name = ""
        elif line.startswith(_NEW_FILE):
            name = line.removeprefix(_NEW_FILE).removesuffix("\t")
        elif match := _HUNK.match(line):
            removed, start, count = int(match[1] or 1), int(match[2]), int(match[3] or 1)
            skip = removed + count
            if name and count and languages_of(name, b""):
                found.setdefault(name, []).append(range(start - 1, start - 1 + count))
    return found


def _committed(folder: Path) -> dict[str, str]:
    """The newest commit's blob ids, by path below `folder`."""
    return dict(_entries(git(folder, "ls-tree", "-r", "-z", "HEAD")))


def _entries(listed: str) -> Iterator[tuple[str, str]]:
    for entry in listed.split("\0"):
        fields, tab, name = entry.partition("\t")
        if tab:
            yield name, fields.split(" ")[2]


def _is_as(path: Path, blob: str) -> bool:
    """Whether a file has the content of a blob; line breaks may be those of another system."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
            return False
        data = path.read_bytes()
    except OSError:
        return False
    kind = hashlib.sha256 if len(blob) == 64 else hashlib.sha1
    return any(
        kind(b"blob %d\0" % len(each) + each).hexdigest() == blob for each in (data, data.replace(b"\r\n", b"\n"))
    )
