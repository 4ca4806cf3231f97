"""Which grammar reads which language; all of them ship with the package."""

from __future__ import annotations

import pytest

from lsp_experts.routing.regions.find import HOSTS
from lsp_experts.syntax.grammars import grammar, grammar_name
from lsp_experts.syntax.tree import SyntaxTree


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("go", "go"),
        ("javascriptreact", "javascript"),
        ("typescriptreact", "tsx"),
        ("shellscript", "bash"),
        ("jsonc", "json"),
        ("ipynb", "json"),
        ("objective-c", "objc"),
        ("cuda-cpp", "cuda"),
        ("vue", "vue"),
        ("plaintext", ""),
        ("", ""),
        ("../../etc/passwd", ""),
    ],
)
def test_name(language: str, name: str) -> None:
    assert grammar_name(language) == name


@pytest.mark.parametrize(("language", "text"), [("cobol", "{"), ("perl", "q#")])
def test_a_grammar_that_never_comes_back_is_not_used(language: str, text: str) -> None:
    """Its scanner holds the interpreter's lock, and nothing can stop it."""
    assert grammar_name(language) == ""
    assert SyntaxTree(language, text).root is None


def test_a_host_has_a_grammar_that_knows_its_nodes() -> None:
    for language, finders in HOSTS.items():
        known = grammar(grammar_name(language))
        unknown = [kind for kind in finders if kind != "ERROR" and known.id_for_node_kind(kind, True) is None]
        assert not unknown, language
