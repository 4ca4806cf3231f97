"""What looks like a key is masked before text leaves this machine: as long as it was, and nothing else is."""

from __future__ import annotations

import pytest

from lsp_experts.completion.key_material import looks_secret, masked

TOKEN = "ghp_" + "a1b2c3d4e5f6g7h8i9j0"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc=\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", "x = 1\n"),
        (f"push({TOKEN})", f"push({'x' * len(TOKEN)})"),
        ("password = 'correct horse'\n", "password = 'xxxxxxxxxxxxx'\n"),
        ('{"api_key": "abcdefgh"}', '{"api_key": "xxxxxxxx"}'),
        ("a" * 45, "x" * 45),
        ("def token(self): pass\n", "def token(self): pass\n"),
    ],
)
def test_masks(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_private_key_keeps_its_lines_only() -> None:
    told = masked(f"a\n{PEM}b\n")
    assert len(told) == len(PEM) + 4 and told.count("\n") == PEM.count("\n") + 2
    assert "MIIEow" not in told and "abc=" not in told and told.startswith("a\n") and told.endswith("b\n")


def test_a_private_key_without_end_is_masked_to_the_end() -> None:
    assert "MIIEow" not in masked(PEM.partition("-----END")[0])


@pytest.mark.parametrize("text", [f"push({TOKEN})", "password = 'correct horse'\n", "a" * 45])
def test_masking_leaves_the_text_as_it_is_where_nothing_is_secret_any_more(text: str) -> None:
    once = masked(text)
    assert looks_secret(text) and masked(once) == once
