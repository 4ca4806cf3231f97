"""Notebooks: cells come, go, move and change; what came before a cell is known; a closed notebook is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from lsprotocol import types as t
from server.rawclient import INLINE, RawClient, at, inserted

from lsp_experts.server.documents import Documents
from lsp_experts.server.notebooks import Notebooks

CODE, MARKUP = t.NotebookCellKind.Code, t.NotebookCellKind.Markup
NOTEBOOK = "file:///n.ipynb"


class Opened:
    """A notebook of cells "name language text", each a URI of its name; "md" cells are markup."""

    def __init__(self, *cells: str) -> None:
        self.documents, self.notebooks = Documents(), Notebooks()
        split = [cell.split(" ", 2) for cell in cells]
        self.first = self.notebooks.open(
            t.DidOpenNotebookDocumentParams(
                t.NotebookDocument(
                    NOTEBOOK, "jupyter-notebook", 1, [cell(name, language) for name, language, _ in split]
                ),
                [t.TextDocumentItem(*each[:2], 1, each[2]) for each in split],
            ),
            self.documents,
        )

    def change(self, uri: str = NOTEBOOK, **cells: Any) -> Any:
        identifier = t.VersionedNotebookDocumentIdentifier(2, uri)
        event = t.NotebookDocumentChangeEvent(cells=t.NotebookDocumentCellChanges(**cells))
        return self.notebooks.change(t.DidChangeNotebookDocumentParams(identifier, event), self.documents)

    def splice(self, start: int, gone: int, cells: Sequence[t.NotebookCell] = (), **documents: Any) -> Any:
        array = t.NotebookCellArrayChange(start, gone, cells)
        return self.change(structure=t.NotebookDocumentCellChangeStructure(array, **documents))

    def earlier(self, name: str) -> str:
        document = self.documents.get(name)
        assert document is not None
        return self.notebooks.earlier(document, self.documents)


def cell(name: str, language: str = "python") -> t.NotebookCell:
    return t.NotebookCell(MARKUP if language == "md" else CODE, name)


def test_earlier_cells_of_the_same_language() -> None:
    opened = Opened("a md # A", "b python x = 1\r\ny\n", "c sql select", "d python  ", "e python z", "f md text")
    assert opened.first is not None
    assert opened.first.uri == "b"
    found = {name: opened.earlier(name) for name in "abcdef"}
    assert found == {"a": "", "b": "", "c": "", "d": "x = 1\ny", "e": "x = 1\ny", "f": ""}


def test_a_document_that_is_no_cell() -> None:
    opened = Opened("a python x")
    opened.documents.open(t.TextDocumentItem("other.py", "python", 1, "y"))
    assert opened.earlier("other.py") == ""


def test_the_nearest_cells_where_there_is_much() -> None:
    opened = Opened("a python a", "b python " + "b" * 19_000, "c python " + "c" * 1000, "d python x")
    assert opened.earlier("d") == "b" * 19_000 + "\n\n" + "c" * 1000
    opened = Opened("a python a", "b python " + "b" * 30_000, "c python c", "d python x")
    assert opened.earlier("d") == "c"


def test_cells_come_and_go() -> None:
    opened = Opened("a python a", "b python b", "c python c")
    new = t.TextDocumentItem("n", "python", 1, "n")
    news = opened.splice(1, 1, [cell("n")], did_open=[new], did_close=[t.TextDocumentIdentifier("b")])
    assert [document.uri for document in news.opened] == ["n"]
    assert news.closed == ("b",)
    assert opened.earlier("c") == "a\n\nn"


def test_cells_move() -> None:
    opened = Opened("a python a", "b python b", "c python c")
    opened.splice(0, 3, [cell("c"), cell("a"), cell("b")])
    assert (opened.earlier("c"), opened.earlier("b")) == ("", "c\n\na")


def test_a_cell_becomes_text_or_was_run() -> None:
    opened = Opened("a python a", "b python b")
    ran = t.NotebookCell(CODE, "a", execution_summary=t.ExecutionSummary(7, True))
    opened.change(data=[ran])
    assert opened.earlier("b") == "a"
    opened.change(data=[cell("a", "md")])
    assert opened.earlier("b") == ""


def test_texts_change() -> None:
    opened = Opened("a python a", "b python b")
    whole = t.TextDocumentContentChangeWholeDocument("new")
    content = t.NotebookDocumentCellContentChanges(t.VersionedTextDocumentIdentifier(2, "a"), [whole])
    news = opened.change(text_content=[content])
    assert [(document.uri, document.text) for document in news.edited] == [("a", "new")]
    assert opened.earlier("b") == "new"


@pytest.mark.parametrize(("start", "gone"), [(9, 9), (0, 99), (2, 0)])
def test_odd_changes_of_the_order(start: int, gone: int) -> None:
    opened = Opened("a python a", "b python b")
    opened.splice(start, gone, [cell("unheard-of")])
    assert opened.earlier("a") == ""


def test_a_notebook_that_is_not_open() -> None:
    opened = Opened("a python a")
    assert opened.change("file:///other.ipynb", data=[cell("a", "md")]).edited == ()


def test_closing_names_all_cells_once() -> None:
    opened = Opened("a python a", "b python b")
    named = [t.TextDocumentIdentifier("b"), t.TextDocumentIdentifier("left over")]
    params = t.DidCloseNotebookDocumentParams(t.NotebookDocumentIdentifier(NOTEBOOK), named)
    assert opened.notebooks.close(params) == ("a", "b", "left over")
    assert opened.earlier("b") == ""


@pytest.mark.asyncio
async def test_on_the_wire() -> None:
    async with RawClient.start() as client:
        answer = await client.initialize()
        assert answer["result"]["capabilities"]["notebookDocumentSync"] == {
            "notebookSelector": [{"notebook": "*"}],
            "save": False,
        }
        texts = [
            {"uri": f"cell:{name}", "languageId": "python", "version": 1, "text": name} for name in ("a", "b", "c")
        ]
        notebook = {
            "uri": NOTEBOOK,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [{"kind": 2, "document": item["uri"]} for item in texts],
        }
        client.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": texts})
        assert inserted(await client.call(1, INLINE, at("cell:c", character=1))) == ["<a\n\nb>"]
        identifier = {"uri": NOTEBOOK, "version": 2}
        moved = {"array": {"start": 0, "deleteCount": 1}, "didClose": [{"uri": "cell:a"}]}
        text = {"document": {"uri": "cell:b", "version": 2}, "changes": [{"text": "new"}]}
        changed = {"cells": {"structure": moved, "textContent": [text]}}
        client.notify("notebookDocument/didChange", {"notebookDocument": identifier, "change": changed})
        assert inserted(await client.call(2, INLINE, at("cell:c", character=1))) == ["<new>"]
        assert inserted(await client.call(3, INLINE, at("cell:a"))) == []
        cells = [{"uri": "cell:b"}, {"uri": "cell:c"}]
        client.notify("notebookDocument/didClose", {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": cells})
        assert inserted(await client.call(4, INLINE, at("cell:c"))) == []
        client.notify("notebookDocument/didChange", {"notebookDocument": identifier, "change": changed})
        client.notify("notebookDocument/didOpen", {"notebookDocument": 7})
        status = (await client.call(5, "lspExperts/status"))["result"]
        assert status["documents"] == 0
        closed = [event[1] for event in status["events"] if event[0] == "closed"]
        assert closed == ["cell:a", "cell:b", "cell:c"]
