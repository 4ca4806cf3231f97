"""What is known of the user's work, what of it a prompt gets, and what is never in it."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from lsp_experts.completion.context import Excerpt, short_path
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.reuse import Remembered
from lsp_experts.completion.working_memory import MAX_EDITS, MAX_SYMBOL_DOCUMENTS, WorkingMemory
from lsp_experts.settings import Settings

SETTINGS = Settings()
STORE = "type Store struct {\n}\nfunc Open(path string) *Store {\n}\nfunc Close() {\n}\n"


def view(name: str, text: str, version: int = 1) -> DocumentView:
    return DocumentView(f"file:///home/me/work/shop/{name}", "", version, text)


def memory(**documents: str) -> WorkingMemory:
    """Open documents: NAME_ENDING=text, the ending being the language."""
    made = WorkingMemory()
    for name, text in documents.items():
        made.opened(view(name.replace("_", "."), text), name.rpartition("_")[2], SETTINGS)
    return made


def context(
    made: WorkingMemory, text: str, languages: Collection[str] = ("go",), room_chars: int = 400, name: str = "main.go"
) -> tuple[Excerpt, ...]:
    return made.context_for(view(name, text), text.index("|"), languages, room_chars)


def test_definitions_of_names_near_the_cursor_come_from_other_files() -> None:
    made = memory(store_go=STORE, page_html='<div id="Open">')
    assert context(made, "func main() {\n\ts := Open(|)\n}") == (
        Excerpt("shop/store.go", "func Open(path string) *Store {\n"),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x := 1|", id="no name that is defined elsewhere"),
        pytest.param("func Open() {}\nOpen(|)" + " " * 3000, id="not known yet"),
    ],
)
def test_nothing_to_say(text: str) -> None:
    made = memory(page_html='<div id="Open">')
    assert context(made, text) == ()


def test_what_the_document_defines_itself_is_not_repeated() -> None:
    made = memory(store_go=STORE, main_go="func Open() {\n}\n")
    assert context(made, "func Open() {\n}\nOpen(|)") == ()


def test_the_newest_edits_follow_and_the_most_relevant_file_stands_last() -> None:
    made = memory(store_go=STORE, cart_go="package cart\n", old_go="package old\n")
    made.changed(view("old.go", "package old\nvar oldest = 12345\n", 2), "go", SETTINGS)
    made.changed(view("cart.go", "package cart\nvar newest = 12345\n", 2), "go", SETTINGS)
    assert [excerpt.path for excerpt in context(made, "Open(|)")] == ["shop/old.go", "shop/cart.go", "shop/store.go"]
    assert context(made, "Open(|)", room_chars=90)[-1].path == "shop/store.go"
    assert sum(len(e.path) + len(e.text) + 1 for e in context(made, "Open(|)", room_chars=90)) <= 90
    assert context(made, "Open(|)", room_chars=20) == ()


def test_only_the_same_and_related_languages() -> None:
    made = memory(store_go=STORE)
    assert context(made, "Open(|)", languages=("html", "vue")) == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "func Open(secret string) {\n"),
        ("id_rsa", "func Open(secret string) {\n"),
        ("big.go", "func Open(secret string) {\n" + "x" * 30_000),
        ("keys.go", 'func Open() { return "AKIAIOSFODNN7EXAMPLE" }\n'),
    ],
)
def test_secrets_are_never_taken(name: str, text: str) -> None:
    made = WorkingMemory()
    made.opened(view(name, ""), "go", SETTINGS)
    made.changed(view(name, text, 2), "go", SETTINGS)
    assert context(made, "Open(|)") == ()
    assert made.counts()["edits"] == made.counts()["symbols"] == 0


def test_a_document_that_becomes_too_large_is_forgotten() -> None:
    made = memory(store_go=STORE)
    made.changed(view("store.go", STORE + "x" * 30_000, 2), "go", SETTINGS)
    assert made.counts() == {"documents": 0, "edits": 0, "accepted": 0, "symbols": 0}


def test_closing_keeps_symbols_and_edits_of_this_session() -> None:
    made = memory(store_go=STORE)
    made.changed(view("store.go", STORE + "func Sync() {\n}\n", 2), "go", SETTINGS)
    made.closed(view("store.go", "").uri)
    assert made.counts() == {"documents": 0, "edits": 1, "accepted": 0, "symbols": 4}
    assert "func Sync() {" in context(made, "Sync(|)")[-1].text


def test_accepted_suggestions_are_counted() -> None:
    made = memory(a_go="x = \n")
    made.changed(view("a.go", "x = go(1)\n", 2), "go", SETTINGS, (Remembered("sha", "x = ", "\n", "go(1)", 0.5),))
    assert made.counts()["accepted"] == 1


def test_changes_elsewhere_do_not_count_ones_own() -> None:
    made = memory(a_go="a\n", b_go="b\n")
    here = view("a.go", "").uri
    assert made.changes_elsewhere(here) == 0
    made.changed(view("a.go", "a2\n", 2), "go", SETTINGS)
    assert made.changes_elsewhere(here) == 0
    made.changed(view("b.go", "b2\n", 2), "go", SETTINGS)
    assert made.changes_elsewhere(here) == 1


def test_everything_is_bounded() -> None:
    made = WorkingMemory()
    for number in range(3 * MAX_SYMBOL_DOCUMENTS):
        made.opened(view(f"{number}.go", "func a() {\n\n\n"), "go", SETTINGS)
        made.changed(view(f"{number}.go", f"func a{number}() {{\n\n\n", 2), "go", SETTINGS)
        made.closed(view(f"{number}.go", "").uri)
    counts = made.counts()
    assert counts["edits"] == MAX_EDITS and counts["symbols"] <= MAX_SYMBOL_DOCUMENTS and counts["documents"] == 0


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/work/shop/cart.go", "shop/cart.go"),
        ("file:///c%3A/work/my%20shop/a.go", "my shop/a.go"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("file:///a.go", "a.go"),
    ],
)
def test_paths_are_short(uri: str, path: str) -> None:
    assert short_path(uri) == path
