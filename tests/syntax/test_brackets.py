"""Brackets, strings and comments of code in an unknown language."""

from __future__ import annotations

import pytest

from lsp_experts.syntax.brackets import brackets, owed_closers


@pytest.mark.parametrize(
    ("text", "closers", "owed"),
    [
        ("f(a[1])", "", ""),
        ("a, b)", ")", ""),
        ("a)] {", ")]", "}"),
        ("f([", "", "])"),
        ("(]", "]", ")"),
        ("([)", "", ""),
        ("':)' + x)", ")", ""),
        ('f(":)', "", '")'),
        ("f('''a)\nb", "", "''')"),
        ("x  # why :)", "", ""),
        ("x; // why :)", "", ""),
        ("/* :) */ )", ")", ""),
        ("don't )", ")", ""),
        ("fn f<'a>(x: &'a str)", "", ""),
        ("x.replace(/[)]/g, '')", "", ""),
        ("`a ) ${b", "", "`"),
        ("\\) )", ")", ""),
        ("#id { a", "", "}"),
        ("#define A(x", "", ""),
    ],
)
def test_brackets(text: str, closers: str, owed: str) -> None:
    assert "".join(bracket for _, bracket in brackets(text).closers) == closers
    assert owed_closers(text) == owed


@pytest.mark.parametrize(
    ("text", "quote", "closers", "owed"),
    [
        ('abc", x)', '"', '")', ""),
        ("abc)", '"', "", '"'),
        ('a\\"b', '"', "", '"'),
        ('"""x', '"""', '"""', ""),
    ],
)
def test_a_text_that_begins_in_a_string(text: str, quote: str, closers: str, owed: str) -> None:
    assert "".join(bracket for _, bracket in brackets(text, quote).closers) == closers
    assert owed_closers(text, quote) == owed
