"""tree-sitter queries over a tree: all nodes that a pattern captures, in the order of the document."""

from __future__ import annotations

import functools

from tree_sitter import Node, Query, QueryCursor

from lsp_experts.syntax.grammars import grammar, grammar_name
from lsp_experts.syntax.tree import SyntaxTree


@functools.cache
def _query(grammar_name: str, pattern: str) -> Query:
    return Query(grammar(grammar_name), pattern)


def found(tree: SyntaxTree, pattern: str) -> list[Node]:
    """What `pattern` captures as @found."""
    if tree.root is None:
        return []
    captures = QueryCursor(_query(grammar_name(tree.language), pattern)).captures(tree.root)
    return sorted(captures.get("found", []), key=lambda node: node.start_byte)
