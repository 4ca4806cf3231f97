"""What files say of other files: links to secrets, ignore files of every kind, and when they are looked at again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lsprotocol import types as t

from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.exclusion import off_limits
from lsp_experts.server.documents import Documents
from lsp_experts.server.left_out import LeftOut
from lsp_experts.server.workspace_folder import IGNORE_FILES, WorkspaceFolder
from lsp_experts.settings import Settings

SECRET, IGNORED = "secrets file", "ignored file"


def check(root: Path, path: str, expected: str, *, folder: bool = True) -> None:
    why = LeftOut(root.as_uri() if folder else "").why((root / path).as_uri())
    assert why == expected


def write(root: Path, **files: str) -> None:
    """`a__b_c` is a/b.c; a name that begins with `_` has a dot there."""
    for name, text in files.items():
        at = root / name.replace("__", "/").replace("_", ".")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
@pytest.mark.parametrize("folder", [True, False])
def test_a_link_to_a_secret_is_one(tmp_path: Path, link: object, folder: bool) -> None:
    write(tmp_path, **{"_env": "A=1", "a_py": "x"})
    link(tmp_path / ".env", tmp_path / "notes.py")  # type: ignore[operator]
    check(tmp_path, "notes.py", SECRET, folder=folder)
    check(tmp_path, "a.py", "", folder=folder)


def test_a_hard_link_from_below_is_one_too_and_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, **{"_env": "A=1", "a__b__c_py": "x"})
    os.link(tmp_path / ".env", tmp_path / "a/b/d.py")
    os.link(tmp_path / "a/b/c.py", tmp_path / "e.py")
    check(tmp_path, "a/b/d.py", SECRET)
    check(tmp_path, "a/b/c.py", "")
    folder = WorkspaceFolder(tmp_path)
    assert folder.look("a/b/d.py", Settings()) == "it may hold secrets"
    assert folder.stamp("a/b/c.py", Settings()) is not None


@pytest.mark.parametrize("name", IGNORE_FILES)
def test_each_ignore_file_counts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("private/*\n!private/open.py\n")
    write(tmp_path, **{"private__closed_py": "x", "private__open_py": "x", "a_py": "x"})
    check(tmp_path, "private/closed.py", IGNORED)
    check(tmp_path, "private/open.py", "")
    check(tmp_path, "a.py", "")
    check(tmp_path, "private/closed.py", "", folder=False)
    assert WorkspaceFolder(tmp_path).look("private/closed.py", Settings()) == f"{name} names it"


def test_one_ignore_file_takes_nothing_out_of_another(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / ".cursorignore").write_text("!a.py\n")
    write(tmp_path, a_py="x")
    check(tmp_path, "a.py", IGNORED)


def test_a_link_into_an_ignored_folder_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("private/\n")
    write(tmp_path, private__a_py="x")
    (tmp_path / "b.py").symlink_to(tmp_path / "private/a.py")
    check(tmp_path, "b.py", IGNORED)


@pytest.mark.parametrize(
    "uri",
    ["untitled:a.py", "", "file:", "file:///%00", "file:///" + "x" * 5000, "http://[", "git:/w/a.py", "file://host/a"],
)
def test_what_is_no_file_here_is_nothing_to_look_at(tmp_path: Path, uri: str) -> None:
    assert LeftOut(tmp_path.as_uri()).why(uri) == ""


def test_a_name_with_percent_signs_and_a_notebooks_cell(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a%20b.py\nbook.ipynb\n")
    (tmp_path / "a%20b.py").write_text("x")
    check(tmp_path, "a%20b.py", IGNORED)
    cell = (tmp_path / "book.ipynb").as_uri().replace("file:", "vscode-notebook-cell:") + "#W0"
    assert LeftOut(tmp_path.as_uri()).why(cell) == IGNORED


def test_documents_keep_the_reason_through_every_change_and_look_again() -> None:
    reasons = {"file:///w/a": IGNORED}
    documents = Documents("utf-16", lambda uri: reasons.get(uri, ""))
    document = documents.open(t.TextDocumentItem("file:///w/a", "go", 1, "abc"))
    whole = t.TextDocumentContentChangeWholeDocument("xyz")
    start = t.Position(0, 0)
    part = t.TextDocumentContentChangePartial(t.Range(start, start), "1")
    for version, change in enumerate((whole, part), 2):
        identifier = t.VersionedTextDocumentIdentifier(version, "file:///w/a")
        changed = documents.change(t.DidChangeTextDocumentParams(identifier, [change]))
        assert changed is not None and changed.left_out == document.left_out == IGNORED
    assert documents.looked_at_again() == []
    reasons.clear()
    assert [each.left_out for each in documents.looked_at_again()] == [""]
    found = documents.get("file:///w/a")
    assert found is not None and (found.left_out, found.text) == ("", "1xyz")


def test_what_is_left_out_is_off_limits_whatever_it_is_called() -> None:
    view = DocumentView("file:///w/a.go", "go", 1, "x")
    assert off_limits(view, Settings()) == ""
    assert off_limits(DocumentView("file:///w/a.go", "go", 1, "x", left_out=IGNORED), Settings()) == IGNORED
    assert off_limits(DocumentView("file:///w/.env", "go", 1, "x"), Settings()) == SECRET
