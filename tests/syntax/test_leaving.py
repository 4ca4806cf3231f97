"""Whether code goes on behind a stretch."""

from __future__ import annotations

import pytest
from actions.places import split_selection

from lsp_experts.syntax.leaving import leaves
from lsp_experts.syntax.tree import SyntaxTree


def check(language: str, marked: str, expected: bool) -> None:
    text, start, end = split_selection(marked)
    assert leaves(SyntaxTree(language, text), start, end) is expected


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", "def f(a):\n‸    if a:\n        return 1\n    else:\n        return 2\n‸", True),
        ("python", "def f(a):\n‸    if a:\n        return 1\n    elif b:\n        return 3\n‸", False),
        (
            "python",
            "def f(a):\n‸    if a:\n        return 1\n    elif b:\n        x()\n    else:\n        raise E\n‸",
            False,
        ),
        ("python", "def f(a):\n‸    if a:\n        return 1\n‸    return 2\n", False),
        ("python", "def f(a):\n‸    x = 1\n    return x  \n‸", True),
        ("python", "‸def f(a):\n    x = 1\n    return x\n‸", True),
        ("python", "‸def f(a):\n    x = 1\n‸", False),
        ("python", "‸\n‸", False),
        (
            "go",
            "package a\nfunc f(a int) int {\n‸\tif a > 0 {\n\t\treturn 1\n\t} else {\n\t\treturn 2\n\t}\n‸}\n",
            True,
        ),
        ("go", "package a\nfunc f(a int) int {\n‸\tif a > 0 {\n\t\treturn 1\n\t}\n‸\treturn 2\n}\n", False),
        ("go", "package a\n‸func f(a int) int {\n\treturn 2\n}\n‸", True),
        ("javascript", "function f(a) {\n‸  if (a) {\n    return 1;\n  } else {\n    throw e;\n  }\n‸}\n", True),
        ("javascript", "function f(a) {\n‸  if (a) return 1;\n  else return 2;\n‸}\n", True),
        ("rust", "fn f() -> u8 {\n‸    return 1;\n‸}\n", True),
        ("no-such-language", "‸return 1\n‸", False),
    ],
)
def test_leaves(language: str, marked: str, expected: bool) -> None:
    check(language, marked, expected)
