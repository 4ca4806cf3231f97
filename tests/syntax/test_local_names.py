"""Which names of a stretch nobody outside of it knows."""

from __future__ import annotations

import pytest
from actions.places import split_selection

from lsp_experts.syntax.local_names import local_names, names_in, same_shape
from lsp_experts.syntax.tree import SyntaxTree


def check(language: str, marked: str, expected: str) -> None:
    text, start, end = split_selection(marked)
    found = local_names(SyntaxTree(language, text), start, end)
    assert " ".join(each.name for each in found) == expected
    for name in found:
        assert name.spans
        assert all(text[first:last] == name.name and start <= first < last <= end for first, last in name.spans)


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", "‸def f(a):\n    x = a\n    return x\n‸", "x"),
        ("python", "‸def f():\n    x, (y, *z) = g()\n    with h() as w:\n        pass\n    return [q for q in x]\n‸",
         "x y z w q"),
        ("python", "‸def f():\n    global x\n    x = 1\n‸", ""),
        ("python", "‸def f():\n    x = 1\n    return g(x=x).x\n‸", "x"),
        ("python", "‸def f():\n    x = 1\n    return f'{x=}'\n‸", ""),
        ("python", "‸def f():\n    x = 1\n    return x()\n‸", ""),
        ("python", "x = 0\n‸def f():\n    x = 1\n    return x\n‸", ""),
        ("python", "‸def f():\n    x = 1\n    return x\n\ndef g():\n    return x\n‸", ""),
        ("python", "‸def f():\n    x = 1\n    return x\n\ndef g():\n    x = 2\n    return x\n‸", "x"),
        ("python", "‸def f():\n    x = 1\n    return x\n‸\ndef g():\n    return x\n", "x"),
        ("python", "def f():\n‸    x = 1\n    y = x\n‸    return y\n", "x"),
        ("python", "def f():\n‸    é😀x = 1\n‸", ""),
        ("python", "def f():\n    '😀'\n‸    é = 1\n    return é\n‸", "é"),
        ("python", "‸x = 1\ny = x\n‸", ""),
        ("go", "package a\n‸func (t *T) f(n int) int {\n\tx, err := g(n)\n\tvar y = t.x\n"
         "\tfor i := range x {\n\t\ty += i\n\t}\n\treturn y\n}\n‸", "n x err y i"),
        ("go", "package a\n‸func f() P {\n\tx := 1\n\treturn P{x: x}\n}\n‸", ""),
        ("javascript", "‸function f(a, { b, c: d }) {\n  const x = (q) => q.a + d;\n  try { g(b) } catch (e) { g(e) }\n"
         "  return { a: a, x: 1 }\n}\n‸", "a d x q e"),
        ("javascript", "‸function f(a) {\n  return { a };\n}\n‸", ""),
        ("typescript", "‸function f(a: number, b?: string): T {\n  let t: T = a;\n  return t;\n}\n‸", "a b t"),
        ("ruby", "‸def f(a)\n  x = a\nend\n‸", ""),
        ("no-such-language", "‸x = 1\n‸", ""),
    ],
)  # fmt: skip
def test_local_names(language: str, marked: str, expected: str) -> None:
    check(language, marked, expected)


def test_members_are_no_names_that_collide() -> None:
    assert names_in(SyntaxTree("javascript", "const a = b.c;\n")) == {"a", "b"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("x = y\n", "a = b\n", True),
        ("x = y\n", "a = 1\n", False),
        ("x = y\n", "class = y\n", False),
        ("x\n", "x()\n", False),
    ],
)
def test_same_shape(one: str, other: str, expected: bool) -> None:
    first, second = SyntaxTree("python", one).root, SyntaxTree("python", other).root
    assert first is not None
    assert second is not None
    assert same_shape(first, second) is expected
