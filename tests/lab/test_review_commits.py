"""Bug fixes of a repository: a real one, made here by git."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from made_repository import commit, git

from lsp_experts.errors import UsageError
from lsp_experts.lab.review_commits import fixes

CODE = """\
def first(items, count):
    # the first ones
    if count < len(items):
        return items[:count]
    return []
"""
RIGHT = CODE.replace("<", "<=")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "Begin", {"a.py": CODE, "read me.md": "x\n"})
    return folder


def test_a_small_fix_of_one_file_of_code(repository: Path) -> None:
    commit(
        repository, "Fix the last item", {"a.py": RIGHT, "tests/test_a.py": "assert True\n" * 9, "read me.md": "y\n"}
    )
    (fix,) = fixes(repository)
    assert (fix.before.path, fix.before.language, fix.before.text) == (repository / "a.py", "python", CODE)
    assert (fix.lines, fix.fixed) == ((2,), ("    if count <= len(items):",))
    assert len(fix.commit) == 12


@pytest.mark.parametrize(
    ("message", "files"),
    [
        ("Say it better", {"a.py": RIGHT}),
        ("A prefix, and debugging", {"a.py": RIGHT}),
        ("Fix two", {"a.py": RIGHT, "b.py": CODE}),
        ("Fix much", {"a.py": "x = 1\n" * 9}),
        ("Fix by adding", {"a.py": CODE + "print(1)\n"}),
        ("Fix blanks", {"a.py": CODE.replace(" < ", "  <  ")}),
        ("Fix a text", {"read me.md": "y\n"}),
        ("Fix a test", {"test_b.py": "assert False\n"}),
        ("Fix a new file", {"b.py": "x = 1\n"}),
        ("Crash: no text", {"a.py": b"\0\0\n"}),
    ],
)
def test_no_fix_to_look_for(repository: Path, message: str, files: Mapping[str, str | bytes]) -> None:
    commit(repository, message, files)
    with pytest.raises(UsageError, match="has no commits that say they fix something"):
        list(fixes(repository))


@pytest.mark.parametrize("message", ["fix: x", "Bug 12", "It crashes no more", "A regression", "[FIXED] it"])
def test_how_people_say_it(repository: Path, message: str) -> None:
    commit(repository, message, {"a.py": RIGHT})
    assert len(list(fixes(repository))) == 1


def test_the_newest_first_with_odd_names_in_a_folder_below(repository: Path) -> None:
    below = repository / "grün 1"
    commit(repository, "More", {"grün 1/b c.py": CODE})
    commit(repository, "fix", {"a.py": RIGHT})
    commit(repository, "fix it", {"grün 1/b c.py": RIGHT.replace("\n", "\r\n")})
    commit(repository, "fix it again", {"grün 1/b c.py": CODE.replace("\n", "\r\n")})
    assert [(fix.before.path.name, fix.before.text == RIGHT) for fix in fixes(below)] == [("b c.py", True)]


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(UsageError, match="git has no history for"):
        list(fixes(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is not installed"):
        list(fixes(tmp_path))


def test_no_program_of_the_repository_is_run(repository: Path) -> None:
    commit(repository, "fix", {"a.py": RIGHT, ".gitattributes": "*.py diff=own filter=own\n"})
    ran = repository / "ran"
    program = f"touch '{ran}'; true"
    for name in ("diff.external", "diff.own.command", "diff.own.textconv", "core.fsmonitor", "core.pager"):
        git(repository, "config", name, program)
    assert len(list(fixes(repository))) == 1
    assert not ran.exists()
