"""No suggestion makes the syntax worse; and a part of what is to come is no error."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import Filtered, filter_text
from lsp_experts.settings import Settings
from lsp_experts.syntax.tree import SyntaxTree

WORSE = Filtered("", reason="worse syntax")
GO = "package a\n\nfunc f() {\n\t"


def filtered(language: str, marked: str, text: str, settings: Settings | None = None) -> Filtered:
    document, offset = split_cursor(marked)
    tree = SyntaxTree(language, document)
    return filter_text(text, Cursor(document, offset), tree=tree, settings=settings)


@pytest.mark.parametrize(
    ("language", "marked", "text", "expected"),
    [
        ("python", "x = ‸\n", "= 2 +* 3", WORSE),
        ("python", "x = ‸\n", "foo(1, 2)", Filtered("foo(1, 2)")),
        ("python", "‸\n", "if x:", Filtered("if x:")),
        ("python", "‸\n", "x = 1\ny = = 2", Filtered("x = 1")),
        ("python", "f(‸\n", "1, 2", Filtered("1, 2")),
        ("python", "# ‸\n", "why ((", Filtered("why ((")),
        ("python", 'def f():\n    """‸\n', "Return it (as is", Filtered("Return it (as is")),
        ("go", f"{GO}‸\n}}\n", "if err != nil {\n\t\treturn err", Filtered("if err != nil {\n\t\treturn err")),
        ("go", f"{GO}‸\n}}\n", "x := f(1))", Filtered("x := f(1")),
        ("sql", "SELECT ‸\n", ") (", Filtered(") (")),
        ("c", "typedef struct {\n    ‸\n} A;\n", "PyObject_HEAD", Filtered("PyObject_HEAD")),
        ("javascript", "f();\n‸\n", "const const x", WORSE),
    ],
)
def test_syntax(language: str, marked: str, text: str, expected: Filtered) -> None:
    assert filtered(language, marked, text) == expected


def test_the_check_can_be_switched_off() -> None:
    assert filtered("python", "x = ‸\n", "= 2 +* 3", Settings(check_syntax=False)).text == "= 2 +* 3"


def test_the_tree_of_another_text_says_nothing() -> None:
    assert filter_text("= 2 +* 3", Cursor("x = ", 4), tree=SyntaxTree("python", "y\n")).text == "= 2 +* 3"


def test_the_closer_of_an_outer_line_is_due() -> None:
    # Without the tree, the bracket right of the cursor would be taken for that of the inner call.
    assert filtered("python", "foo(bar(\n    x‸)\n", "y)") == Filtered("y)")
