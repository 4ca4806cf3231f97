"""Whether a change makes the syntax of a document worse."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.syntax.errors import error_count, gets_worse
from lsp_experts.syntax.tree import SyntaxTree


@pytest.mark.parametrize(
    ("language", "text", "errors"),
    [("python", "x = 1\n", 0), ("python", "x = (\n", 1), ("go", "package a\nfunc f() {\n", 1), ("json", '{"a": }', 1)],
)
def test_error_count(language: str, text: str, errors: int) -> None:
    root = SyntaxTree(language, text).root
    assert root is not None
    assert error_count(root) == errors


@pytest.mark.parametrize(
    ("language", "marked", "new_text", "worse"),
    [
        ("python", "x = ‸\ny = 1\n", "foo(1)", False),
        ("python", "x = ‸\ny = 1\n", "foo(1, ", False),
        ("python", "x = 1\n‸\ny = 1\n", "foo((1]", True),
        ("python", "x = 1\n‸\ny = 1\n", "y = = 2", True),
        ("python", "‸\n", "if x:", False),
        ("python", "‸\n", "def f(a,\n      b", False),
        ("python", "‸\n", 'x = """abc', False),
        ("go", "package a\n\nfunc f() {\n\t‸\n}\n", "if err != nil {", False),
        ("go", "package a\n\nfunc f() {\n\t‸\n}\n", "if err != nil {\n\t\treturn", False),
        ("go", "package a\n\nfunc f() {\n\t‸\n}\n", "x := 1)", True),
        ("go", "package a\n\nfunc f() {\n\t‸\n\n", "x := 1\n}", False),
        ("javascript", "class A {\n  f() {\n    if (a.b‸", "?.length) {", False),
        ("javascript", "f(‸)\n", "a, b", False),
        ("javascript", "f();\n‸\n", "const const x", True),
        ("lua", "‸\n", "if x then", False),
        ("shellscript", "‸\n", "for a in b; do", False),
        ("ruby", "‸\n", "items.each do |x|\n  y", False),
        ("rust", "‸\n", "fn f<'a>(x: &'a str) -> bool {", False),
        ("klingon", "‸", ")))", False),
    ],
)
def test_gets_worse(language: str, marked: str, new_text: str, worse: bool) -> None:
    text, offset = split_cursor(marked)
    assert gets_worse(SyntaxTree(language, text), offset, offset, new_text) is worse


def test_what_would_take_long_to_compare_is_not_worse() -> None:
    text = "function f() {\n  const a = [1, 2, 3];\n}\n" * 500
    assert not gets_worse(SyntaxTree("javascript", text), 0, 0, "(((( {{{{ `")
