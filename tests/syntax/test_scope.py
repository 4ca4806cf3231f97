"""What a cursor stands in, whether a block is due there, and what would close it."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.syntax.scope import Scope, scope_at
from lsp_experts.syntax.tree import SyntaxTree


def scope(language: str, marked: str) -> Scope:
    text, offset = split_cursor(marked)
    found = scope_at(SyntaxTree(language, text), offset)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language", "marked", "where"),
    [
        ("python", "x = 1‸\n", "code"),
        ("python", "# hello ‸\n", "comment"),
        ("python", "x = 'abc‸'\n", "string"),
        ("python", "x = 'abc'‸\n", "code"),
        ("python", "x = ‸'abc'\n", "code"),
        ("python", "x = 'abc‸\ny = 1\n", "string"),
        ("python", 'def f():\n    """Doc ‸\n    """\n', "string"),
        ("python", 'def f():\n    """Doc\n    more ‸', "string"),
        ("python", "x = ('a' ‸'b')\n", "code"),
        ("go", "package a\nvar x = `a ‸`\n", "string"),
        ("go", "package a\nvar x = 'a‸'\n", "string"),
        ("javascript", "// a‸\n", "comment"),
        ("javascript", "/* a */‸\n", "code"),
        ("javascript", "/* a ‸", "comment"),
        ("javascript", "const a = `x ‸ c`\n", "string"),
        ("javascript", "const a = `x ${b‸} c`\n", "code"),
        ("javascript", "x = /a‸b/\n", "string"),
        ("typescript", "const a: string = 'x‸'\n", "string"),
        ("html", '<a href="x‸">\n', "string"),
        ("html", "<!-- a ‸ -->\n", "comment"),
        ("html", "<p>it's ‸\n", "code"),
        ("css", "a { /* x‸ */ }\n", "comment"),
        ("sql", "SELECT 'a‸' FROM b;\n", "string"),
        ("sql", "SELECT a -- b‸\nFROM c;\n", "comment"),
        ("rust", "fn f<'a>(x: &'a str) { ‸ }\n", "code"),
        ("rust", 'let c = r#"a‸"#;\n', "string"),
        ("java", 'class A { String s = "a‸"; }\n', "string"),
        ("c", "#include <a‸.h>\n", "code"),
        ("php", "<?php\n# a‸\n", "comment"),
        ("ruby", "x = 'a‸'\n", "string"),
        ("lua", "local s = 'a‸'\n", "string"),
        ("shellscript", "echo 'a‸'\n", "string"),
        ("json", '{"a": "x‸"}', "string"),
        ("yaml", 'b: "x‸"\n', "string"),
        ("yaml", "b: x‸\n", "code"),
    ],
)
def test_code_comment_or_string(language: str, marked: str, where: str) -> None:
    assert scope(language, marked).where == where


@pytest.mark.parametrize(
    ("language", "marked", "block", "indent"),
    [
        ("python", "def f(x):‸\n", True, 4),
        ("python", "def f(x):  # why‸\n", False, 0),
        ("python", "    if x:\n        ‸\n", True, 8),
        ("python", "def f():\n‸\n", True, 4),
        ("python", "def f():\n    x = 1\n‸\n    y = 2\n", True, 4),
        ("python", "‸\n", True, 0),
        ("python", "x = foo(‸)\n", False, 0),
        ("python", "x = foo(a, ‸)\n", False, 0),
        ("python", "x = a[1:‸]\n", False, 0),
        ("python", "x = {'a':‸}\n", False, 0),
        ("python", "x = {‸}\n", True, 4),
        ("python", "x = f'{‸}'\n", False, 0),
        ("python", "foo(\n    ‸\n)\n", True, 4),
        ("python", "x = ‸\n", False, 0),
        ("python", "x = y  ‸# why\n", False, 0),
        ("go", "package a\nfunc f() {‸}\n", True, 4),
        ("go", "package a\nfunc f() {‸ return }\n", False, 0),
        ("go", "package a\nfunc f() {\n\tswitch x {\n\tcase 1:‸\n\t}\n}\n", True, 8),
        ("javascript", "foo(function() {‸})\n", True, 4),
        ("javascript", "const f = (a) =>‸\n", True, 4),
        ("javascript", "x = a ? b :‸\n", False, 0),
        ("javascript", "return <div>‸\n", True, 4),
        ("javascript", "x = a >‸\n", False, 0),
        ("typescript", "interface A {\n  ‸\n}\n", True, 2),
        ("html", "<ul>‸\n", True, 4),
        ("html", "<ul>\n  <li>‸</li>\n</ul>", False, 2),
        ("html", "<br>‸\n", False, 0),
        ("css", "a {\n  color:‸\n}\n", False, 2),
        ("css", "a { /* why */‸\n", True, 4),
        ("sql", "CREATE TABLE a (‸\n", True, 4),
        ("cpp", "class A {\npublic:‸\n};\n", True, 4),
        ("ruby", "a.each do |x|‸\nend\n", True, 4),
        ("lua", "local function f(a, b)‸\nend\n", True, 4),
        ("shellscript", "for a in b; do‸\ndone\n", True, 4),
        ("json", '{"a":‸}\n', False, 0),
        ("yaml", "a:‸\n", True, 4),
        ("yaml", "a: foo‸\n", False, 0),
        ("markdown", "A list:‸\n", False, 0),
    ],
)
def test_a_block_is_due(language: str, marked: str, block: bool, indent: int) -> None:
    found = scope(language, marked)
    assert (found.block, found.indent) == (block, indent)


@pytest.mark.parametrize(
    ("language", "marked", "owed", "closers", "close_at"),
    [
        ("python", "x = foo(‸)\n", "", (), -1),
        ("python", "x = foo(a, bar[1‸\ny = 2\n", "])", (), -1),
        ("python", "x = [\n    ‸\n", "]", ("]", "}"), 0),
        ("go", "package a\nfunc f() {\n\tif g(‸\n}\n", ")", (")", "}"), 4),
        ("go", "package a\nfunc f() {\n\tif x {\n\t\t‸\n}\n\nfunc g() {\n}\n", "}", ("}",), 4),
        ("go", "package a\nfunc f() {\n\tif x {\n\t\t‸\n\t}\n}\n", "", (), -1),
        ("go", "package a\nfunc f() {‸}\n", "", (), -1),
        ("javascript", "class A {\n  f() {\n    ‸\n", "}}", ("}",), 2),
        ("javascript", "foo({\n  ‸\n", "})", ("}",), 0),
        ("javascript", "if (a) {\n  ‸\nelse {\n  b()\n}\n", "}", ("}",), 0),
        ("html", "<div>\n  <ul>\n    ‸\n</div>\n", "", ("</ul",), 2),
        ("html", "<ul>‸</ul>\n", "", (), -1),
        ("css", "a {‸\n", "}", ("}",), 0),
        ("sql", "CREATE TABLE a (\n  ‸\n", ")", (")", "}"), 0),
        ("rust", "fn f() {\n    ‸\n", "}", ("}",), 0),
        ("java", "class A {\n    void f() {\n        ‸\n    }\n", "}", (), -1),
        ("c", "int f()\n{\n    ‸\n", "}", ("}",), 0),
        ("c", "#define A(x) \\\n    (f(x) || g(x‸\n", "))", (), -1),
        ("php", "<?php\nfunction f() {\n    ‸\n", "}", ("}",), 0),
        ("ruby", "def f\n  if x\n    ‸\nend\n", "", ("end",), 2),
        ("ruby", "if x\n  ‸\nelse\n  y\nend\n", "", (), -1),
        ("lua", "function f()\n  if x then\n    ‸\nend\n", "", ("end",), 2),
        ("shellscript", "if x; then\n  ‸\n", "", ("fi",), 0),
        ("yaml", "a:\n  ‸\n", "", (), -1),
    ],
)
def test_what_is_due(language: str, marked: str, owed: str, closers: tuple[str, ...], close_at: int) -> None:
    found = scope(language, marked)
    assert (found.owed, found.closers, found.close_at) == (owed, closers, close_at)


@pytest.mark.parametrize(
    ("marked", "inside"), [("wo‸rd", True), ("‸word", False), ("word‸", False), ("a‸.b", False), ("é‸é", True)]
)
def test_in_a_word(marked: str, inside: bool) -> None:
    assert scope("python", marked).in_word is inside


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n\r\n",
        "x = 1\r",
        "\t  if x:\r\n \ty",
        "e\u0301 = '👩\u200d👧'",
        "((((",
        "))))",
        '"""',
        "\ud800",
        "a" * 9999,
    ],
)
@pytest.mark.parametrize("language", ["python", "javascript", "html", "sql", "yaml", "ruby"])
def test_any_place_of_any_text_has_a_scope(language: str, text: str) -> None:
    tree = SyntaxTree(language, text)
    assert all(scope_at(tree, offset) is not None for offset in range(-1, min(len(text), 40) + 2))


def test_without_a_tree_there_is_none() -> None:
    assert scope_at(SyntaxTree("klingon", "x"), 1) is None
    assert scope_at(SyntaxTree("python", "x\n" * 200_000), 1) is None
