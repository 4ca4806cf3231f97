"""Where an automatic request is worth asking a model."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.moment import not_now
from lsp_experts.settings import Settings

ABOVE = "package main\n\n"


def check(marked: str, reason: str, *, deleting: bool = False, trigger: str = "smart") -> None:
    text, offset = split_cursor(ABOVE + marked)
    assert not_now(Cursor(text, offset), settings=Settings(trigger=trigger), deleting=deleting) == reason


@pytest.mark.parametrize(
    "marked",
    [
        "‸",
        "x := f‸",
        "x := foo.ba‸",
        "foo(‸)",
        "foo(‸);",
        "foo(bar[‸])",
        "if (a‸) {",
        'print("‸")',
        "f(a‸, bb, c)",
        "d = {k‸}  ,  \n",
        "x = ‸\r\ny = 2\r\n",
        "// to be wr‸",
        "x = é‸\n",
        "x = 👩‍💻‸\n",
        "‸\tfoo()",
        "foo ‸ )]}",
    ],
)
def test_places_where_it_is(marked: str) -> None:
    check(marked, "")


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x := f‸oo", "inside a word"),
        ("x := fo‸o.bar(baz, and, more)", "inside a word"),
        ("naï‸ve", "inside a word"),
        ("a_‸1", "inside a word"),
        ("x = ‸compute(all, of, it)", "rest of line"),
        ("‸return something", "rest of line"),
        ("f(‸first, second)", "rest of line"),
    ],
)
def test_places_where_it_is_not(marked: str, reason: str) -> None:
    check(marked, reason)
    check(marked, "", trigger="always")


@pytest.mark.parametrize("text", ["", "x", "\n\n   \n", "import o", "\r\n\t\r\n" * 20])
def test_nothing_to_go_by(text: str) -> None:
    assert not_now(Cursor(text, len(text)), settings=Settings()) == "too little text"


def test_deleting_inside_a_line() -> None:
    check("f(‸, bb)", "deleting", deleting=True)
    check("f(‸)", "", deleting=True)
    check("f(a‸", "", deleting=True)


def test_a_hundred_thousand_lines() -> None:
    text = "x = 1\n" * 100_000
    assert not_now(Cursor(text, len(text) // 2), settings=Settings()) == ""
    assert not_now(Cursor(text, len(text) // 2 + 1), settings=Settings()) == ""


def test_a_short_region_of_a_long_document_is_something_to_go_by() -> None:
    cursor = Cursor("color: ", 7)
    assert not_now(cursor, settings=Settings()) == "too little text"
    assert not_now(cursor, settings=Settings(), document='<p style="color: ">Some text</p>') == ""
