"""The document store: where lines end, what edits do, what is ignored."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as t

from lsp_experts.server.documents import Document, Documents, line_starts

URI = "untitled:a"


def span(*ends: int) -> t.Range:
    return t.Range(t.Position(ends[0], ends[1]), t.Position(ends[2], ends[3]))


def check(before: str, edits: list[tuple[tuple[int, int, int, int], str]], after: str) -> None:
    """The edits, one after the other, make this text; the line index is the one of a fresh split."""
    documents = Documents()
    documents.open(t.TextDocumentItem(URI, "go", 1, before))
    changes = [t.TextDocumentContentChangePartial(span(*ends), text) for ends, text in edits]
    document = documents.change(t.DidChangeTextDocumentParams(t.VersionedTextDocumentIdentifier(2, URI), changes))
    assert document is not None
    assert document.text == after
    assert list(document.starts) == line_starts(after)


@pytest.mark.parametrize(
    ("before", "edits", "after"),
    [
        ("", [((0, 0, 0, 0), "a\nb")], "a\nb"),
        ("a\nb\nc", [((1, 0, 1, 1), "X")], "a\nX\nc"),
        ("a\nb\nc", [((0, 1, 2, 0), "")], "ac"),
        ("a\r\nb\rc\n", [((2, 0, 2, 1), "X")], "a\r\nb\rX\n"),
        ("abc", [((0, 99, 0, 99), "!")], "abc!"),  # P-21
        ("abc\nd", [((0, 99, 0, 99), "!")], "abc!\nd"),
        ("abc", [((7, 0, 9, 9), "!")], "abc!"),  # P-15: out of range
        ("abc", [((0, 2, 0, 1), "!")], "ab!c"),  # P-15: inverted
        ("a\rb", [((1, 0, 1, 0), "\n")], "a\r\nb"),  # the inserted \n joins the \r before it
        ("a\rX\nb", [((1, 0, 1, 1), "")], "a\r\nb"),
        ("x=😋!", [((0, 2, 0, 4), "")], "x=!"),  # utf-16
        ("a\nb", [((0, 0, 0, 1), "1\n2"), ((2, 0, 2, 1), "3")], "1\n2\n3"),
    ],
)
def test_edits(before: str, edits: list[tuple[tuple[int, int, int, int], str]], after: str) -> None:
    check(before, edits, after)


@pytest.mark.parametrize("character", ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"])
def test_only_newlines_end_lines(character: str) -> None:
    check(f"a{character}b\nc\n", [((1, 0, 1, 1), "Z")], f"a{character}b\nZ\n")  # P-20


pieces = st.text(st.sampled_from("ab\r\n😋\u2028"), max_size=12)


@given(pieces, pieces, st.integers(0, 12), st.integers(0, 12))
def test_the_moved_line_index_is_the_fresh_one(text: str, inserted: str, a: int, b: int) -> None:
    document = Document.of(URI, "go", 1, text)
    # Ends of edits come from positions, and no position lies between \r and \n.
    ends = [at for at in range(len(text) + 1) if text[at - 1 : at + 1] != "\r\n" or at == 0]
    start, end = sorted((ends[a % len(ends)], ends[b % len(ends)]))
    edited = document.edited(start, end, inserted, 2)
    assert edited.text == text[:start] + inserted + text[end:]
    assert list(edited.starts) == line_starts(edited.text)


@given(pieces, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_offsets_and_positions_agree(text: str, encoding: str) -> None:
    document = Document.of(URI, "go", 1, text)
    inside_line_end = {found.start() + 1 for found in re.finditer("\r\n", text)}
    for offset in set(range(len(text) + 1)) - inside_line_end:
        assert document.offset(document.position(offset, encoding), encoding) == offset  # type: ignore[arg-type]


def test_a_lone_surrogate_keeps_its_place() -> None:
    document = Document.of(URI, "go", 1, "a\ud83db")  # P-23
    assert document.text == "a\ufffdb"
    assert document.offset(t.Position(0, 2), "utf-16") == 2


@pytest.mark.parametrize(
    ("uri", "version", "expected"),
    [
        pytest.param(URI, 6, "new", id="next"),
        pytest.param(URI, 5, "new", id="same version"),
        pytest.param(URI, 3, "old", id="P-14 stale"),
        pytest.param("untitled:other", 6, "old", id="P-13 not open"),
    ],
)
def test_which_changes_count(uri: str, version: int, expected: str) -> None:
    documents = Documents()
    documents.open(t.TextDocumentItem(URI, "go", 5, "old"))
    whole = t.TextDocumentContentChangeWholeDocument("new")
    documents.change(t.DidChangeTextDocumentParams(t.VersionedTextDocumentIdentifier(version, uri), [whole]))
    found = documents.get(URI)
    assert found is not None
    assert found.text == expected
    assert found.version == (max(version, 5) if expected == "new" else 5)
    assert documents.get("untitled:other") is None


def test_a_closed_document_is_gone() -> None:
    documents = Documents()
    documents.open(t.TextDocumentItem(URI, "go", 1, "x"))
    assert documents.close(URI)
    assert not documents.close(URI)
    assert documents.get(URI) is None


def test_the_one_that_was_used_last_comes_first() -> None:
    documents = Documents()
    for uri in "abc":
        documents.open(t.TextDocumentItem(uri, "go", 1, ""))
    change = t.TextDocumentContentChangeWholeDocument("x")
    documents.change(t.DidChangeTextDocumentParams(t.VersionedTextDocumentIdentifier(2, "a"), [change]))
    documents.touch("b")
    assert documents.touch("nobody") is None
    assert [document.uri for document in documents.recent()] == ["b", "a", "c"]
