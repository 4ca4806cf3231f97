"""Which words of a text may be slips."""

from __future__ import annotations

import pytest

from lsp_experts.actions.review.words import words
from lsp_experts.syntax.tree import SyntaxTree

PYTHON = '''"""total of things"""
import os
from a import b


def total(things, step=1, *, limit: int = 10):
    # total of limit
    found = 0
    for thing in things:
        if thing is not None and not found <= limit:
            found += thing * step
    return b(total, limit=found) == True
'''
GO = """package total

import "fmt"

type T[K any] struct{ name *string }

func (t *T[K]) Total(things []int) int {
	found := 0
	for i := 0; i < len(things); i++ {
		if things[i] != 3 && !t.ok(&found) {
			found -= things[i]
		}
	}
	return found
}
"""
JAVASCRIPT = """import { a } from './a.js'
const found = (things, key) => {
  const all = { found: 1, key }
  // found
  return things.length >= 2 ? all.found || `${key} < 1` : <a href="1">{things}</a>
}
"""


def found(language: str, text: str, kind: str) -> list[str]:
    tree = SyntaxTree(language, text)
    found = words(tree)
    assert all(text[word.start : word.end] == word.text for word in found)
    assert [word.start for word in found] == sorted(word.start for word in found)
    return [word.text for word in found if word.kind == kind and word.suspicious]


@pytest.mark.parametrize(
    ("language", "text", "kind", "expected"),
    [
        ("python", PYTHON, "name", ["things", "thing", "found", "limit", "found", "thing", "step", "total", "found"]),
        ("python", PYTHON, "word", ["in", "is not", "and", "not", "True"]),
        ("python", PYTHON, "operator", ["=", "<=", "+=", "*", "=", "=="]),
        ("python", PYTHON, "number", ["1", "10", "0"]),
        ("go", GO, "operator", ["<", "++", "!=", "&&", "!", "&", "-="]),
        ("go", GO, "number", ["0", "0", "3"]),
        ("javascript", JAVASCRIPT, "operator", ["=", "=", ">=", "||"]),
        ("javascript", JAVASCRIPT, "name", ["key", "things", "all", "found", "key", "things"]),
        ("plaintext", "a < b", "operator", []),
        ("python", "", "name", []),
    ],
)
def test_words(language: str, text: str, kind: str, expected: list[str]) -> None:
    assert found(language, text, kind) == expected


def test_offsets_are_code_points() -> None:
    text = "é = '😀'\r\nx = é < é\r\n"
    assert found("python", text, "name") == ["é", "é"]
    assert found("python", text, "operator") == ["=", "=", "<"]


def test_a_broken_text_has_words_too() -> None:
    assert found("python", "def f(a:\n    return a <\n", "operator") == ["<"]
