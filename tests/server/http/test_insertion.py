"""Suggestions that replace something, as insertions."""

from __future__ import annotations

import pytest

from lsp_experts.server.http.insertion import inserted


@pytest.mark.parametrize(
    ("text", "replaced", "stops", "expected"),
    [
        ("a + b", "", (), "a + b"),
        ("a, b)", ")", (), "a, b"),
        ("a, b):\n    return a", "):", (), "a, b"),  # only its first line ends as the line does
        ("a, b) or c", ")", (), ""),
        ("x\ny)", ")", (), "x\ny"),
        ("a\r\nb", "", (), "a\r\nb"),
        ("a)\r\nb", ")", (), "a"),
        ("a<|end|>b", "", ("<|none|>", "<|end|>"), "a"),
        ("a)<|end|>b", ")", ("<|end|>",), "a"),
        ("a\n\nb", "", ("\n\n",), "a"),
        ("", "", (), ""),
    ],
)
def test_inserted(text: str, replaced: str, stops: tuple[str, ...], expected: str) -> None:
    assert inserted(text, replaced, stops) == expected
