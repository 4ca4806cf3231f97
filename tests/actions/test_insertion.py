"""Where new code goes in a text, and how it stands there."""

from __future__ import annotations

import pytest

from lsp_experts.actions.insertion import behind_definitions, in_last_class, insertions
from lsp_experts.completion.document import DocumentView
from lsp_experts.syntax.tree import SyntaxTree


def check(language: str, text: str, code: str, expected: str) -> None:
    """The text with the code behind its last definition."""
    tree = SyntaxTree(language, text)
    gap = behind_definitions(tree)
    assert text[: gap.offset] + gap.written(tree, code) + text[gap.offset :] == expected


@pytest.mark.parametrize(
    ("language", "text", "code", "expected"),
    [
        ("python", "", "a = 1", "a = 1\n"),
        ("python", "x = 1", "a = 1", "x = 1\n\n\na = 1\n"),
        ("python", "x = 1\n\n\n", "a = 1\n", "x = 1\n\n\na = 1\n\n\n"),
        ("python", "def f():\n    pass\nf()\n", "a = 1", "def f():\n    pass\n\n\na = 1\n\n\nf()\n"),
        ("python", "@d\nclass A:\n    def f(self):\n        pass  # é\n\nf()\n", "a = 1",
         "@d\nclass A:\n    def f(self):\n        pass  # é\n\n\na = 1\n\nf()\n"),
        ("javascript", "export function f() {} // x 😀\n\nf();\n", "g();",
         "export function f() {} // x 😀\n\ng();\n\nf();\n"),
        ("javascript", "const f = () => {\n  x();\n};\nf();\n", "function g() {\n    y();\n}",
         "const f = () => {\n  x();\n};\n\nfunction g() {\n  y();\n}\n\nf();\n"),
        ("go", "package a\n\nfunc f() {\n\tg()\n}\n", "func h() {\n    i()\n}",
         "package a\n\nfunc f() {\n\tg()\n}\n\nfunc h() {\n\ti()\n}\n"),
        ("python", "x = 1\r\n", "def f():\n    pass", "x = 1\r\n\r\n\r\ndef f():\r\n    pass\r\n"),
        ("plaintext", "hello\n", "you", "hello\n\nyou\n"),
    ],
)  # fmt: skip
def test_behind_the_last_definition(language: str, text: str, code: str, expected: str) -> None:
    check(language, text, code, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A {\n}\n", "class A {\n    int x;\n}\n"),
        ("class A {}\n", "class A {\n    int x;\n}\n"),
        ("class A {\n  int y;\n\n  int z() {\n    return 1;\n  }\n}", None),
    ],
)
def test_in_a_class(text: str, expected: str | None) -> None:
    tree = SyntaxTree("java", text)
    gap = in_last_class(tree)
    assert gap is not None
    expected = expected or text.removesuffix("}") + "\n  int x;\n}"
    assert text[: gap.offset] + gap.written(tree, "int x;") + text[gap.offset :] == expected


def test_no_class() -> None:
    assert in_last_class(SyntaxTree("java", "")) is None
    assert in_last_class(SyntaxTree("plaintext", "class A {}")) is None


def test_insertions_at_one_place_are_one() -> None:
    view = DocumentView("file:///w/a", "go", 3, "ab")
    changes = insertions(view, [(1, "x"), (0, "w"), (1, "y")], "l")
    assert [(each.start, each.end, each.new_text, each.version) for each in changes] == [
        (0, 0, "w", 3),
        (1, 1, "xy", 3),
    ]
