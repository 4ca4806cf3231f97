"""Whether what comes behind a stretch of code is never reached from it. Pure."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_experts.syntax.tree import SyntaxTree

_LEAVES = re.compile(r"(?:return|raise|throw|break|continue|goto)(?:_statement|_expression)?")
_IF = re.compile(r"if(?:_statement|_expression)?|elif_clause")
_HOLDS = re.compile(
    r"(?:\w+_)?(?:block|body|list)|else_clause|expression_statement|\w*(?:function|method)\w*|decorated_definition|export_statement"
)


def leaves(tree: SyntaxTree, start: int, end: int) -> bool:
    """Whether the last statement from `start` to `end` returns, throws or jumps on each of its ways; False where that
    is not certain.
    """
    stretch = tree.text[start:end]
    start, end = start + len(stretch) - len(stretch.lstrip()), end - len(stretch) + len(stretch.rstrip())
    node = tree.node_at(end - 1, end) if start < end else None
    last = None
    while node is not None and tree.span(node)[0] >= start and tree.span(node)[1] == end:
        last, node = node, node.parent
    return last is not None and _leaves(last)


def _leaves(node: Node) -> bool:
    if _LEAVES.fullmatch(node.type):
        return True
    if _IF.fullmatch(node.type):
        return _leaves_each_way(node)
    body = node.child_by_field_name("body")
    if body is not None or _HOLDS.fullmatch(node.type):
        inside = [child for child in (body or node).named_children if "comment" not in child.type]
        return bool(inside) and _leaves(inside[-1])
    return False


def _leaves_each_way(node: Node) -> bool:
    consequence, others = node.child_by_field_name("consequence"), node.children_by_field_name("alternative")
    if consequence is None or not _leaves(consequence):
        return False
    if node.type == "elif_clause":
        return True
    return bool(others) and others[-1].type != "elif_clause" and all(_leaves(other) for other in others)
