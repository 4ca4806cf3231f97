"""Documents that are left alone."""

from __future__ import annotations

import pytest

from lsp_experts.completion.exclusion import excluded
from lsp_experts.settings import Settings

SETTINGS = Settings(max_document_chars=1000, max_line_chars=100)


@pytest.mark.parametrize(
    ("uri", "text", "reason"),
    [
        ("file:///w/main.go", "package main\n", ""),
        ("file:///w/.env", "A=1", "secrets file"),
        ("file:///w/.ENV.local", "A=1", "secrets file"),
        ("file:///w/%2Eenv", "A=1", "secrets file"),
        ("file:///home/u/.ssh/config", "Host", "secrets file"),
        ("file:///w/server.pem", "", "secrets file"),
        ("untitled:id_rsa", "", "secrets file"),
        ("http://[", "", ""),
        ("http://[/.env", "", "secrets file"),
        ("file:///w/environment.go", "", ""),
        ("file:///w/a.js", "x" * 101, "line too long"),
        ("file:///w/a.js", ("x" * 99 + "\n") * 5, ""),
        ("file:///w/a.js", "y\n" + "x" * 150 + "\ny\n", "line too long"),
        ("file:///w/a.js", "x\n" * 501, "file too large"),
    ],
)
def test_excluded(uri: str, text: str, reason: str) -> None:
    assert excluded(uri, text, SETTINGS) == reason
