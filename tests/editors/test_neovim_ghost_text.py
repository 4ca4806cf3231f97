"""Our own ghost text in a real Neovim: what stands on the screen, what keys do with it, what the server is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from editors.neovim_scripted import INLINE, Scripted, scripted


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    with scripted(tmp_path_factory.mktemp("neovim")) as found:
        yield found


# -- on the screen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "text", "right", "expected"),
    [
        pytest.param("fmt.‸", "Println(1)", 0, ["fmt.Println(1)"], id="at the end of a line"),
        pytest.param("x = ‸ + 1", "a * b", 0, ["x = a * b + 1"], id="inside a line"),
        pytest.param("f(‸);", "a, b)", 1, ["f(a, b);"], id="a closer that is there is not shown twice"),
        pytest.param("f(‸ )", "a)", 2, ["f(a)"], id="what is replaced is hidden"),
        pytest.param("f(a‸bcdef, 1)", "x", 5, ["f(ax, 1)"], id="shorter than what is replaced"),
        pytest.param("if x {‸\nend", "\n\ty()\n}", 0, ["if x {", "        y()", "}", "end"], id="lines, with tabs"),
        pytest.param("if x {‸}\nend", "\n\ty()\n}", 1, ["if x {", "        y()", "}", "end"], id="lines and a closer"),
        pytest.param("f({‸}, 2)\nend", "\na\n}", 1, ["f({", "a", "}, 2)", "end"], id="what is kept moves down"),
        pytest.param("\tab\tc‸", "\td", 0, ["        ab      c       d"], id="a tab behind the cursor"),
        pytest.param("é😀 ‸", "日本", 0, ["é😀 日本"], id="wide characters"),
    ],
)
def test_the_screen_looks_as_after_accepting(
    editor: Scripted, before: str, text: str, right: int, expected: list[str]
) -> None:
    editor.suggested(before, text, right=right)
    assert [line.replace("\0", "") for line in editor.neovim.screen()[: len(expected)]] == expected


def test_it_goes_with_insert_mode(editor: Scripted) -> None:
    editor.suggested("fmt.‸", "Println(1)")
    editor.typed("<Esc>", "fmt‸.")
    assert editor.neovim.screen()[0] == "fmt."


def test_there_is_none_in_replace_mode(editor: Scripted) -> None:
    editor.suggested("fmt.‸", "Println(1)")
    editor.answers("Println(1)")
    editor.typed("<Insert>P", "fmt.P‸")
    assert not editor.visible()


def test_it_gives_way_to_a_menu_and_comes_back(editor: Scripted) -> None:
    editor.suggested("alpha\nalphabet\nal‸", "so")
    editor.answers("so")
    editor.neovim.type("<C-n>")
    editor.neovim.until("a menu", lambda: editor.neovim.request("nvim_call_function", "pumvisible", []))
    assert not editor.visible()
    editor.neovim.type("<C-e>")
    editor.neovim.until("ghost text", editor.visible)


# -- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "text", "right", "keys", "expected"),
    [
        pytest.param("fmt.‸", "Println(1)", 0, "<Tab>", "fmt.Println(1)‸", id="whole"),
        pytest.param("f(‸);", "a, b)", 1, "<Tab>", "f(a, b)‸;", id="over a closer"),
        pytest.param("if x {‸}", "\n\ty()\n}", 1, "<Tab>", "if x {\n\ty()\n}‸", id="lines"),
        pytest.param('s := "é😀"; fmt.‸', "Print(ß)", 0, "<Tab>", 's := "é😀"; fmt.Print(ß)‸', id="behind multi-byte"),
        pytest.param("x ‸", "a.b(c)", 0, "<M-Right>", "x a‸", id="a word"),
        pytest.param("x ‸", "a.b(c)", 0, "<M-Right><M-Right><M-Right>", "x a.b‸", id="three words"),
        pytest.param("x‸", "  grün ist", 0, "<M-Right>", "x  grün‸", id="a word with the blanks before it"),
        pytest.param("f {‸", "\n\ty()\n}", 0, "<M-Right>", "f {\n\ty‸", id="a word on the next line"),
        pytest.param("f(‸)", "a, b)", 1, "<M-Right>", "f(a‸)", id="a word replaces nothing"),
        pytest.param("f(‸)", "a)", 1, "<M-Right><M-Right>", "f(a)‸", id="the last word is the whole"),
        pytest.param("f‸", " {\n\ty()\n}", 0, "<M-C-Right>", "f {‸", id="a line"),
        pytest.param("f {‸", "\n\ty()\n}", 0, "<M-C-Right>", "f {\n\ty()‸", id="the next line"),
        pytest.param("fmt.‸", "Println(1)", 0, "Pri<Tab>", "fmt.Println(1)‸", id="typed along"),
        pytest.param("f {‸", "\n\ty()", 0, "<CR><Tab>", "f {\n\ty()‸", id="typed along over a line end"),
        pytest.param("fmt.‸", "Println(1)", 0, "S<Tab>", "fmt.S\t‸", id="typed something else"),
        pytest.param("fmt.‸", "Println(1)", 0, "<Left><Tab>", "fmt\t‸.", id="moved away"),
        pytest.param("fmt.‸", "Println(1)", 0, "<C-]><Tab>", "fmt.\t‸", id="dismissed"),
        pytest.param("fmt.‸", "Println(1)", 0, "<Tab><Tab>", "fmt.Println(1)\t‸", id="the next Tab is a tab"),
        pytest.param("a‸", "b\r\nc", 0, "<Tab>", "ab\nc‸", id="line ends of other systems"),
    ],
)
def test_keys(editor: Scripted, before: str, text: str, right: int, keys: str, expected: str) -> None:
    editor.suggested(before, text, right=right)
    editor.typed(keys, expected)


def test_undo_takes_back_what_was_accepted_and_no_more(editor: Scripted) -> None:
    editor.suggested("‸", "never")
    editor.answers("Println(1)\n\tx()")
    editor.neovim.type("fmt.")
    editor.neovim.until("ghost text", editor.visible)
    editor.answers()
    editor.typed("<Tab>", "fmt.Println(1)\n\tx()‸")
    editor.neovim.type(" // more<Esc>u")
    editor.neovim.until("the last typed text is gone", lambda: "more" not in editor.neovim.text())
    assert editor.neovim.text().replace("‸", "") == "fmt.Println(1)\n\tx()"
    editor.neovim.type("u")
    editor.neovim.until("the accepted text is gone", lambda: "Println" not in editor.neovim.text())
    assert editor.neovim.text().replace("‸", "") == "fmt."


def test_other_suggestions(editor: Scripted) -> None:
    editor.suggested("x‸", "1", "2", "3")
    seen = []
    for key in ("<M-]>", "<M-]>", "<M-]>", "<M-[>"):
        editor.neovim.type(key)
        seen.append(editor.neovim.screen()[0])
    assert seen == ["x2", "x3", "x1", "x3"]
    assert len(editor.told(INLINE)) == 1


def test_with_one_suggestion_the_next_is_asked_for_by_hand(editor: Scripted) -> None:
    editor.suggested("x‸", "1")
    editor.answers("1", "2")
    editor.neovim.type("<M-]>")
    editor.neovim.until_screen("x2")
    assert [asked["context"]["triggerKind"] for asked in editor.told(INLINE)] == [2, 1]


# -- what the server is told ------------------------------------------------------------------------------------------


def test_a_suggestion_that_is_accepted(editor: Scripted) -> None:
    editor.suggested("fmt.‸", "Println(1)")
    (shown,) = editor.told("textDocument/didShowCompletion")
    editor.typed("Pri<Tab>", "fmt.Println(1)‸")
    (command,) = editor.told("workspace/executeCommand")
    assert command == {"command": "lspExperts.accepted", "arguments": shown["item"]["command"]["arguments"]}


def test_parts_that_are_accepted_count_in_utf16_and_as_the_server_wrote_them(editor: Scripted) -> None:
    editor.suggested("x = ‸", '"😀"\r\ny\r\nz')
    editor.typed("<M-C-Right><M-C-Right>", 'x = "😀"\ny‸')
    parts = editor.told("textDocument/didPartiallyAcceptCompletion")
    assert [part["acceptedLength"] for part in parts] == [4, 7]
    assert not editor.told("workspace/executeCommand")


def test_a_newer_question_cancels_the_older_and_its_late_answer_is_dropped(editor: Scripted) -> None:
    editor.holds(True)
    editor.answers("late")
    editor.insert("x‸")
    editor.answers("fresh")
    editor.neovim.type("y")
    editor.neovim.until("a second question", lambda: len(editor.told(INLINE)) == 2)
    assert len(editor.told("$/cancelRequest")) == 1
    editor.holds(False)
    editor.neovim.until("ghost text", editor.visible)
    assert editor.neovim.screen()[0] == "xyfresh"


def test_an_answer_for_another_place_is_dropped(editor: Scripted) -> None:
    editor.holds(True)
    editor.answers("late")
    editor.insert("xy‸")
    editor.answers()
    editor.neovim.type("<Left>")
    editor.neovim.until("the question is given up", lambda: editor.told("$/cancelRequest"))
    editor.holds(False)
    assert not editor.visible()


def test_the_buffer_that_is_looked_at(editor: Scripted) -> None:
    editor.insert("x‸")
    editor.neovim.type("<Esc>")
    for name in ("other.html", "case.go"):
        editor.neovim.command(f"edit! {name}")
    uris = [told["textDocument"]["uri"].rpartition("/")[2] for told in editor.told("textDocument/didFocus")]
    assert uris[-2:] == ["other.html", "case.go"]


# -- an expert that loads ---------------------------------------------------------------------------------------------


def status(state: str, silence: str) -> dict[str, object]:
    return {
        "focused": {"language": "go", "experts": [{"id": "go-carved", "reason": "expert"}]},
        "experts": [{"id": "go-carved", "state": state}],
        "lastSilence": {"reason": silence, "detail": ""},
    }


@pytest.mark.parametrize(
    ("silence", "keys", "asked_again"),
    [("loading", "", True), ("not sure", "", False), ("loading", "<Left>", False)],
)
def test_it_asks_again_when_the_expert_is_there(editor: Scripted, silence: str, keys: str, asked_again: bool) -> None:
    editor.answers()
    editor.insert("fmt.‸")
    editor.neovim.type(keys or "<Ignore>")
    questions = len(editor.told(INLINE))
    editor.status(**status("LOADING", silence))
    editor.answers("Println(1)")
    editor.status(**status("HOT", silence))
    assert editor.visible() == asked_again
    assert len(editor.told(INLINE)) == questions + asked_again
    editor.status(**status("HOT", silence))
    assert len(editor.told(INLINE)) == questions + asked_again
