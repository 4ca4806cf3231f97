"""From changes to the edit that a client takes: all of it at the right place, or none."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types as t

from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.errors import ActionRefused
from lsp_experts.server.action_capabilities import EditSupport
from lsp_experts.server.converter import strict_converter
from lsp_experts.server.documents import Document
from lsp_experts.server.edits import workspace_edit
from lsp_experts.server.positions import Encoding

A, B = "file:///w/a.py", "file:///w/b.py"
CHANGES, VERSIONS = EditSupport(applies=True), EditSupport(applies=True, versions=True)
EVERYTHING = EditSupport(applies=True, versions=True, creates=True, annotations=True)
OPEN = {A: Document.of(A, "python", 3, "x = '😋'; y\r\nz\n")}


def edit(
    *changes: Change,
    support: EditSupport = VERSIONS,
    encoding: Encoding = "utf-16",
    documents: dict[str, Document] = OPEN,
    **how: Any,
) -> dict[str, Any]:
    """The JSON of the edit."""
    made = workspace_edit(Edited("label", changes, **how), documents.get, support, encoding)
    found: dict[str, Any] = strict_converter().unstructure(made, t.WorkspaceEdit)
    return found


def applied(text: str, edits: list[dict[str, Any]], encoding: Encoding) -> str:
    """What a client makes of it, from the end to the start."""
    document = Document.of("", "", 0, text)
    for each in reversed(edits):
        start, end = (t.Position(**each["range"][name]) for name in ("start", "end"))
        text = text[: document.offset(start, encoding)] + each["newText"] + text[document.offset(end, encoding) :]
    return text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("start", range(15))
@pytest.mark.parametrize("length", [0, 1, 2, 5])
def test_every_range_is_the_one_that_was_meant(encoding: Encoding, start: int, length: int) -> None:
    """In the middle of \\r\\n, too, where no position is."""
    text = OPEN[A].text
    end = min(start + length, len(text))
    (only,) = edit(Change(A, start, end, "N", 3), encoding=encoding)["documentChanges"]
    assert applied(text, only["edits"], encoding) == text[:start] + "N" + text[end:]


def test_the_form_is_the_clients() -> None:
    changes = Change(A, 12, 13, "Z", 3), Change(A, 0, 1, "X", 3)
    plain = edit(*changes, support=CHANGES)
    assert list(plain) == ["changes"]
    assert [each["newText"] for each in plain["changes"][A]] == ["X", "Z"]
    (versioned,) = edit(*changes)["documentChanges"]
    assert versioned["textDocument"] == {"uri": A, "version": 3}
    assert versioned["edits"] == plain["changes"][A]


def test_a_file_that_nobody_has_open_has_no_version() -> None:
    (only,) = edit(Change(B, 0, 3, "new", None, "old\n"))["documentChanges"]
    assert only["textDocument"] == {"uri": B, "version": None}
    opened = {B: Document.of(B, "python", 9, "old\n")}
    (only,) = edit(Change(B, 0, 3, "new", None, "old\n"), documents=opened)["documentChanges"]
    assert only["textDocument"] == {"uri": B, "version": 9}


def test_a_file_is_created_before_its_text() -> None:
    change = Change(B, 0, 0, "text", creates=True, label="a new file")
    created, text = edit(change, support=EditSupport(applies=True, creates=True))["documentChanges"]
    assert created == {"kind": "create", "uri": B, "options": {"overwrite": False, "ignoreIfExists": False}}
    assert text["edits"] == [{"range": {"start": ZERO, "end": ZERO}, "newText": "text"}]
    created, text = edit(change, support=EVERYTHING, confirm=True)["documentChanges"]
    assert created["annotationId"] == text["edits"][0]["annotationId"]


ZERO = {"line": 0, "character": 0}


def test_annotations_ask_the_user_where_the_client_does_that() -> None:
    changes = Change(A, 0, 1, "X", 3, label="the first"), Change(A, 12, 13, "Z", 3)
    made = edit(*changes, support=EVERYTHING, confirm=True, note="by rule")
    notes = made["changeAnnotations"]
    assert [(note["label"], note["needsConfirmation"], note["description"]) for note in notes.values()] == [
        ("the first", True, "by rule"),
        ("label", True, "by rule"),
    ]
    assert [each["annotationId"] for each in made["documentChanges"][0]["edits"]] == list(notes)
    assert "changeAnnotations" not in edit(*changes, support=EVERYTHING)
    assert "changeAnnotations" not in edit(*changes, confirm=True)


def test_no_string_holds_a_nul() -> None:
    assert edit(Change(A, 0, 1, "a\0b", 3))["documentChanges"][0]["edits"][0]["newText"] == "ab"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param((), "nothing to change", id="nothing"),
        pytest.param((Change(A, 0, 1, "", 2),), "changed meanwhile", id="older version"),
        pytest.param((Change(A, 0, 1, "", 3), Change(A, 2, 3, "", 2)), "changed meanwhile", id="two versions"),
        pytest.param((Change(A, 0, 1, "", None, "other"),), "changed meanwhile", id="opened meanwhile"),
        pytest.param((Change(B, 0, 1, "", 1),), "closed meanwhile", id="closed"),
        pytest.param((Change(A, 0, 99, "", 3),), "contradicts", id="beyond the end"),
        pytest.param((Change(A, 5, 4, "", 3),), "contradicts", id="inverted"),
        pytest.param((Change(A, -1, 4, "", 3),), "contradicts", id="before the start"),
        pytest.param((Change(A, 0, 4, "", 3), Change(A, 3, 5, "", 3)), "contradicts", id="overlap"),
        pytest.param((Change(A, 0, 0, "", creates=True),), "there already", id="creates what is open"),
        pytest.param((Change(B, 0, 1, "", 1), Change(A, 0, 1, "X", 3)), "closed", id="one of two: no half edit"),
    ],
)
def test_what_is_refused(changes: tuple[Change, ...], words: str) -> None:
    with pytest.raises(ActionRefused, match=words):
        edit(*changes, support=EVERYTHING)


def test_a_client_that_creates_no_files() -> None:
    with pytest.raises(ActionRefused, match="cannot create files"):
        edit(Change(B, 0, 0, "text", creates=True))
