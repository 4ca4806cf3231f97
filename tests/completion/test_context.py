"""Which lines of other files a prompt shows, in which order, and what stays when they are chosen again."""

from __future__ import annotations

import pytest

from lsp_experts.completion.context import Excerpt, Known, Source, chars_of, choose_excerpts, gain_chars
from lsp_experts.completion.edits import Edit
from lsp_experts.completion.ring import Chunk
from lsp_experts.completion.shown_path import line_comment, shown_path
from lsp_experts.syntax.definitions import Definition

STORE = Source(
    "shop/store.py",
    (
        Definition("Store", "class Store:"),
        Definition("reserve", "def reserve(self, item):", "Store"),
        Definition("release", "def release(self, item):", "Store"),
        Definition("_lock", "def _lock(self):", "Store"),
        Definition("open_store", "def open_store(path):"),
    ),
    imported=True,
)
CART = Source("shop/cart.py", (Definition("Cart", "class Cart:"), Definition("Store", "class Store(Old):")))
CHUNK = ("shop/pay.py", Chunk("file:///pay", "python", "pay one\npay two\npay three"))
EDIT = ("shop/tax.py", Edit("file:///tax", "python", 0, 0, "tax_rate = 0.19"))


def chosen(text: str, known: Known, room_chars: int = 1000, before: tuple[Excerpt, ...] = ()) -> list[tuple[str, str]]:
    offset = text.index("‸")
    return [(e.path, e.text) for e in choose_excerpts(text.replace("‸", ""), offset, known, room_chars, before)]


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        pytest.param("x = open_store(‸)", Known(sources=(STORE,)), "def open_store(path):\n", id="a name"),
        pytest.param("x = 1‸", Known(sources=(STORE,)), "", id="no name of it"),
        pytest.param("open_store(‸)" , Known(frozenset({"open_store"}), (STORE,)), "", id="defined in the document"),
        pytest.param(
            "a.reserve(‸)", Known(sources=(STORE,)), "class Store:\n    def reserve(self, item):\n",
            id="a member stands below its type",
        ),
        pytest.param(
            "s = Store()\ns.‸", Known(sources=(STORE,)),
            "class Store:\n    def reserve(self, item):\n    def release(self, item):\n",
            id="what an imported type offers",
        ),
        pytest.param("Store(‸)", Known(sources=(CART,)), "class Store(Old):\n", id="an open file that is not imported"),
    ],
)  # fmt: skip
def test_definitions(text: str, known: Known, expected: str) -> None:
    assert "".join(lines for _, lines in chosen(text, known)) == expected


def test_what_is_imported_hides_its_namesakes() -> None:
    assert [path for path, _ in chosen("Store(‸)", Known(sources=(STORE, CART)))] == ["shop/store.py"]


def test_definitions_then_chunks_then_edits() -> None:
    known = Known(sources=(STORE, CART), chunks=(CHUNK,), edits=(EDIT,))
    paths = [path for path, _ in chosen("Cart(open_store(‸))", known)]
    assert paths == ["shop/store.py", "shop/cart.py", "shop/pay.py", "shop/tax.py"]


@pytest.mark.parametrize("room_chars", [0, 20, 40, 60, 80, 120, 200])
def test_it_fits(room_chars: int) -> None:
    known = Known(sources=(STORE, CART), chunks=(CHUNK,), edits=(EDIT,))
    found = choose_excerpts("Cart(open_store(Store", 20, known, room_chars)
    assert chars_of(found) <= room_chars


def test_what_is_new_stands_behind_what_is_said_already() -> None:
    known = Known(sources=(STORE, CART))
    before = choose_excerpts("open_store(", 11, known, 200)
    after = choose_excerpts("open_store(Cart(", 16, known, 200, before)
    assert after[: len(before)] == before
    assert [excerpt.path for excerpt in after] == ["shop/store.py", "shop/cart.py"]
    assert gain_chars(before, after) == len("class Cart:\n")
    assert choose_excerpts("open_store(Cart(", 16, known, 200, after) == after


def test_what_is_no_longer_true_goes() -> None:
    before = choose_excerpts("open_store(", 11, Known(sources=(STORE,)), 200)
    changed = Source("shop/store.py", (Definition("open_store", "def open_store(path, mode):"),), imported=True)
    after = choose_excerpts("open_store(", 11, Known(sources=(changed,)), 200, before)
    assert after == (Excerpt("shop/store.py", "def open_store(path, mode):\n"),)


def test_without_room_behind_it_starts_again() -> None:
    known = Known(sources=(STORE, CART), edits=(EDIT,))
    before = choose_excerpts("x", 0, known, 40)
    assert [excerpt.path for excerpt in before] == ["shop/tax.py"]
    after = choose_excerpts("s = Store()", 0, known, 60, before)
    assert after[0].path == "shop/store.py"


@pytest.mark.parametrize("offset", [None, 0, 3, 10_000])
def test_any_offset(offset: int | None) -> None:
    assert choose_excerpts("é👩‍🚀 open_store", offset, Known(sources=(STORE,)), 200) is not None


@pytest.mark.parametrize(
    ("uri", "language", "path", "shown"),
    [
        ("file:///home/me/work/shop/cart.go", "go", "", "shop/cart.go"),
        ("file:///home/me/work/shop/cart.go", "go", "a/b/cart.go", "a/b/cart.go"),
        ("file:///c%3A/work/my%20shop/a.go", "go", "", "my shop/a.go"),
        ("untitled:Untitled-1", "go", "", "Untitled-1"),
        ("file:///w/index.html#script:0", "javascript", "", "w/index.js"),
        ("file:///w/index.html#style:0", "css", "site/index.html", "site/index.css"),
        ("vscode-notebook-cell:/w/a.ipynb#W0", "python", "", "w/a.py"),
        ("file:///w/a.md#fence:0", "a language nobody knows", "", "w/a.md"),
        ("file:///w/a%0Ab.go", "go", "", "w/a b.go"),
    ],
)
def test_paths_mislead_no_model(uri: str, language: str, path: str, shown: str) -> None:
    assert shown_path(uri, language, path) == shown


@pytest.mark.parametrize(("language", "mark"), [("python", "#"), ("go", "//"), ("sql", "--"), ("", "//")])
def test_line_comments(language: str, mark: str) -> None:
    assert line_comment(language) == mark
