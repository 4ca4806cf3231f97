"""Suggestions as items: what the client would hold after accepting them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from cursor import split_cursor
from lsprotocol import types as t

from lsp_experts.completion.answer import Suggestion
from lsp_experts.server.capabilities import Client, MultiLine
from lsp_experts.server.convert import completion_list, escape_snippet, for_popup, inline_list
from lsp_experts.server.documents import Document
from lsp_experts.server.ports import Silence
from lsp_experts.server.positions import Encoding
from lsp_experts.server.questions import Place, with_selected


def place_in(marked: str) -> Place:
    text, offset = split_cursor(marked)
    return Place(Document.of("untitled:a", "go", 1, text), offset, offset)


def suggestion(text: str, replace_right: int = 0) -> Suggestion:
    return Suggestion(text, replace_right, "go-expert", "expert")


def accepted(document: Document, span: t.Range | None, new_text: str, encoding: Encoding) -> str:
    assert span is not None
    assert span.start.line == span.end.line  # LSP: on one line
    start, end = document.offset(span.start, encoding), document.offset(span.end, encoding)
    return document.text[:start] + new_text + document.text[end:]


def check(marked: str, answer: Suggestion, expected: str, client: Client | None = None) -> t.CompletionItem | None:
    """Accepting the answer, inline and from the popup, gives `expected`; gives back the popup's item."""
    client, place = client or Client(), place_in(marked)
    (inline,) = inline_list(answer, place, client).items
    assert isinstance(inline.insert_text, str)
    assert accepted(place.document, inline.range, inline.insert_text, client.encoding) == expected
    style = client.popup_style("auto")
    popup = completion_list(for_popup(answer, style), place, client, style)
    assert popup.is_incomplete
    if style == "first line":
        return popup.items[0] if popup.items else None
    (item,) = popup.items
    assert isinstance(item.text_edit, t.TextEdit)
    new_text = item.text_edit.new_text
    if item.insert_text_format == t.InsertTextFormat.Snippet:
        new_text = re.sub(r"\\([\\$}])", r"\1", new_text)
    assert accepted(place.document, item.text_edit.range, new_text, client.encoding) == expected
    return item


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("fmt.Pr‸", suggestion("intln()"), "fmt.Println()"),
        ("f(‸)", suggestion("x)", 1), "f(x)"),
        ("f(‸)\nnext", suggestion("x)", 99), "f(x)\nnext"),  # never beyond the line
        ("f(‸)\r\nnext", suggestion("x)", 9), "f(x)\r\nnext"),
        ("😋 = ‸;", suggestion("1;", 1), "😋 = 1;"),
        ("if x {‸", suggestion("\n\treturn\n}"), "if x {\n\treturn\n}"),
        ("a‸", suggestion("b\0c"), "abc"),
        ("größe‸", suggestion("nordnung"), "größenordnung"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("multi_line", ["plain", "snippet"])
def test_accepting_gives(marked: str, answer: Suggestion, expected: str, encoding: str, multi_line: str) -> None:
    check(marked, answer, expected, Client(encoding=encoding, multi_line=multi_line))  # type: ignore[arg-type]


def test_the_item_repeats_the_word_so_that_clients_do_not_filter_it_away() -> None:
    item = check(
        "x := fmt.Pr‸", suggestion("intln(a,\n\tb)"), "x := fmt.Println(a,\n\tb)", Client(multi_line="snippet")
    )
    assert item is not None
    assert item.filter_text == "Println(a,"
    assert item.label == "Println(a,"
    assert item.documentation == "intln(a,\n\tb)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("x\ny", "x"), ("x", "x"), ("\n\treturn", None), ("x\r\ny", "x")],
)
def test_a_client_that_cuts_gets_the_first_line_or_nothing(text: str, shown: str | None) -> None:
    item = check("‸", suggestion(text), text, Client(multi_line="first line"))
    assert (item.label if item else None) == shown


def with_others(*texts: str) -> Suggestion:
    best, *others = (suggestion(text) for text in texts)
    return replace(best, others=tuple(others))


@pytest.mark.parametrize(
    ("texts", "style", "shown"),
    [
        (("one", "two", "three"), "plain", ["one", "two", "three"]),
        (("one\ntwo", "one\nother", "two"), "first line", ["one", "two"]),
        (("\n  one", "two"), "first line", ["two"]),  # of the best one a client that cuts would see nothing
        ((" ", "two", "two"), "plain", ["two"]),
        ((" ", "\n"), "plain", []),
    ],
)
def test_others_come_after_the_best(texts: tuple[str, ...], style: MultiLine, shown: list[str]) -> None:
    answer, place = with_others(*texts), place_in("x‸")
    inline = inline_list(answer, place, Client())
    assert [item.insert_text for item in inline.items] == list(texts)
    popup = completion_list(for_popup(answer, style), place, Client(), style)
    edits = [item.text_edit for item in popup.items]
    assert [edit.new_text for edit in edits if isinstance(edit, t.TextEdit)] == [f"x{text}" for text in shown]
    assert sorted(popup.items, key=lambda item: item.sort_text or "") == list(popup.items)


def test_each_of_several_items_replaces_its_own_text() -> None:
    best, other = suggestion("x)", 1), suggestion("y")
    items = inline_list(replace(best, others=(other,)), place_in("f(‸)"), Client()).items
    assert [item.range.end.character for item in items if item.range] == [3, 2]


def test_snippets_are_escaped() -> None:
    assert escape_snippet("${a} \\ b") == "\\${a\\} \\\\ b"


def test_labels_are_short_and_never_empty() -> None:
    item = check("‸", suggestion("\n\n    value\n"), "\n\n    value\n")
    assert item is not None
    assert item.label == "↵ value"
    long = check("‸", suggestion("x" * 500), "x" * 500)
    assert long is not None
    assert len(long.label) == 80


def test_silence_is_an_empty_list_that_may_be_asked_again() -> None:
    empty = completion_list(Silence("off"), place_in("a‸"), Client(), "plain")
    assert (empty.items, empty.is_incomplete) == ([], True)
    assert inline_list(Silence("off"), place_in("a‸"), Client()).items == []
    assert inline_list(suggestion("x"), Silence("document not open"), Client()).items == []
    assert for_popup(suggestion(" \n"), "plain") == Silence("nothing to show", "it is blank")


def test_an_item_selected_in_the_popup_is_extended() -> None:
    place = with_selected(
        place_in("fmt.Pr‸ // note"),
        t.SelectedCompletionInfo(range=t.Range(t.Position(0, 4), t.Position(0, 6)), text="Println"),
        "utf-16",
    )
    assert place.view.text == "fmt.Println // note"
    question = place.question(manual=False)
    assert question.view.text[: question.offset] == "fmt.Println"
    (item,) = inline_list(suggestion("()"), place, Client()).items
    assert item.insert_text == "Println()"
    assert item.range == t.Range(t.Position(0, 4), t.Position(0, 6))


def test_neovim_cuts_a_plain_item_at_its_first_blank() -> None:
    """Its popup inserts only the first word of a plain text edit, so blanks travel as a snippet."""
    neovim = Client(multi_line="snippet", cuts_plain=True)
    item = check("x = ‸", suggestion("add(1, $2)"), "x = add(1, $2)", neovim)
    assert item is not None and item.insert_text_format == t.InsertTextFormat.Snippet
    item = check("x = ‸", suggestion("add()"), "x = add()", neovim)
    assert item is not None and item.insert_text_format == t.InsertTextFormat.PlainText
