"""Which documents and files actions may read, write and name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from lsp_experts.completion.document import DocumentView
from lsp_experts.errors import ActionRefused
from lsp_experts.server.action_files import MOST_NAMED, ActionFiles
from lsp_experts.settings import Settings

pytestmark = pytest.mark.asyncio


class Open:
    """The open documents of a client."""

    def __init__(self, *documents: DocumentView) -> None:
        self.documents = documents

    def views(self) -> Sequence[DocumentView]:
        return self.documents


class Folder:
    """A client's folder with files by path; `open` are open there, with these texts."""

    def __init__(self, tmp_path: Path, files: dict[str, str], **opened: str) -> None:
        self.root = tmp_path / "shop"
        for path, text in {"kept.py": "kept\n", **files}.items():
            at = self.root / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(text.encode())
        views = [DocumentView(self.uri(f"{name}.py"), "python", 4, text) for name, text in opened.items()]
        self.files = ActionFiles(
            Open(*views), self.root.as_uri(), self.root, lambda uri, spoken: spoken or "by name", Settings
        )

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    async def read(self, path: str) -> str:
        """The text, or why there is none."""
        try:
            return (await self.files.read(self.uri(path))).text
        except ActionRefused as error:
            return str(error)


async def test_what_is_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"a.py": "on disk\n", "b.py": "\ufeffx = 1\r\n"}, a="in the editor\n")
    opened = await folder.files.read(folder.uri("a.py"))
    assert (opened.text, opened.version) == ("in the editor\n", 4)
    other = await folder.files.read(folder.uri("b.py"))
    assert (other.text, other.version, other.language) == ("x = 1\r\n", -1, "by name")
    assert folder.files.language_of(folder.uri("a.py")) == "python"
    again = await folder.files.read(folder.uri("a.py").replace("a.py", "%61.py"))
    assert again.version == 4  # clients spell one file in several ways


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("gone.py", "gone.py was not read: it is gone."),
        ("folder", "folder was not read: it is not a file."),
        ("pipe.py", "pipe.py was not read: it is not a file."),
        ("../out.py", "out.py was not read: it is outside the folder."),
        ("link.py", "link.py was not read: it is outside the folder."),
        (".env", ".env was not read: it may hold secrets."),
        ("alias.py", "alias.py was not read: it may hold secrets."),
        ("built/x.py", "x.py was not read: .gitignore names it."),
        ("huge.py", "huge.py was not read: it is too large."),
        ("binary.py", "binary.py was not read: it is no text, or may not be read."),
        ("latin.py", "latin.py was not read: it is no UTF-8 text."),
    ],
)
async def test_what_is_not_read(path: str, why: str, tmp_path: Path) -> None:
    files = {".env": "A=1", ".gitignore": "built/\n", "built/x.py": "x", "huge.py": "x" * 300_000, "binary.py": "\0"}
    folder = Folder(tmp_path, {**files, "folder/x.py": ""})
    (tmp_path / "out.py").write_text("canary")
    (folder.root / "link.py").symlink_to(tmp_path / "out.py")
    (folder.root / "alias.py").symlink_to(folder.root / ".env")
    (folder.root / "latin.py").write_bytes("é".encode("latin-1"))
    os.mkfifo(folder.root / "pipe.py")
    assert await folder.read(path) == why
    assert await folder.files.writable(folder.uri(path)) is (path in ("gone.py", "binary.py", "latin.py"))


@pytest.mark.parametrize("name", ["%00.py", "\ud800.py"])
async def test_a_name_that_no_file_can_have(name: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path, {})
    uri = f"{folder.root.as_uri()}/{name}"
    with pytest.raises(ActionRefused, match="was not read"):
        await folder.files.read(uri)
    assert not await folder.files.writable(uri)
    assert not await folder.files.exists(uri)


async def test_what_can_be_written(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"sub/a.py": "", "locked.py": "", "shut/a.py": ""}, mine="x")
    (folder.root / "locked.py").chmod(0o444)
    (folder.root / "shut").chmod(0o555)
    can = ["kept.py", "new.py", "sub/new.py"]
    cannot = ["locked.py", "nowhere/new.py", "shut/new.py", ".env", "../new.py", "mine.py/x.py"]
    assert [path for path in (*can, *cannot) if await folder.files.writable(folder.uri(path))] == can
    assert not await folder.files.writable("untitled:nobody")
    assert await folder.files.exists(folder.uri("kept.py")) and await folder.files.exists(folder.uri("mine.py"))
    assert not await folder.files.exists(folder.uri("new.py"))


async def test_files_by_name(tmp_path: Path) -> None:
    texts = {
        "tools.py": "",
        "lib/tools.py": "",
        "Lib/Deep/Tools.py": "",
        "node_modules/tools.py": "",
        ".gitignore": "out/\n",
        "out/tools.py": "",
        "lib/mytools.py": "",
    }
    folder = Folder(tmp_path, {**texts, **{f"many/{number}/x.py": "" for number in range(20)}}, mine="x")
    found = [uri.removeprefix(folder.uri("")).lstrip("/") for uri in await folder.files.named("tools.py")]
    assert found == ["tools.py", "lib/tools.py", "Lib/Deep/Tools.py"]
    assert await folder.files.named("./lib\\tools.py") == (folder.uri("lib/tools.py"),)
    assert await folder.files.named("mine.py") == (folder.uri("mine.py"),)  # open, and not saved yet
    assert len(await folder.files.named("x.py")) == MOST_NAMED
    for nothing in ("", ".", "..", "../x.py", "ools.py", "/"):
        assert await folder.files.named(nothing) == ()


async def test_without_a_folder_there_are_only_open_documents() -> None:
    views = (DocumentView("untitled:a", "python", 1, "x"), DocumentView("file:///h/.env", "sh", 1, "A=1"))
    files = ActionFiles(Open(*views), "", None, lambda uri, spoken: spoken, Settings)
    assert [view.uri for view in files.open()] == ["untitled:a"]
    assert (await files.read("untitled:a")).text == "x"
    assert await files.writable("untitled:a")
    assert await files.named("a") == ("untitled:a",)
    for uri, why in (("file:///h/.env", "secrets"), ("file:///h/b.py", "outside")):
        with pytest.raises(ActionRefused, match=why):
            await files.read(uri)
        assert not await files.writable("file:///h/b.py")
