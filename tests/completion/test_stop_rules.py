"""One line or a block, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cursor import split_cursor

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.protocol import Stop
from lsp_experts.settings import Settings
from lsp_experts.syntax.scope import scope_at
from lsp_experts.syntax.tree import SyntaxTree

SETTINGS = Settings(max_tokens=9, max_lines=5, time_limit_ms=70)


def stop_in(language: str, marked: str, settings: Settings = SETTINGS, extra: tuple[str, ...] = ()) -> Stop:
    text, offset = split_cursor(marked)
    scope = scope_at(SyntaxTree(language, text), offset)
    return stop_for(Cursor(text, offset), None, settings, scope=scope, language=language, extra=extra)


@pytest.mark.parametrize(
    ("marked", "lines", "dedent", "rejoin"),
    [
        ("x = ‸\n", 1, 0, ""),
        ("x = ‸ + 1\n", 1, 0, ""),
        ("func f() {\n\t‸\n}\n", 5, 4, "}"),
        ("func f() {‸\n}\n", 5, 1, "}"),
        ("    def f():‸\n\n    def g():\n", 5, 5, "    def g():"),
        ("‸\nend\n", 5, 0, "end"),
        ("<ul>‸\n</ul>", 5, 1, "</ul>"),
    ],
)
def test_stop(marked: str, lines: int, dedent: int, rejoin: str) -> None:
    stop = stop_for(Cursor(*split_cursor(marked)), TEMPLATES["qwen"], SETTINGS)
    texts = TEMPLATES["qwen"].stops
    expected = Stop(max_tokens=9, max_lines=lines, texts=texts, dedent_below=dedent, rejoin=rejoin, time_ms=70)
    assert stop == expected


def test_without_a_template_no_control_text_is_looked_for() -> None:
    assert stop_for(Cursor("x", 1), None, SETTINGS).texts == ()


@pytest.mark.parametrize(
    ("language", "marked", "lines", "dedent", "owed", "close_at"),
    [
        ("python", "x = foo(‸\n", 5, 1, ")", 0),
        ("python", "x = foo(‸)\n", 1, 0, ")", -1),
        ("python", "x = {'a':‸}\n", 1, 0, "}", -1),
        ("python", "def f():\n‸\n", 5, 4, "", -1),
        ("python", "# a:‸\n", 1, 0, "", -1),
        ("go", "package a\n\nfunc f() {\n\tif x {\n\t\t‸\n}\n", 5, 8, "}", 4),
        ("go", "package a\n\n‸\n", 5, 0, "", 0),
        ("javascript", "f(g(‸)\n", 1, 0, "))", -1),
        ("javascript", "const f = (a, { b‸\n  return b\n}\n", 1, 0, "})", -1),  # the last line closes its body
        ("html", "<div>\n  <ul>\n    ‸\n</div>\n", 5, 4, "", 2),
    ],
)
def test_the_tree_decides(language: str, marked: str, lines: int, dedent: int, owed: str, close_at: int) -> None:
    stop = stop_in(language, marked)
    assert (stop.max_lines, stop.dedent_below, stop.owed, stop.close_at) == (lines, dedent, owed, close_at)


@pytest.mark.parametrize(
    ("language", "marked", "balance"),
    [
        ("python", "x = ‸\n", True),
        ("python", "x = 'a‸'\n", False),
        ("python", "# ‸\n", False),
        ("html", "<p>‸\n", False),
        ("shellscript", "‸\n", False),
    ],
)
def test_brackets_balance_where_brackets_have_to(language: str, marked: str, balance: bool) -> None:
    assert stop_in(language, marked).balance is balance


def test_a_block_does_not_run_into_the_next_thing_at_the_margin() -> None:
    inside = stop_in("python", "def f():\n    ‸\n").texts
    assert {"\ndef ", "\nclass ", "\n\n\n", "\n```"} <= set(inside)
    assert "\ndef " not in stop_in("python", "x = 1\n\n‸\n").texts  # it would fire at once
    assert stop_in("python", "x = ‸\n").texts == ()
    assert "\n```" not in stop_in("markdown", "‸\n").texts


def test_extra_texts_and_the_gate_are_passed_on() -> None:
    assert stop_in("javascript", "x = ‸\n", extra=("</script>",)).texts == ("</script>",)
    assert stop_for(Cursor("x", 1), None, SETTINGS, least_probability=0.25).least_probability == 0.25


def test_without_blocks_there_are_single_lines() -> None:
    stop = stop_in("go", "package a\n\nfunc f() {\n\tif x {\n\t\t‸\n}\n", replace(SETTINGS, blocks=False))
    assert (stop.max_lines, stop.dedent_below, stop.close_at) == (1, 0, -1)
