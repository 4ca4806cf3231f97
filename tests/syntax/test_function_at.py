"""Which function a cursor or a selection is in, also where it is being typed."""

from __future__ import annotations

import pytest
from cursor import MARK, split_cursor
from syntax.function_samples import SAMPLES, shown

from lsp_experts.syntax.functions import Function, function_at, functions
from lsp_experts.syntax.tree import SyntaxTree


def found_at(language: str, marked: str) -> tuple[str, Function | None]:
    """The text, and the function at its cursor, or in its selection between two marks."""
    if marked.count(MARK) == 2:
        before, selected, after = marked.split(MARK)
        text, start = before + selected + after, len(before)
        return text, function_at(SyntaxTree(language, text), start, start + len(selected))
    text, offset = split_cursor(marked)
    return text, function_at(SyntaxTree(language, text), offset, offset)


@pytest.mark.parametrize(
    ("language", "marked", "name"),
    [
        ("python", "def f(a):\n    return ‸a\n", "f"),
        ("python", "‸def f(a):\n    return a\n", "f"),
        ("python", "def f(a):\n    return a‸\n", "f"),
        ("python", "def f(a):\n    return a\n‸", None),
        ("python", "def f(a):\n    return a\n    ‸\n", "f"),
        ("python", "def f(a):\n    a = 1\n‸\n    return a\n", "f"),
        ("python", "@one\n@t‸wo\ndef f(a):\n    return a\n", "f"),
        ("python", 'def f(a):\n    """Doc‸."""\n    return a\n', "f"),
        ("python", "def f():\n    def g():\n        return ‸1\n    return g\n", "g"),
        ("python", "def f():\n    def g():\n        return 1\n    ‸\n", "f"),
        ("python", "def f():\n    def g():\n        return 1\n        ‸\n", "g"),
        ("python", "class A:\n    ‸\n    def f(self): pass\n", None),
        ("python", "class A:\n  ‸  def f(self): pass\n", "f"),
        ("python", "x = 1‸\ndef f(): pass\n", None),
        ("python", "‸def f():\n    pass\n‸", "f"),
        ("python", "def f():\n    ‸x = 1\n    y = 2‸\n", "f"),
        ("python", "def f(): pa‸ss\ndef g‸(): pass\n", None),
        ("python", "def f():\n    x = lambda a: ‸a\n", "f"),
        ("go", "package m\n\n// F ‸does\nfunc F() {\n}\n", "F"),
        ("go", "package m\n\n// F does\nfunc F() {\n}  ‸\n", "F"),
        ("go", "package m\n\n// Not ‸it\n\nfunc F() {\n}\n", None),
        ("javascript", "ex‸port const f = () => {\n}\n", "f"),
        ("javascript", "const f‸ = () => {\n}\n", "f"),
        ("javascript", "const f = (a) => {\n  a.map(x => ‸x)\n}\n", "f"),
        ("javascript", "/** 😀\n ‸*/\r\nexport default function f() {\r\n}\r\n", "f"),
        ("javascript", "const f = g(() => { ‸ })\n", None),
        ("javascript", "const o = {\n  // why‸\n  m() { }\n}\n", "m"),
        ("typescript", "class A {\n  @On‸()\n  m() {\n  }\n}\n", "m"),
        ("rust", "#[inl‸ine]\nfn f() {\n}\n", "f"),
        ("java", "class A {\n  @Over‸ride\n  public void f() {\n  }\n}\n", "f"),
        ("cpp", "temp‸late <class T>\nT f(T a) {\n}\n", "f"),
        ("html", "<p>‸</p>", None),
        ("no such language", "def f(): ‸", None),
    ],
)
def test_which_function(language: str, marked: str, name: str | None) -> None:
    _, found = found_at(language, marked)
    assert (found.name if found is not None else None) == name


def test_a_place_beyond_the_text_is_its_end() -> None:
    tree = SyntaxTree("python", "def f(): pass")
    assert function_at(tree, 500, 900) == function_at(tree, 13, 13) is not None
    assert function_at(tree, -5, -3) == function_at(tree, 0, 0) is not None


@pytest.mark.parametrize(
    ("language", "marked", "name", "body", "closes"),
    [
        pytest.param("python", "def f(a):\n‸", "f", "", "", id="python-end of the text"),
        pytest.param("python", "def f(a):‸", "f", "", "", id="python-behind the colon"),
        pytest.param("python", "x = 1\ndef f(a):\n    ‸\n\nx = 1\n", "f", "\n    ", "", id="python-a blank suite"),
        pytest.param("python", "def f(a):\n    # TODO ‸\n    \n\nx = 1\n", "f", "\n    # TODO \n    ", "", id="note"),
        pytest.param("python", "def f(a):\r\n    # a\r\n    ‸\r\n", "f", "\r\n    # a\r\n    ", "", id="python-crlf"),
        pytest.param(
            "python", "class A:\n\tdef f(self) -> int:\n\t\t‸\n\tdef g(self):\n\t\treturn 1\n", "A.f", "\n\t\t", "",
            id="python-between methods",
        ),
        pytest.param("go", "package m\n\nfunc f(a int) {\n‸", "f", "\n", "}?", id="go-end of the text"),
        pytest.param("go", "package m\n\nfunc f(a int) {\n\t‸\n\nfunc g() {\n}\n", "f", "\n\t", "}?", id="go-above g"),
        pytest.param(
            "go", "package m\r\n\r\nfunc f() {\r\n\tx := 1‸\r\n\r\nfunc g() {\r\n}\r\n", "f", "\r\n\tx := 1", "}?",
            id="go-crlf",
        ),
        pytest.param(
            "go", "package m\n\nfunc f() { // 😀 why\n\tif a {\n\t\tx := 1‸\n\ty := 2\n\nfunc g() {\n}\n", "f",
            " // 😀 why\n\tif a {\n\t\tx := 1\n\ty := 2", "}?", id="go-two blocks",
        ),
        pytest.param(
            "go", "package m\n\nfunc f‸() {\n\tif a {\n\t\tx := 1\n\ty := 2\n\nfunc g() {\n}\n", "f",
            "\n\tif a {\n\t\tx := 1\n\ty := 2", "}?", id="go-two blocks, from the header",
        ),
        pytest.param("javascript", "const f = (a) => {‸\n", "f", "", "}?", id="javascript"),
        pytest.param("typescript", "class A {\n  f() {\n    return ‸\n\n  g() {}\n}\n", "A.f", "\n    return ", "}?",
                     id="typescript-method"),
        pytest.param("rust", "fn f(a: i32) -> i32 {\n    ‸\n", "f", "\n    ", "}?", id="rust"),
        pytest.param("java", "class A {\n  int f(int a) {‸\n\n  int g() { }\n}\n", "A.f", "", "}?", id="java"),
        pytest.param("kotlin", "class A {\n  fun f(): A {\n   ‸ \n\n  fun g() {}\n}\n", "A.f", "\n    ", "}?", id="kt"),
        pytest.param("c", "int f(int a)\n{\n    ‸\n", "f", "\n    ", "}?", id="c-brace in the next line"),
        pytest.param("php", "<?php\nfunction f($a) {\n  ‸\n", "f", "\n  ", "}?", id="php"),
        pytest.param("ruby", "def f(a)\n  ‸", "f", "\n  ", "end?", id="ruby"),
        pytest.param("lua", "function f(a)\n‸\nfunction g()\nend\n", "f", "\n", "end?", id="lua"),
        pytest.param(
            "python", "class A:\n    def f(self):\n        x = (\n    def g(self)‸:\n        return 1\n", "A.g",
            "\n        return 1", "", id="python-the one above is broken",
        ),
        pytest.param("go", "package m\nfunc a() { x( }\n\nfunc f() {\n\treturn ‸1\n}\n", "f", "\n\treturn 1\n", "}",
                     id="go-another one is broken"),
    ],
)  # fmt: skip
def test_a_function_that_is_being_typed(language: str, marked: str, name: str, body: str, closes: str) -> None:
    text, found = found_at(language, marked)
    assert found is not None
    seen = shown(text, found)
    assert (seen.name, seen.body, seen.closes) == (name, body, closes)


def test_parts_behind_an_open_block_are_where_they_are_in_the_document() -> None:
    text, found = found_at("typescript", "if (a) {\n  b()\n\n/** 😀 */\nexport function two(a, b: B) { ‸ }\n")
    assert found is not None
    assert shown(text, found).types == "function two(a‸, b: B)‸ {"
    assert shown(text, found).documentation == "/** 😀 */"


@pytest.mark.parametrize("language", SAMPLES)
def test_a_cursor_in_each_name_finds_its_function(language: str) -> None:
    text = SAMPLES[language]
    tree = SyntaxTree(language, text)
    for function in functions(tree):
        if function.name in ("constructor", "handler"):
            continue
        at = text.index(function.name, function.start)
        assert function_at(tree, at, at) == function
