"""What is wrong with a model's text, and how it is made to fit."""

from __future__ import annotations

import pytest
from actions.places import split_selection

from lsp_experts.actions.flaws import fitted, flaw
from lsp_experts.syntax.tree import SyntaxTree

PY = "def f(a):\n‸    return a\n‸\n\nprint(f(1))\n"
GO = "package a\n\nfunc f(a int) int {\n‸\treturn a\n‸}\n"


def check(language: str, marked: str, new_text: str, expected: str, *, may_be_equal: bool = False) -> None:
    text, start, end = split_selection(marked)
    tree = SyntaxTree(language, text)
    assert flaw(tree, start, end, new_text, may_be_equal=may_be_equal) == expected
    assert tree.text == text


@pytest.mark.parametrize(
    ("language", "marked", "new_text", "expected"),
    [
        ("python", PY, "    return a + 1\n", ""),
        ("python", PY, "", "it is empty"),
        ("python", PY, " \n\n", "it is empty"),
        ("python", PY, "    return a\n", "it changes nothing"),
        ("python", PY, "    return a  \r\n\n", "it changes nothing"),
        ("python", PY, "    x = 1\n    return (a\n", "it has a syntax error in line 2"),
        ("python", PY, "    x = 1\n    y = = 2\n    return a\n", "it has a syntax error in line 2"),
        ("go", GO, "\tif a {\n\t\treturn 1\n", "it breaks the syntax of what follows it"),
        ("go", GO, "\tif a {\n\t\treturn )\n\t}\n", "it has a syntax error in line 2"),
        ("python", PY, "return a + 1\n", "its indentation differs"),
        ("python", PY, "    if a:\n\t\treturn 1\n", "its indentation differs"),
        ("go", GO, "\tif a {\n        return 1\n\t}\n", "its indentation differs"),
        ("go", GO, "\tx := `\n    blanks in a string`\n\treturn len(x)\n", ""),
        ("python", PY, "    x = 1\n" * 6, "it repeats itself"),
        ("python", PY, "The function returns the sum of both.\n", "it is prose, not code"),
        ("python", PY, "Here is the new code:\n\n    return a + 1\n", "it is prose, not code"),
        ("python", PY, "```python\n    return a + 1\n```\n", "it is prose, not code"),
        ("python", PY, '    """Here is what this function does: it adds."""\n    return a + 1\n', ""),
        ("python", PY, "    # Here is what this function does: it adds.\n    return a + 1\n", ""),
        ("shellscript", "‸echo a\n‸", "This will print the word a.\n", "it is prose, not code"),
        ("python", PY, "    return a  # \u202e1\n", "it holds characters that cannot be seen"),
        ("python", PY + "# \u202e\n", "    return a  # \u202e1\n", "it holds characters that cannot be seen"),
        ("python", "def f(a):\n‸    return a  # \u202e\n‸", "    return a  # \u202e1\n", ""),
        ("python", PY + "# \u200b\n", "    return a  # \u200b1\n", ""),
        ("markdown", "‸Some text.\n‸", "Here is the new text of it.\n", ""),
        ("plaintext", "‸What was there is prose too.\n‸", "Here is the new text of it.\n", ""),
        ("no-such-language", "‸a b\n‸", "a (b\n", ""),
        ("sql", "‸SELECT 1;\n‸", "SELECT a FROM b QUALIFY c;\n", ""),
    ],
)
def test_flaws(language: str, marked: str, new_text: str, expected: str) -> None:
    check(language, marked, new_text, expected)


def test_what_was_wrong_before_is_no_flaw() -> None:
    """A document that is broken already may stay as broken as it was, in and round the range."""
    check("python", "def f(:\n‸    return a\n‸\n", "    return 1\n", "")
    check("python", "def f():\n‸    return (\n‸\n", "    return [\n", "")
    check("python", "‸x = 1\nx = 1\nx = 1\nx = 1\n‸", "x = 1\nx = 1\nx = 1\nx = 1\ny = 1\n", "")


def test_a_text_may_be_equal_where_the_caller_says_so() -> None:
    check("python", PY, "    return a\n", "", may_be_equal=True)


def test_an_error_behind_the_edit_is_told_as_such() -> None:
    text = "func f() {\n‸\ta()\n‸}\n\nfunc g() {}\n"
    tree = SyntaxTree("go", "package a\n" + split_selection(text)[0])
    start, end = (at + len("package a\n") for at in split_selection(text)[1:])
    assert flaw(tree, start, end, "\ta()\n}\n") == "it breaks the syntax of what follows it"


def check_fitted(language: str, marked: str, new_text: str, expected: str) -> None:
    text, start, end = split_selection(marked)
    found = fitted(SyntaxTree(language, text), start, end, new_text)
    assert found == expected
    assert fitted(SyntaxTree(language, text), start, end, found) == found, "it fits once it was fitted"


@pytest.mark.parametrize(
    ("language", "marked", "new_text"),
    [
        ("python", "class A:\n‸    def f(self):\n        pass\n‸", "def f(self):\n    return 1"),
        ("python", "class A:\n‸    def f(self):\n        pass\n‸", "    def f(self):\n        return 1\n\n"),
        ("python", "class A:\n‸    def f(self):\n        pass\n‸", "\tdef f(self):\n\t\treturn 1\n"),
    ],
)
def test_margin(language: str, marked: str, new_text: str) -> None:
    check_fitted(language, marked, new_text, "    def f(self):\n        return 1\n")


def test_margin_behind_the_blanks_of_a_line() -> None:
    """The blanks left of the selection stay, and are not doubled."""
    text, start, end = split_selection("class A:\n    ‸def f(self):\n        pass‸\n")
    assert fitted(SyntaxTree("python", text), start, end, "def f(self):\n    pass\n") == text[start:end]


def test_unit_line_breaks_and_the_last_one() -> None:
    check_fitted("go", "func f() {\n‸\ta()\n‸}\n", "    if b {\n        c()\n    }", "\tif b {\n\t\tc()\n\t}\n")
    check_fitted("python", "if a:\r\n‸    b()\r\n‸c()\r\n", "d()\ne()", "    d()\r\n    e()\r\n")
    check_fitted("python", "if a:\r\n‸    b()‸\r\n", "    d()\r\n    e()\r\n", "    d()\r\n    e()")
    check_fitted("python", "x = ‸a + b‸ # c\n", "b\n", "b")
    check_fitted("python", "‸‸", "\n\ndef f():\n    pass\n", "\n\ndef f():\n    pass\n")


def test_strings_of_several_lines_keep_what_stands_in_them() -> None:
    check_fitted("python", "if a:\n‸    b = 1\n‸", 'b = """\nleft\n"""\n', '    b = """\nleft\n"""\n')
    check_fitted("python", "if a:\n‸    b = 1\n‸", '    b = """\n  two\n"""\n', '    b = """\n  two\n"""\n')
