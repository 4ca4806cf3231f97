"""The tree of a text that changes: edited or read anew, it is the same tree; offsets are code points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_experts.syntax.tree import MAX_CHARS, SyntaxTree

SCRAPS = (
    "a", "if a:\n", "\tb", "\r\n", "\n", "    ", "😋", "e\u0301", "é", '"', "'", '"""', "(", ")", "{", "}", "def f():",
    "<p>", "</p>", "<script>", "</script>", "func f() {", "// x", "`", "\ud7ff", "\u2028",
)  # fmt: skip
scraps = st.sampled_from(SCRAPS)
texts = st.lists(scraps, max_size=20).map("".join)
edits = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 12), scraps), max_size=8)
languages = st.sampled_from(["python", "go", "html", "javascript"])


def edited(text: str, edit: tuple[int, int, str]) -> str:
    start = min(edit[0], len(text))
    return text[:start] + edit[2] + text[start + edit[1] :]


@given(languages, texts, edits, st.booleans())
@settings(max_examples=200, deadline=None)
def test_an_edited_tree_is_the_tree_read_anew(
    language: str, text: str, changes: list[tuple[int, int, str]], ask_between: bool
) -> None:
    tree = SyntaxTree(language, text)
    assert tree.root is not None
    for change in changes:
        text = edited(text, change)
        tree.update(text)
        if ask_between:
            assert tree.root is not None
    assert str(tree.root) == str(SyntaxTree(language, text).root)


@given(languages, texts, texts)
@settings(max_examples=100, deadline=None)
def test_an_imagined_tree_leaves_the_tree_as_it_is(language: str, text: str, other: str) -> None:
    tree = SyntaxTree(language, text)
    before = str(tree.root)
    assert str(tree.imagined(other)) == str(SyntaxTree(language, other).root)
    assert tree.text == text
    assert str(tree.root) == before


@given(texts)
def test_offsets_and_bytes_agree(text: str) -> None:
    tree = SyntaxTree("python", text)
    assert [tree.offset(tree.byte(offset)) for offset in range(len(text) + 1)] == list(range(len(text) + 1))
    root = tree.root
    assert root is not None
    for child in root.children:
        start, end = tree.span(child)
        assert tree.source(child) == text[start:end]


def test_the_smallest_node_at_a_place() -> None:
    tree = SyntaxTree("python", "é = f('😋', b)\n")
    node = tree.node_at(tree.text.index("b"))
    assert node is not None
    assert tree.source(node) == "b"
    node = tree.node_at(4, tree.text.index("b"))
    assert node is not None
    assert tree.source(node) == "f('😋', b)"


@pytest.mark.parametrize(("language", "text"), [("no such language", "a"), ("", ""), ("python", "a" * (MAX_CHARS + 1))])
def test_no_tree(language: str, text: str) -> None:
    tree = SyntaxTree(language, text)
    assert tree.root is None
    assert tree.node_at(0) is None
    assert tree.imagined("b") is None


def test_a_text_that_grew_too_long_and_shrank_again() -> None:
    tree = SyntaxTree("python", "a = 1\n")
    before = str(tree.root)
    tree.update("a" * (MAX_CHARS + 1))
    assert tree.root is None
    tree.update("a = 1\n")
    assert str(tree.root) == before


def test_half_a_character_is_read() -> None:
    tree = SyntaxTree("python", "a = '\ud83d'\nb")
    assert tree.root is not None
    assert tree.source(tree.root.children[-1]) == "b"
