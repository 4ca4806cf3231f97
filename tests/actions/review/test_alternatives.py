"""What else could stand where a word is suspected."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.actions.review.alternatives import alternatives, uses_of
from lsp_experts.actions.review.words import words
from lsp_experts.syntax.tree import SyntaxTree


def lines_instead(language: str, marked: str) -> list[str]:
    """The line of the word behind the mark, as each alternative has it."""
    text, offset = split_cursor(marked)
    tree = SyntaxTree(language, text)
    found = words(tree)
    word = next(each for each in found if each.start == offset)
    line = text.rfind("\n", 0, offset) + 1
    changed = [text[: each.start] + each.text + text[each.end :] for each in alternatives(tree, word, uses_of(found))]
    return [each[line:].split("\n")[0].strip() for each in changed]


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", "if a ‸< b:\n    pass\n", ["if a <= b:", "if a > b:", "if a >= b:"]),
        ("python", "if a ‸and b:\n    pass\n", ["if a or b:"]),
        ("python", "if a ‸is not b:\n    pass\n", ["if a is b:"]),
        ("python", "if ‸not a:\n    pass\n", ["if a:"]),
        ("python", "a = 1\na ‸-= 2\n", ["a += 2"]),
        ("python", "for a ‸in b:\n    pass\n", []),
        ("python", "f(a‸=1)\n", []),
        ("python", "a = b[‸0]\n", ["a = b[1]"]),
        ("python", "a = ‸True\n", ["a = False"]),
        ("python", "for a in b:\n    ‸break\n", ["continue"]),
        (
            "go",
            "package a\n\nfunc f() bool { return a ‸&& b }\n",
            ["func f() bool { return a || b }"],
        ),
        ("go", "package a\n\nfunc f(a bool) bool { return ‸!a }\n", ["func f(a bool) bool { return a }"]),
        ("javascript", "if (a ‸=== b) c()\n", ["if (a !== b) c()"]),
        ("javascript", "i‸++\n", ["i--"]),
    ],
)
def test_operators_words_and_numbers(language: str, marked: str, expected: list[str]) -> None:
    assert lines_instead(language, marked) == expected


@pytest.mark.parametrize(
    ("language", "marked", "some", "none"),
    [
        (
            "python",
            "def f(first, second):\n    third = first\n    return g(first, ‸second)\n",
            ["return g(first, third)", "return g(first, first)", "return g(second, first)"],
            ["return g(first, g)", "return g(first, second)"],
        ),
        (
            "python",
            "def f(self):\n    self.a = 1\n    self.b = 2\n    return self.‸a\n",
            ["return self.b"],
            ["return self.f", "return self.self"],
        ),
        (
            "python",
            "def f(a, b):\n    if ‸a:\n        return b\n",
            ["if not a:", "if b:"],
            ["if f:a:"],
        ),
        (
            "go",
            "package a\n\nfunc f(a, b int) int {\n\tif ‸a > b {\n\t\treturn a\n\t}\n\treturn b\n}\n",
            ["if b > b {"],
            ["if a > b {"],
        ),
        (
            "javascript",
            "const f = (one, two) => {\n  if (‸one) return\n  g(two.x, one)\n}\n",
            ["if (!one) return", "if (two) return"],
            [],
        ),
        (
            "javascript",
            "const f = (one, two) => {\n  g(‸two.x, one)\n}\n",
            ["g(one, two.x)", "g(one.x, one)"],
            [],
        ),
    ],
)
def test_names(language: str, marked: str, some: list[str], none: list[str]) -> None:
    found = lines_instead(language, marked)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


def test_names_that_are_used_alike_come_first() -> None:
    text = "".join(f"x{number} = 1\n" for number in range(40))
    found = lines_instead("python", f"call = 1\nother = 2\n{text}call()\nother()\n‸call()\n")
    assert found[0] == "other()"
    assert len(found) <= 10


def test_a_broken_text_is_compared_with_itself() -> None:
    assert "if a <= b:" in lines_instead("python", "def g(:\n\nif a ‸< b:\n    pass\n")


def test_wide_characters_and_arguments_on_lines_of_their_own() -> None:
    assert "2," not in lines_instead("python", "é = '😀'\nf(\n    ‸é,\n    2, 3\n)\ng(é)\n")
    assert "f(2, é)" in lines_instead("python", "é = '😀'\nf(‸é, 2)\n")
