"""What becomes of a model's text."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import Filtered, closers_covered, filter_text, whole_lines
from lsp_experts.engine.protocol import CompleteReport, StopReason


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("x = ‸", "1 + 2", Filtered("1 + 2")),
        ("x = ‸", "  \n ", Filtered("", reason="empty")),
        ("x = ‸", "1  \n\n", Filtered("1")),
        ("f(‸)", "a, b)", Filtered("a, b)", replace_right=1)),
        ("f(‸)", "g(x)", Filtered("g(x)")),
        ("f(‸);", "x);", Filtered("x);", replace_right=1)),
        ('href="‸"', '/home"', Filtered('/home"', replace_right=1)),
        ("‸ + tail(1)", "head + tail(1)", Filtered("head")),
        ("‸\nreturn a\n", "return a", Filtered("", reason="repeats what follows")),
        ("ret‸\nreturn a\n", "urn a", Filtered("", reason="repeats what follows")),
        ("x = ‸", "abcdef" * 5, Filtered("", reason="repeats itself")),
        ("# ‸", "-" * 30, Filtered("", reason="repeats itself")),
        ("x = ‸", "a\u202eb\u200bc\x00d\ufffd", Filtered("abcd")),
        ("x = '\u200b‸'", "\u200b", Filtered("\u200b")),
    ],
)
def test_filter(marked: str, text: str, expected: Filtered) -> None:
    assert filter_text(text, Cursor(*split_cursor(marked))) == expected


@pytest.mark.parametrize(
    ("text", "rest", "covered"),
    [
        ("x)", ")", 1),
        ("x])", "])", 2),
        ("x)]", "])", 0),
        ("f(x)", ")", 0),
        ("x", ")", 0),
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
        ("abc", "tokens", "abc"),
        ("a\n  b", "end", "a\n  b"),
        ("\nabc", "tokens", "\nabc"),
    ],
)
def test_a_block_that_a_limit_cut_ends_with_a_whole_line(text: str, stop: StopReason, kept: str) -> None:
    report = CompleteReport(text, stop, 1, 0, 1, 1.0, 1.0, 1.0)
    assert whole_lines(report) == kept
