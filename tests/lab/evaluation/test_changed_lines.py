"""Which lines later commits wrote, in real repositories made here by git."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from made_repository import commit, git

from lsp_experts.errors import UsageError
from lsp_experts.lab.evaluation.changed_lines import changed_lines, split_commit
from lsp_experts.lab.git_history import commit_of, git_bytes

CODE = "".join(f"def number{n}():\n    return {n}\n\n" for n in range(10))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "x", {"a.py": CODE, "notes.txt": "x\n", "below/old.py": CODE + "old = 1\n"})
    return folder


def lines_of(folder: Path, since: str) -> dict[str, list[str]]:
    """The changed lines themselves, by path."""
    return {
        path.relative_to(folder).as_posix(): [
            line
            for each in ranges
            for line in path.read_bytes().replace(b"\r\n", b"\n").decode().split("\n")[each.start : each.stop]
        ]
        for path, ranges in changed_lines(folder, since).items()
    }


def check(repository: Path, files: Mapping[str, str | bytes], wanted: dict[str, list[str]]) -> None:
    """After a commit of `files`, just these lines are new."""
    since = commit_of(repository, "HEAD")
    commit(repository, "x", files)
    assert lines_of(repository, since) == wanted


def test_changed_and_added_lines(repository: Path) -> None:
    changed = CODE.replace("return 4", "return 44").replace("def number7", "# seven\ndef number7")
    check(
        repository,
        {"a.py": changed, "grün 1/b c.py": "first\nsecond", "notes.txt": "y\n"},
        {"a.py": ["    return 44", "# seven"], "grün 1/b c.py": ["first", "second"]},
    )


def test_code_that_looks_like_a_diff(repository: Path) -> None:
    odd = ["++ b/other.py", "@@ -1 +1 @@", "diff --git a/x.py b/x.py", "-- a/x.py", "\\ No newline"]
    check(repository, {"a.py": CODE + "\n".join(odd)}, {"a.py": odd})


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": CODE.replace("    return 3\n", "")},
        {"picture.py": b"\0\1\2" * 50},
        {"made.min.js": "x\n"},
        {},
    ],
    ids=["only less", "binary", "generated", "nothing"],
)
def test_nothing_new_to_type(repository: Path, files: Mapping[str, str | bytes]) -> None:
    check(repository, files, {})


def test_a_moved_file_is_not_new(repository: Path) -> None:
    (repository / "below/old.py").unlink()
    check(repository, {"moved.py": CODE + "old = 1\nnew = 2\n"}, {"moved.py": ["new = 2"]})


def test_a_folder_below_and_other_line_breaks(repository: Path) -> None:
    since = commit_of(repository, "HEAD")
    commit(repository, "x", {"below/old.py": CODE + "old = 1\nnew = 2\n", "a.py": "x = 1\n"})
    (repository / "below/old.py").write_bytes((CODE + "old = 1\nnew = 2\n").replace("\n", "\r\n").encode())
    assert lines_of(repository / "below", since) == {"old.py": ["new = 2"]}


def test_what_is_not_committed_is_left_out(repository: Path) -> None:
    since = commit_of(repository, "HEAD")
    commit(repository, "x", {"a.py": CODE + "new = 1\n", "b.py": "x = 1\n", "c.py": "y = 1\n"})
    (repository / "a.py").write_text("# edited\n" + CODE + "new = 1\n")
    (repository / "b.py").unlink()
    (repository / "untracked.py").write_text("z = 1\n")
    assert lines_of(repository, since) == {"c.py": ["y = 1"]}


def test_settings_of_the_user_and_the_repository_change_nothing(repository: Path, tmp_path: Path) -> None:
    since = commit_of(repository, "HEAD")
    signed = commit(repository, "x", {"b.py": "x = 1\n", ".gitattributes": "*.py diff=own filter=own\n"})
    head, _, message = git(repository, "cat-file", "commit", signed).partition("\n\n")
    signature = "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n =\n -----END PGP SIGNATURE-----"
    (repository / "signed").write_text(f"{head}{signature}\n\n{message}")
    git(repository, "update-ref", "HEAD", git(repository, "hash-object", "-t", "commit", "-w", "signed").strip())
    ran = repository / "ran"
    program = f"touch '{ran}'; cat"
    for name in ("diff.external", "diff.own.command", "diff.own.textconv", "filter.own.clean", "core.pager"):
        git(repository, "config", name, program)
    verify = tmp_path / "verify"
    verify.write_text(f"#!/bin/sh\n{program}\n")
    verify.chmod(0o700)
    git(repository, "config", "gpg.program", str(verify))
    for name in ("diff.noprefix", "diff.mnemonicPrefix", "log.showSignature"):
        git(repository, "config", name, "true")
    git(repository, "config", "diff.interHunkContext", "1000")
    git(repository, "config", "color.ui", "always")
    git(repository, "config", "diff.renames", "false")
    (repository / "a.py").touch()
    assert lines_of(repository, since) == {"b.py": ["x = 1"]}
    assert split_commit(repository, least_lines=1) == since
    assert not ran.exists()


# -- the split --------------------------------------------------------------------------------------------------------


def added_since(repository: Path, split: str) -> int:
    return sum(len(lines) for lines in lines_of(repository, split).values())


def test_the_split_leaves_a_tenth_for_later(repository: Path) -> None:
    commits = [commit(repository, "x", {f"f{n}.py": CODE}) for n in range(39)]
    split = split_commit(repository, least_lines=20)
    assert split == commits[-5], "4 of 40 commits are later"
    assert added_since(repository, split) == 4 * 30


def test_the_split_goes_back_until_there_are_lines_enough(repository: Path) -> None:
    commits = [commit(repository, "x", {f"f{n}.py": CODE}) for n in range(39)]
    split = split_commit(repository, least_lines=400)
    assert commits.index(split) == 39 - 16 - 1
    assert added_since(repository, split) >= 400
    assert split_commit(repository, least_lines=10_000) == "", "half of the commits are not enough"


def test_a_merge_is_one_commit(repository: Path) -> None:
    main = [commit(repository, "x", {f"f{n}.py": CODE}) for n in range(9)]
    git(repository, "checkout", "-q", "-b", "side", main[0])
    for n in range(20):
        commit(repository, "x", {f"side{n}.py": CODE})
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "--no-edit", "side")
    split = split_commit(repository, least_lines=10)
    assert split == main[-1]
    assert added_since(repository, split) == 20 * 30


def test_releases_as_commits(repository: Path) -> None:
    commits = [commit(repository, "x", {"a.py": CODE * n}) for n in range(2, 6)]
    assert split_commit(repository, least_lines=10) == commits[-2]


def test_too_little_history(repository: Path) -> None:
    assert split_commit(repository, least_lines=1) == ""


def test_only_the_folder_counts(repository: Path) -> None:
    for n in range(8):
        commit(repository, "x", {f"f{n}.py": CODE})
    assert split_commit(repository / "below", least_lines=1) == ""


def test_no_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert split_commit(tmp_path) == ""
    with pytest.raises(UsageError, match="git has no history for"):
        changed_lines(tmp_path, "HEAD")
    git(tmp_path, "init", "-q")
    assert split_commit(tmp_path) == ""
    monkeypatch.setenv("PATH", "")
    assert split_commit(tmp_path) == ""


@pytest.mark.parametrize("revision", ["nonsense", "--output=x", "", "HEAD~99", "HEAD:a.py"])
def test_no_such_commit(repository: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="has no commit"):
        changed_lines(repository, revision)
    assert not (repository / "x").exists()


def test_the_bytes_of_a_file_as_it_was(repository: Path) -> None:
    since = commit_of(repository, "HEAD")
    commit(repository, "x", {"a.py": b"caf\xe9\n"})
    assert git_bytes(repository, "show", f"{since}:./a.py") == CODE.encode()
    assert git_bytes(repository, "show", "HEAD:./a.py") == b"caf\xe9\n"
