"""What a prompt may show of definitions: no key material."""

from __future__ import annotations

import pytest

from lsp_experts.completion.key_material import looks_secret
from lsp_experts.completion.symbols import symbols
from lsp_experts.syntax.tree import SyntaxTree


def names(language: str, text: str) -> list[str]:
    return [definition.name for definition in symbols(SyntaxTree(language, text))]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", True),
        ("MIIEpAIBAAKCAQEAx1Z2Jm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg", True),
        ("key = AKIAIOSFODNN7EXAMPLE", True),
        ('const token = "hunter2hunter2"', True),
        ("password: 'correct horse'", True),
        ("func tokenize(text string) []string {", False),
        ("password := readPassword()", False),
        ('label = "Token"', False),
    ],
)
def test_key_material(text: str, secret: bool) -> None:
    assert looks_secret(text) is secret
    literal = text.replace("\\", "").replace("'", '"')
    assert (names("python", f"a = b('''{literal}''')\nc = 1\n") == ["c"]) is secret
