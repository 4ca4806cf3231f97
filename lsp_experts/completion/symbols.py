"""Definitions that a prompt may show: lines with key material are left out. Pure."""

from __future__ import annotations

from lsp_experts.completion.key_material import looks_secret
from lsp_experts.syntax.definitions import Definition, definitions
from lsp_experts.syntax.tree import SyntaxTree


def symbols(tree: SyntaxTree) -> tuple[Definition, ...]:
    """What the text of `tree` defines (syntax/definitions.py), less what looks secret."""
    return tuple(definition for definition in definitions(tree) if not looks_secret(definition.line))
