"""Which lines of a file a step rewrites."""

from __future__ import annotations

import pytest

from lsp_experts.actions.tasks.portion import MOST_LINES, is_small, parts, portion
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.tree import SyntaxTree

FILLER = "\n\n".join(f"def filler_{number}():\n    return {number}" for number in range(40))
LONG = f'''import os


# Reads the settings of a shop.
def read_settings(path):
    return os.read(path)


class Basket:
    """What a customer wants."""

    def total(self):
        return sum(self.prices)


{FILLER}
'''
RULES = "\n".join(f".filler-{number} {{\n  color: red;\n}}" for number in range(40))
PAGE = "<!DOCTYPE html>\n<html>\n<body>\n{}\n</body>\n</html>\n".format(
    "\n".join(f'<p class="p{number}">\nThe price of apple number {number}\n</p>' for number in range(40))
)


def check(language: str, text: str, instruction: str, expected: str) -> None:
    found = portion(SyntaxTree(language, text), instruction)
    assert text[found.start : found.end] == expected
    assert is_small(text, found.start, found.end)


def test_a_definition_that_is_named() -> None:
    check("python", LONG, "change total() to round", "    def total(self):\n        return sum(self.prices)")
    check("python", "x = 1\n\ndef f():\n    pass\n", "fix function f", "def f():\n    pass")
    twice = ".order {\n  gap: 1rem;\n}\n\n.order input {\n  width: auto;\n}\n"
    check("css", twice, "give .order input a width of 100%", ".order input {\n  width: auto;\n}")
    check("css", twice, "give .order a gap of 2rem", ".order {\n  gap: 1rem;\n}")
    check("css", f"{RULES}\n#menu {{\n  color: red;\n}}\n", "make #menu blue", "#menu {\n  color: red;\n}")
    check(
        "html",
        PAGE.replace('class="p7"', 'id="seven"'),
        "`seven` is sold",
        '<p id="seven">\nThe price of apple number 7\n</p>',
    )


def test_a_small_file_is_rewritten_as_a_whole() -> None:
    check("go", "package main\n", "add a function", "package main\n")
    check("nothing", "no grammar\n", "say more", "no grammar\n")


def test_of_a_long_file_the_part_that_shares_most_words() -> None:
    check(
        "python",
        LONG,
        "reading settings of a shop should log",
        "# Reads the settings of a shop.\ndef read_settings(path):\n    return os.read(path)",
    )


@pytest.mark.parametrize("language", ["python", "nothing"])
def test_a_long_file_without_such_a_part_is_refused(language: str) -> None:
    with pytest.raises(ActionRefused, match="too long"):
        portion(SyntaxTree(language, LONG), "make everything nicer")


def test_a_definition_that_is_too_long_is_refused() -> None:
    text = "def f():\n" + "    x = 1\n" * MOST_LINES
    with pytest.raises(ActionRefused, match="too long"):
        portion(SyntaxTree("python", text), "fix function f")


@pytest.mark.parametrize(
    ("language", "text"), [("python", LONG), ("css", RULES), ("html", PAGE), ("go", "🙂 {\r\n" * 90)]
)
def test_parts_are_whole_lines(language: str, text: str) -> None:
    for part in parts(SyntaxTree(language, text)):
        assert part.start == 0 or text[part.start - 1] == "\n"
        assert part.end == len(text) or text[part.end] in "\r\n"
        assert part.start < part.end
