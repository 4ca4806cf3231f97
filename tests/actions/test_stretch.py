"""Which lines a selection means."""

from __future__ import annotations

import pytest
from actions.places import place

from lsp_experts.actions.stretch import chosen, statements

GO = "package a\n\n// f does it.\nfunc f(a int) int {\n\tif a > 0 {\n\t\treturn 1\n\t} else {\n\t\treturn 2\n\t}\n}\n"
IF = "\tif a > 0 {\n\t\treturn 1\n\t} else {\n\t\treturn 2\n\t}"


def check(language: str, marked: str, expected: str | None, name: str = "the selection") -> None:
    found = chosen(at := place(language, marked))
    assert (at.text[found.start : found.end] if found else None) == expected
    assert found is None or found.name == name


@pytest.mark.parametrize(
    ("marked", "expected", "name"),
    [
        (GO.replace("return 1", "ret‸urn 1"), GO[GO.index("func") : -1], "f"),
        (GO.replace("// f", "//‸ f"), GO[GO.index("func") : -1], "f"),
        (f"‸{GO}", None, ""),
        (GO.replace("a > 0", "‸a > 0‸"), None, ""),
        (GO.replace("return 1", "‸return 1‸"), "\t\treturn 1", "the selection"),
        (GO.replace("\t\treturn 1", "‸\t\treturn 1\n‸"), "\t\treturn 1", "the selection"),
        (GO.replace("return 1", "ret‸urn 1").replace("else", "el‸se"), IF, "the selection"),
        (GO.replace("if a", "i‸f a").replace("return 1", "return‸ 1"), IF, "the selection"),
        (GO.replace("func f", "fu‸nc f").replace("return 2", "return 2‸"), GO[GO.index("func") : -1], "f"),
        (GO.replace("func f", "‸func f") + "‸", GO[GO.index("func") : -1], "f"),
        (GO.replace("\n\n", "\n‸\n‸", 1), None, ""),
    ],
)
def test_whole_statements_or_the_function(marked: str, expected: str | None, name: str) -> None:
    check("go", marked, expected, name)


def test_without_a_grammar_lines_are_taken() -> None:
    check("no-such-language", "a b\nc ‸d\ne‸ f\n", "c d\ne f")
    check("no-such-language", "a b\nc ‸d\n", None)
    check("python", "‸", None)


def test_carriage_returns_are_not_part_of_a_line() -> None:
    check("python", "x = 1\r\n‸y = 2\r\n‸z = 3\r\n", "y = 2")


def test_a_cursor_means_its_statement() -> None:
    at = place("python", "x = (\n    1‸,\n)\ny = 2\n")
    found = statements(at.tree, at.start, at.end)
    assert at.text[found.start : found.end] in ("    1,", "x = (\n    1,\n)")
