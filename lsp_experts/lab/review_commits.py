"""Bug fixes of a repository's own history: commits that say so and change few lines of one file of code. Runs git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from lsp_experts.actions.test_writing.files import is_test_file
from lsp_experts.completion.document import plain_newlines
from lsp_experts.errors import UsageError
from lsp_experts.lab.corpus import languages_of, readable
from lsp_experts.lab.git_history import git
from lsp_experts.lab.replay_cases import SourceFile

MOST_LINES = 3  # that a fix takes out, and that it puts in
_WORDS = "(^|[^a-z])(fix(e[sd])?|bugs?|bugfix|crash(e[sd])?|regressions?)([^a-z]|$)"
_LOOKED_AT = 5000  # commits that say so, the newest first


@dataclass(frozen=True)
class Fix:
    """What a commit changed: `before` is its parent's version; lines count from 0 in it.

    `lines`: the ones that the commit changes or takes out. `fixed`: what it writes in their place.
    """

    commit: str
    before: SourceFile
    lines: tuple[int, ...]
    fixed: tuple[str, ...]


def fixes(folder: Path) -> Iterator[Fix]:
    """The newest first. UsageError, in words for people, where there is no git, no repository or no such commit."""
    listed = git(
        folder, "log", "--no-merges", "-i", "-E", f"--grep={_WORDS}", f"--max-count={_LOOKED_AT}", "--diff-filter=AMD",
        "--no-renames", "--no-ext-diff", "--no-textconv", "--numstat", "-z", "--relative", "--format=%x01%H",
    )  # fmt: skip
    found = False
    for commit, path in _small(listed):
        fix = _fix(folder, commit, path)
        if fix is not None:
            found = True
            yield fix
    if not found:
        raise UsageError(
            f"{folder} has no commits that say they fix something and change at most {MOST_LINES} lines of one file.",
            remedy="A shallow clone has no history; `git fetch --unshallow` brings it.",
        )


def _small(listed: str) -> Iterator[tuple[str, str]]:
    """(commit, path) of each commit that changes one file of code besides tests, by few lines."""
    for entry in listed.split("\x01")[1:]:
        commit, _, rest = entry.partition("\0")
        changed = []
        for row in rest.strip("\n").split("\0"):
            added, _, more = row.strip("\n").partition("\t")
            removed, _, path = more.partition("\t")
            languages = languages_of(path, b"") if path else ()
            if languages and not is_test_file(f"file:///{path}", languages[0], "file://"):
                changed.append((path, added, removed))
        if len(changed) == 1:
            path, added, removed = changed[0]
            if added.isdigit() and removed.isdigit() and int(added) <= MOST_LINES and 0 < int(removed) <= MOST_LINES:
                yield commit.strip(), path


def _fix(folder: Path, commit: str, path: str) -> Fix | None:
    """None where a version is no text, or the change is one of blanks or comments only."""
    try:
        before, after = (git(folder, "show", f"{revision}:./{path}") for revision in (f"{commit}~1", commit))
    except UsageError:
        return None  # the first commit, or a file that was not there before
    if readable(before.encode()) is None:
        return None
    before, after = plain_newlines(before), plain_newlines(after)
    lines, fixed = _changed(before.split("\n"), after.split("\n"))
    if not lines or {"".join(each.split()) for each in fixed} == {
        "".join(before.split("\n")[line].split()) for line in lines
    }:
        return None
    language = languages_of(path, before[:4096].encode())[0]
    return Fix(commit[:12], SourceFile(folder / path, language, before), lines, fixed)


def _changed(before: Sequence[str], after: Sequence[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    changes = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    lines = tuple(line for _, start, end, _, _ in changes for line in range(start, end))
    return lines, tuple(after[line] for _, _, _, start, end in changes for line in range(start, end))
