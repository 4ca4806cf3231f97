"""One line or a block, and what ends it."""

from __future__ import annotations

import pytest
from cursor import split_cursor

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.protocol import Stop
from lsp_experts.settings import Settings

SETTINGS = Settings(max_tokens=9, max_lines=5, time_limit_ms=70)


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
