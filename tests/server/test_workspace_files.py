"""Files of the workspace that a document imports: which are read, which never, and when again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from lsp_experts.server import workspace_files
from lsp_experts.server.workspace_files import WorkspaceFiles
from lsp_experts.server.workspace_folder import WorkspaceFolder
from lsp_experts.settings import Settings

SETTINGS = Settings()
ENDINGS = {".py": "python", ".go": "go", ".js": "javascript", ".css": "css", ".html": "html"}


def language_of(uri: str) -> str:
    return ENDINGS.get(Path(uri).suffix, "plaintext")


class Folder:
    """A workspace in a folder of its own: text by path."""

    def __init__(self, root: Path, **files: str) -> None:
        self.root = root / "shop"
        self.root.mkdir()
        self.files = WorkspaceFiles(self.root, language_of)
        for name, text in files.items():
            self.write(name.replace("__", "/").replace("_", "."), text)

    def write(self, path: str, text: str) -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text, encoding="utf-8")

    async def learn(self, path: str, text: str, language: str = "python", languages: tuple[str, ...] = ()) -> list[str]:
        """PATH: NAME NAME of what the document at `path` imports."""
        uri = (self.root / path).as_uri()
        await self.files.learn(uri, language, text, languages or (language,), SETTINGS)
        found = self.files.imported(uri)
        return [f"{file.path}: {' '.join(d.name for d in file.definitions)}" for file in found]


@pytest.mark.asyncio
async def test_imports_are_found_dependencies_before_those_that_need_them(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("shop/__init__.py", "from .cart import Cart\n")
    folder.write("shop/cart.py", "from .store import Store\nclass Cart: pass\n")
    folder.write("shop/store.py", "from .cart import Cart\nclass Store: pass\n")
    folder.write("shop/other.py", "class Other: pass\n")
    assert await folder.learn("main.py", "from shop.cart import Cart\nimport sys\n") == [
        "shop/store.py: Store",
        "shop/cart.py: Cart",
    ]
    assert await folder.learn("a.py", "import shop\n") == ["shop/cart.py: Cart", "shop/__init__.py: "]
    assert folder.files.name == "shop"


@pytest.mark.asyncio
async def test_go_packages(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("go.mod", "module example.com/shop\n")
    folder.write("cart/cart.go", "package cart\nfunc Open() {}\n")
    folder.write("cart/cart_test.go", "package cart\nfunc TestOpen() {}\n")
    folder.write("cmd/flags.go", "package main\nfunc flags() {}\n")
    text = 'package main\nimport "example.com/shop/cart"\n'
    assert await folder.learn("cmd/main.go", text, "go") == ["cart/cart.go: Open", "cmd/flags.go: flags"]


@pytest.mark.asyncio
async def test_only_the_languages_of_the_expert(tmp_path: Path) -> None:
    folder = Folder(tmp_path, a_js="function f() {}\n", a_css=".x {}\n")
    page = '<script src="a.js"></script><link href="a.css">'
    assert await folder.learn("i.html", page, "html", ("javascript",)) == ["a.js: f"]
    assert await folder.learn("i.html", page, "html", ("html", "vue")) == []
    assert await folder.learn("i.html", page, "html", ("css",)) == ["a.css: x"]


@pytest.mark.asyncio
async def test_what_is_never_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "leak.py").write_text("LEAK = 1\n")
    folder = Folder(tmp_path)
    for name in ("build/gen.py", "kept.py", "lib/skip.py", "lib/keep.py", "credentials.py", "tmp_a.py"):
        folder.write(name, "NAME = 1\n")
    folder.write(".gitignore", "build/\ntmp_*.py\n[\n")
    folder.write("lib/.gitignore", "skip.py\n")
    folder.write("huge.py", "x = 1\n" * 100_000)
    folder.write("keys.py", 'token = "hunter2hunter2"\nNAME = 1\n')
    (folder.root / "binary.py").write_bytes(b"NAME = 1\0")
    (folder.root / "link.py").symlink_to(outside / "leak.py")
    (folder.root / "linked").symlink_to(outside)
    (folder.root / "alias.py").symlink_to(folder.root / "credentials.py")
    (folder.root / "built.py").symlink_to(folder.root / "build" / "gen.py")
    (folder.root / "near.py").symlink_to(folder.root / "kept.py")
    os.mkfifo(folder.root / "pipe.py")
    (folder.root / "folder.py").mkdir()
    names = "build.gen kept lib.skip lib.keep credentials tmp_a huge keys binary link linked.leak alias built near pipe"
    text = "".join(f"import {name}\n" for name in f"{names} folder gone".split()) + "from ..outside import leak\n"
    found = await asyncio.wait_for(folder.learn("main.py", text), 20)
    assert found == ["kept.py: NAME", "lib/keep.py: NAME", "keys.py: NAME", "near.py: NAME"]


@pytest.mark.asyncio
async def test_a_file_is_read_again_when_it_changed_and_is_gone_when_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path, a_py="ONE = 1\n")
    parsed: list[str] = []
    real = workspace_files.symbols
    monkeypatch.setattr(workspace_files, "symbols", lambda tree: parsed.append(tree.text) or real(tree))
    assert await folder.learn("main.py", "import a") == ["a.py: ONE"]
    assert await folder.learn("main.py", "import a") == ["a.py: ONE"]
    assert parsed == ["ONE = 1\n"]
    folder.write("a.py", "ONE = 1\nTWO = 2\n")
    assert await folder.learn("main.py", "import a") == ["a.py: ONE TWO"]
    (folder.root / "a.py").unlink()
    assert await folder.learn("main.py", "import a") == []


@pytest.mark.asyncio
async def test_it_says_whether_something_is_new(tmp_path: Path) -> None:
    folder = Folder(tmp_path, a_py="ONE = 1\n")
    uri = (folder.root / "main.py").as_uri()
    answers = [await folder.files.learn(uri, "python", "import a", ("python",), SETTINGS) for _ in range(2)]
    assert answers == [True, False]


@pytest.mark.parametrize(
    "uri",
    ["untitled:Untitled-1", "file:///elsewhere/main.py", "http://[", "", "file:///", "vscode-notebook-cell:/x#1", "\0"],
)
@pytest.mark.asyncio
async def test_documents_elsewhere_import_nothing(tmp_path: Path, uri: str) -> None:
    folder = Folder(tmp_path, a_py="ONE = 1\n")
    assert folder.files.path_of(uri) == ""
    assert not await folder.files.learn(uri, "python", "import a", ("python",), SETTINGS)


@pytest.mark.asyncio
async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    files = WorkspaceFiles(tmp_path / "gone", language_of)
    uri = (tmp_path / "gone" / "main.py").as_uri()
    assert files.path_of(uri) == "main.py" and files.path_of(f"{uri}#fence:0") == "main.py"
    assert not await files.learn(uri, "python", "import a", ("python",), SETTINGS)


@pytest.mark.asyncio
async def test_the_loop_goes_on_while_a_disk_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path, a_py="ONE = 1\n")
    loop, reading = asyncio.get_running_loop(), asyncio.Event()
    go_on = asyncio.Event()
    real = WorkspaceFolder.text

    def slow(self: WorkspaceFolder, path: str) -> str | None:
        loop.call_soon_threadsafe(reading.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
        return real(self, path)

    monkeypatch.setattr(WorkspaceFolder, "text", slow)
    learning = loop.create_task(folder.learn("main.py", "import a"))
    await asyncio.wait_for(reading.wait(), 20)
    assert not learning.done()
    go_on.set()
    assert await asyncio.wait_for(learning, 20) == ["a.py: ONE"]


@pytest.mark.asyncio
async def test_bounds(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in range(60):
        folder.write(f"m{number}.py", f"NAME{number} = 1\n")
    text = "".join(f"import m{number}\n" for number in range(60))
    assert len(await folder.learn("main.py", text)) == workspace_files.MAX_FILES
