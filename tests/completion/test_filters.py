"""What becomes of a model's text: the filters in their order, without a tree."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import Filtered, closers_covered, filter_text, whole_lines
from lsp_experts.engine.protocol import CompleteReport, StopReason

FOLLOWS = Filtered("", reason="repeats what follows")
ABOVE = Filtered("", reason="repeats what stands above")
ITSELF = Filtered("", reason="repeats itself")
EMPTY = Filtered("", reason="empty")
SECRET = Filtered("", reason="looks like a secret")


def filtered(marked: str, text: str, language: str = "") -> Filtered:
    return filter_text(text, Cursor(*split_cursor(marked)), language=language)


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("x = ‸", "1 + 2", Filtered("1 + 2")),
        ("x = ‸", "  \n ", EMPTY),
        ("x = ‸", "1  \n\n", Filtered("1")),
        ("f(‸)", "a, b)", Filtered("a, b)", replace_right=1)),
        ("f(‸)", "g(x)", Filtered("g(x)")),
        ("f(‸);", "x);", Filtered("x);", replace_right=2)),
        ('href="‸"', '/home"', Filtered('/home"', replace_right=1)),
        ("‸ + tail(1)", "head + tail(1)", Filtered("head")),
        ("‸\nreturn a\n", "return a", FOLLOWS),
        ("ret‸\nreturn a\n", "urn a", FOLLOWS),
        ("x = ‸", "abcdef" * 5, ITSELF),
        ("# ‸", "-" * 30, ITSELF),
        ("x = ‸", "a\u202eb\u200bc\x00d\ufffd", Filtered("abcd")),
        ("x = ‸", "a\u2028b\u3164c\u00add\u061c", Filtered("abcd")),
        ("x = '\u200b‸'", "\u200b", Filtered("\u200b")),
    ],
)
def test_filter(marked: str, text: str, expected: Filtered) -> None:
    assert filtered(marked, text) == expected


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("a\r\nf(‸)\r\n", "{\n  b\n})", Filtered("{\r\n  b\r\n})", 1)),
        ("a\r\n‸\r\n", "b\r\nc", Filtered("b\r\nc")),
        ("a\n‸\n", "b\r\nc", Filtered("b\nc")),
        ("a\r‸\r", "b\nc", Filtered("b\rc")),
        ("f(‸b)", "a, ", Filtered("a, ")),
        ("x = ‸", "a  \n  b \t", Filtered("a\n  b")),
        ("'👩\u200d‸'", "👧", Filtered("👧")),
        ("e‸ = 1", "\u0301", Filtered("\u0301")),
    ],
)
def test_characters_and_line_breaks(marked: str, text: str, expected: Filtered) -> None:
    assert filtered(marked, text) == expected


def test_two_blanks_are_a_line_break_in_markdown() -> None:
    assert filtered("‸", "a  \nb  ", "markdown").text == "a  \nb"


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("def f():\n    a()\n    ‸\n", "    return b", "return b"),
        ("def f():\n    if a:\n    ‸\n", "    return b", "    return b"),
        ("x = f(a,\n    ‸\n", "          b)", "          b)"),
        ("def f():\n    a()\n‸\n", "    return b", "    return b"),
        ("func f() {\n\ta()\n\t‸\n}\n", "if b {\n        c()\n    }", "if b {\n\t\tc()\n\t}"),
        ("func f() {\n\ta()\n\t‸\n}\n", "if b {\n    c()\n  }", "if b {\n\t\tc()\n\t}"),
        ("func f() {\n\ta()\n\t‸\n}\n", "x(a,\n     b)", "x(a,\n     b)"),
        ("func f() {\n\ta()\n\t‸\n}\n", "/*\n\t * b\n\t */", "/*\n\t * b\n\t */"),
        ("def f():\n  a()\n  ‸\n", "if b:\n\t\tc()", "if b:\n    c()"),
        ("void f() {\n  a();\n  ‸\n}\n", 'p("a"\n\t  "b");', 'p("a"\n\t  "b");'),
        ("x = 1\n‸\n", "if b:\n\tc()", "if b:\n\tc()"),
        ("{\n  a();\n  b(\n\tc);\n" + "  d();\n" * 12 + "  ‸\n}\n", "e(\n\tf)", "e(\n\tf)"),
        ("a:\n\tb\nc:\n    d\n    ‸\n", "if b:\n\t\tc()", "if b:\n\t\tc()"),
    ],
)
def test_indentation_is_the_documents(marked: str, text: str, expected: str) -> None:
    assert filtered(marked, text, "python").text == expected


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("‸\n", "a = b\na = b\na = b\na = b\na = b", "a = b"),
        ("‸\n", "x\nif ab:\n  c\nif ab:\n  c\nif ab:\n  c", "x\nif ab:\n  c"),
        ("‸\n", "0,\n0,\n0,\n0,\n0,", "0,\n0,\n0,\n0,\n0,"),
        ("‸\n", "}\n}\n}\n}\n}", "}\n}\n}\n}\n}"),
    ],
)
def test_one_copy_is_left_of_repeated_lines(marked: str, text: str, expected: str) -> None:
    assert filtered(marked, text).text == expected


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("    ‸\n    return a\n", "return a;", FOLLOWS),
        ("‸\nx = f('a')\ny = 2\n", 'x = f("a")\ny = 2', FOLLOWS),
        ("‸\n@property\ndef b(self):\n", "@property\ndef a(self):", Filtered("@property\ndef a(self):")),
        ("self.a = ‸\nself.b = b\n", "a", Filtered("a")),
        ("import aa\n‸\n", "import aa", ABOVE),
        ("a = 1\nb = foo(a)\n‸\n", "a = 1\nb = foo(a)", ABOVE),
        ("0, 0,\n‸\n", "0, 0,", Filtered("0, 0,")),
        ("  }\n‸\n}\n", "}", Filtered("}")),
    ],
)
def test_what_stands_there_is_not_suggested(marked: str, text: str, expected: Filtered) -> None:
    assert filtered(marked, text) == expected


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("f(‸, tail, more)\n", "head, tail", Filtered("head")),
        ("f(‸, tailor)\n", "head, tail", Filtered("head, tail")),
        ("f(0, ‸, 0)\n", "0, 0", Filtered("0, 0")),
        ("‸\nc = foo()\nd = 4\n", "b = 2\nc = foo()\nd = 4", Filtered("b = 2")),
        ("if a {\n  ‸\n}\n", "b()\n}", Filtered("b()")),
        ("if a {\n‸\n}\n", "if b {\n  c()\n}", Filtered("if b {\n  c()\n}")),
        ("<ul>\n  ‸\n</ul>\n", "<li>\n  </li>\n</ul>", Filtered("<li>\n  </li>")),
        ("‸;\n", "return a;", Filtered("return a")),
    ],
)
def test_a_suggestion_does_not_run_on_into_what_follows(marked: str, text: str, expected: Filtered) -> None:
    assert filtered(marked, text) == expected


@pytest.mark.parametrize(
    ("marked", "text", "result"),
    [
        ("foo(‸)", "a, b)\n", "foo(a, b)"),
        ("foo(‸)", "a, b", "foo(a, b)"),
        ("foo(‸)", "a, b).bar()", "foo(a, b).bar()"),
        ("f(g(‸)", "x)", "f(g(x))"),
        ("f(g(‸)", "x))", "f(g(x))"),
        ("f(g(‸))", "x)", "f(g(x))"),
        ("f(‸x);", "a, b)", "f(a, b);"),
        ("f(‸)", ") + g(", "f() + g()"),
        ("foo(‸, c)", "a, b", "foo(a, b, c)"),
        ('f("‸", x)', 'a")', 'f("a")'),
        ('f("‸", x)', 'a"', 'f("a", x)'),
        ("a['‸, 2, 'b')", "c'", "a['c', 2, 'b')"),
        ("{'a‸b']}", "c', 'd", "{'ac', 'db']}"),
        ("x = ‸ old_name", "f( old_name, 1)", "x = f( old_name, 1)"),
        ("f() {‸}", "\n  a()\n}", "f() {\n  a()\n}"),
        ("  f() {‸}", "\n    a()", "  f() {\n    a()\n  }"),
        ("g(function() {‸})", "\n  a()\n})", "g(function() {\n  a()\n})"),
        ("x = ‸ + b", "a\nc = 1", "x = a + b"),
    ],
)
def test_no_closer_is_doubled_and_none_is_lost(marked: str, text: str, result: str) -> None:
    document, offset = split_cursor(marked)
    found = filter_text(text, Cursor(document, offset))
    assert document[:offset] + found.text + document[offset + found.replace_right :] == result


@pytest.mark.parametrize(("marked", "text"), [("f(‸)", ")"), ("f('‸')", "')"), ("x‸", "")])
def test_what_changes_nothing_is_not_suggested(marked: str, text: str) -> None:
    assert filtered(marked, text) == EMPTY


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("key = ‸", '"AKIAABCDEFGHIJKLMNOP"', SECRET),
        ('password = "‸', 'hunter2xx"', SECRET),
        ('key = "AKIAABCDEFGHIJKLMNOP"\nother = ‸', '"AKIAABCDEFGHIJKLMNOP"', Filtered('"AKIAABCDEFGHIJKLMNOP"')),
        ("totp = ‸", '"' + "JBSWY3DPEHPK3PXP" * 3 + '"', SECRET),
        ('password = "hunter2xx" + ‸', "salt", Filtered("salt")),
        (
            "path = ‸",
            '"/usr/lib/python/site/packages/cryptography/x"',
            Filtered('"/usr/lib/python/site/packages/cryptography/x"'),
        ),
    ],
)
def test_no_secrets(marked: str, text: str, expected: Filtered) -> None:
    assert filtered(marked, text) == expected


@pytest.mark.parametrize(
    ("text", "rest", "covered"),
    [
        ("x)", ")", 1),
        ("x])", "])", 2),
        ("x)]", "])", 0),
        ("f(x)", ")", 0),
        ("x", ")", 0),
        ("':)'", ")", 0),
        ('a"', '")', 1),
        ('"a"', '"', 1),
    ],
)
def test_closers(text: str, rest: str, covered: int) -> None:
    assert closers_covered(text, rest) == covered


@pytest.mark.parametrize(
    ("text", "stop", "kept"),
    [
        ("a\n  b\n  c", "tokens", "a\n  b"),
        ("a\n  b\n", "time", "a\n  b"),
        ("a\n  b", "unsure", "a"),
        ("abc", "tokens", "abc"),
        ("a\n  b", "end", "a\n  b"),
        ("\nabc", "tokens", "\nabc"),
    ],
)
def test_a_block_that_a_limit_cut_ends_with_a_whole_line(text: str, stop: StopReason, kept: str) -> None:
    report = CompleteReport(text, stop, 1, 0, 1, 1.0, 1.0, 1.0)
    assert whole_lines(report) == kept


@pytest.mark.parametrize(
    ("language", "marked", "text", "kept"),
    [
        ("python", "‸\n", "if a:\n    b()\nelse:", "if a:\n    b()"),
        ("python", "‸\n", "try:\n    with a:\n        for b in c:", "try:"),
        ("python", "‸\n    b()\n", "a()\nif a:", "a()\nif a:"),
        ("python", "‸\n", "if a:", "if a:"),
        ("go", "\t‸\n", "a()\n\tif b {", "a()"),
        ("plaintext", "‸\n", "a\nb:", "a\nb:"),
    ],
)
def test_a_block_does_not_end_with_a_header(language: str, marked: str, text: str, kept: str) -> None:
    assert filtered(marked, text, language) == Filtered(kept)


@pytest.mark.parametrize(
    "document", ["", "\r\n", "\t x\r\n  \ty", "e\u0301👩\u200d👧", "f(\r", "'" * 7, "(" * 300, "\ud800"]
)
@pytest.mark.parametrize("text", ["", "\r", "a)\r\n}", "\t \n  x", "👩\u200d👧\u0301", "\udc00", "'\"`)" * 9, "\n" * 9])
def test_a_suggestion_never_reaches_beyond_its_line(document: str, text: str) -> None:
    for offset in range(len(document) + 1):
        cursor = Cursor(document, offset)
        found = filter_text(text, cursor)
        assert 0 <= found.replace_right <= len(cursor.after)
        assert bool(found.text) != bool(found.reason)
