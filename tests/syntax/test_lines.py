"""How the lines round a place in a text are written."""

from __future__ import annotations

import pytest

from lsp_experts.syntax.lines import line_break


@pytest.mark.parametrize("written", ["\n", "\r\n", "\r"])
def test_the_line_break_is_the_documents_at_every_place(written: str) -> None:
    text = written.join(("def f():", "", "}", "  x", "yz", ""))
    assert {line_break(text, offset) for offset in range(len(text) + 1)} == {written}


def test_the_nearest_line_break_decides() -> None:
    text = "a\r\nb\r\n" + "c\n" * 5
    assert (line_break(text, 4), line_break(text, len(text))) == ("\r\n", "\n")
    assert line_break("a", 1) == "\n"
