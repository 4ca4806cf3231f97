"""What is known of the user's work, what of it a prompt gets, and what is never in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from lsp_experts.completion.context import Excerpt
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.reuse import Remembered
from lsp_experts.completion.shown_path import short_path
from lsp_experts.completion.working_memory import MAX_EDITS, MAX_SYMBOL_DOCUMENTS, WorkingMemory
from lsp_experts.completion.workspace import NoWorkspace, WorkspaceFile
from lsp_experts.settings import Settings
from lsp_experts.syntax.definitions import Definition

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
    made: WorkingMemory,
    text: str,
    languages: Collection[str] = ("go",),
    room_chars: int = 400,
    name: str = "main.go",
    settings: Settings = SETTINGS,
) -> tuple[Excerpt, ...]:
    return made.context_for(view(name, text), text.index("|"), languages, settings, room_chars)


def test_definitions_of_names_near_the_cursor_come_from_other_files() -> None:
    made = memory(store_go=STORE, page_html='<div id="Open">')
    assert context(made, "func main() {\n\ts := Open(|)\n}") == (
        Excerpt("shop/store.go", "func Open(path string) *Store\n"),
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


def test_the_newest_edits_stand_behind_definitions() -> None:
    made = memory(store_go=STORE, cart_go="package cart\n", old_go="package old\n")
    made.changed(view("old.go", "package old\nvar oldest = 12345\n", 2), "go", SETTINGS)
    made.changed(view("cart.go", "package cart\nvar newest = 12345\n", 2), "go", SETTINGS)
    assert [excerpt.path for excerpt in context(made, "Open(|)")] == ["shop/store.go", "shop/old.go", "shop/cart.go"]
    assert context(made, "Open(|)", room_chars=90)[0].path == "shop/store.go"
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
        ("keys.go", 'var Open = "AKIAIOSFODNN7EXAMPLE"\n'),
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
    assert "func Sync()" in context(made, "Sync(|)")[0].text


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
        made.opened(view(f"{number}.go", "func a() {\n\n}\n"), "go", SETTINGS)
        made.changed(view(f"{number}.go", f"func a{number}() {{\n\n}}\n", 2), "go", SETTINGS)
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


# -- code seen lately -------------------------------------------------------------------------------------------------

LONG = "".join(f"func step{number}(left{number} int, right{number} int) {{}}\n" for number in range(120))


def test_what_stood_where_the_user_was_is_shown_elsewhere() -> None:
    made = memory(long_go=LONG, main_go="package main\n")
    made.works_at(view("long.go", "").uri, "go", LONG, 0)
    made.works_at(view("main.go", "").uri, "go", "package main\n", 0)
    found = context(made, "x|", room_chars=5000)
    assert [excerpt.path for excerpt in found] == ["shop/long.go"] and "step63(" in found[0].text
    assert context(made, "x|", room_chars=5000, settings=Settings(ring_chunks=0)) == ()
    assert context(made, "x|", room_chars=5000, languages=("html",)) == ()
    assert context(made, "x|", room_chars=5000, name="long.go") == (), "not to the document itself"


@pytest.mark.parametrize(("lines", "kept"), [(20, 0), (40, 1)])
def test_a_jump_leaves_a_place(lines: int, kept: int) -> None:
    made = memory(long_go=LONG)
    uri = view("long.go", "").uri
    for line in (0, lines):
        made.works_at(uri, "go", LONG, sum(len(each) + 1 for each in LONG.split("\n")[:line]))
    assert len(context(made, "x|", room_chars=5000)) == kept


def test_closing_leaves_a_place_and_forgetting_leaves_none() -> None:
    made = memory(long_go=LONG)
    uri = view("long.go", "").uri
    made.works_at(uri, "go", LONG, 0)
    made.closed(uri)
    assert len(context(made, "x|", room_chars=5000)) == 1
    made.forget(uri)
    assert context(made, "x|", room_chars=5000) == ()


# -- files of the workspace -------------------------------------------------------------------------------------------


class Folder(NoWorkspace):
    """A workspace in which main.go imports disk.go and store.go."""

    name = "work"

    def path_of(self, uri: str) -> str:
        return uri.removeprefix("file:///home/me/work/").partition("#")[0]

    def imported(self, uri: str) -> tuple[WorkspaceFile, ...]:
        if not uri.endswith("main.go"):
            return ()
        files = {"disk.go": "func Sync(disk int)", "store.go": "func Open(of disk)"}
        return tuple(
            WorkspaceFile(f"shop/{name}", view(name, "").uri, "go", (Definition(line.split("(")[0][5:], line),))
            for name, line in files.items()
        )


def test_files_that_are_imported_are_known_and_the_editor_knows_better() -> None:
    made = WorkingMemory(Folder())
    made.opened(view("other.go", "func Sync(other int) {\n}\n"), "go", SETTINGS)
    assert context(made, "Sync(Open(|))") == (
        Excerpt("shop/disk.go", "func Sync(disk int)\n"),
        Excerpt("shop/store.go", "func Open(of disk)\n"),
    )
    made.opened(view("store.go", STORE), "go", SETTINGS)
    assert "func Open(path string) *Store\n" in context(made, "Sync(Open(|))")[1].text
    without = context(made, "Sync(|)", settings=Settings(imports=False))
    assert without == (Excerpt("shop/other.go", "func Sync(other int)\n"),)


# -- parts of a document ----------------------------------------------------------------------------------------------


def parts(shown: DocumentView, language: str) -> Iterator[tuple[str, str, str]]:
    """HTML without its scripts; JS: lines are JavaScript."""
    lines = shown.text.split("\n")
    yield shown.uri, language, "\n".join("" if line.startswith("JS:") else line for line in lines)
    for number, line in enumerate(line for line in lines if line.startswith("JS:")):
        yield f"{shown.uri}#script:{number}", "javascript", line.removeprefix("JS:")


PAGE = '<div id="menu">\nJS:function first(a) {}\nJS:function second(b) {}\n</div>'


def test_the_javascript_of_a_page_is_context_for_javascript_only() -> None:
    made = WorkingMemory(parts=parts)
    page = view("page.html", PAGE)
    made.opened(page, "html", SETTINGS)
    made.changed(view("page.html", PAGE.replace("second(b)", "second(b, c, d)"), 2), "html", SETTINGS)
    first = DocumentView(f"{page.uri}#script:0", "javascript", 2, "function first(a) {} second(")
    found = made.context_for(first, len(first.text), ("javascript",), SETTINGS, 400)
    assert [excerpt.path for excerpt in found] == ["shop/page.js", "shop/page.js"], "a definition and an edit"
    assert all("second(b, c, d)" in excerpt.text for excerpt in found)
    other = made.context_for(view("other.html", "menu second first"), 0, ("html",), SETTINGS, 400)
    assert other == (Excerpt("shop/page.html", '<div id="menu">\n'),)
    made.closed(page.uri)
    assert made.context_for(first, 0, ("javascript",), SETTINGS, 400)
    made.forget(page.uri)
    assert made.context_for(first, 0, ("javascript",), SETTINGS, 400) == ()


def test_another_region_of_a_page_counts_as_elsewhere_only_if_another_document_does() -> None:
    made = WorkingMemory(parts=parts)
    made.opened(view("page.html", PAGE), "html", SETTINGS)
    made.changed(view("page.html", PAGE + "x", 2), "html", SETTINGS)
    assert made.changes_elsewhere(f"{view('page.html', '').uri}#script:0") == 0


def test_the_parts_of_a_page_are_looked_for_where_the_user_goes_on_elsewhere_or_when_they_are_needed() -> None:
    looked_at: list[int] = []

    def counted(shown: DocumentView, language: str) -> Iterator[tuple[str, str, str]]:
        looked_at.append(shown.version)
        return parts(shown, language)

    made = WorkingMemory(parts=counted)
    text = f"{PAGE}\n\n\nJS:third();\n"
    made.opened(view("page.html", text), "html", SETTINGS)
    for version, typed in enumerate(("b, c", "b, c, d", "b, c, d, e"), 2):
        newest = text.replace("second(b", f"second({typed}")
        made.changed(view("page.html", newest, version), "html", SETTINGS)
    assert looked_at == [1]
    assert made.changes_elsewhere("file:///other.html") == 3
    made.changed(view("page.html", newest.replace("third()", "third(second)"), 5), "html", SETTINGS)
    assert looked_at == [1, 4], "as it was before the jump"
    found = made.context_for(view("a.js", "second third"), 0, ("javascript",), SETTINGS, 400)
    assert looked_at == [1, 4, 5]
    assert [excerpt.text for excerpt in found[-2:]] == ["function second(b, c, d, e) {}\n", "third(second);\n"]
    made.changed(view("page.html", text, 6), "html", SETTINGS)
    made.closed(view("page.html", "").uri)
    assert looked_at == [1, 4, 5, 6]


@pytest.mark.parametrize(
    "text", ["", "\r\n\r\n", "\t x\n  y", "é👩‍🚀\u0301", "class A" * 3000, "\ud800", "x = 1\n" * 100_000]
)
def test_any_text(text: str) -> None:
    made = WorkingMemory(parts=parts)
    for language in ("python", "html", "nobody knows"):
        shown = view("a.b", "start")
        made.opened(shown, language, Settings(max_line_chars=1 << 30))
        made.changed(view("a.b", text, 2), language, Settings(max_line_chars=1 << 30))
        made.works_at(shown.uri, language, text, len(text))
        made.context_for(view("c.d", text), len(text), (language,), SETTINGS, 400)
        made.closed(shown.uri)
        made.context_for(view("c.d", text), None, (language,), SETTINGS, 400)
