"""A notebook's file opened as text: the cells are strings of JSON, one per line of code."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tree_sitter import Node

from lsp_experts.routing.languages import language_named
from lsp_experts.routing.regions.quoting import json_string
from lsp_experts.routing.regions.spelling import Hole
from lsp_experts.routing.regions.spot import Spot
from lsp_experts.syntax.tree import SyntaxTree

DEFAULT_LANGUAGE = "python"


def source(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """The "source" of a cell: one string, or an array of them."""
    if _key(tree, node) != "source" or node.parent is None:
        return
    kind = _member(tree, node.parent, "cell_type")
    value = node.child_by_field_name("value")
    if kind is None or value is None:
        return
    said = tree.source(kind).strip('"')
    language = _language(tree) if said == "code" else "markdown" if said == "markdown" else ""
    strings = [value] if value.type == "string" else [child for child in value.children if child.type == "string"]
    if not language or not strings:
        return
    spans = [(start + 1, end - 1) for start, end in map(tree.span, strings)]
    holes = tuple(Hole(one[1], other[0], held=False) for one, other in itertools.pairwise(spans))
    first = tree.text.rfind("\n", 0, spans[0][0]) + 1
    before = tree.text[first : spans[0][0] - 1]
    newline = f"\n{before}" if before.isspace() else " "
    quoting = json_string(f'",{newline}"' if value.type == "array" else "")
    yield Spot("cell", language, spans[0][0], spans[-1][1], quoting, (), holes, ('"cell_type"',), margin="")


def _language(tree: SyntaxTree) -> str:
    """The language of the notebook's kernel."""
    root = tree.root
    top = next((child for child in root.children if child.type == "object"), None) if root is not None else None
    metadata = _member(tree, top, "metadata")
    for part, name in (("kernelspec", "language"), ("language_info", "name")):
        named = _member(tree, _member(tree, metadata, part), name)
        if named is not None:
            return language_named(tree.source(named).strip('"'))
    return DEFAULT_LANGUAGE


def _member(tree: SyntaxTree, node: Node | None, name: str) -> Node | None:
    pairs = [] if node is None else [child for child in node.children if child.type == "pair"]
    return next((pair.child_by_field_name("value") for pair in pairs if _key(tree, pair) == name), None)


def _key(tree: SyntaxTree, pair: Node) -> str:
    key = pair.child_by_field_name("key")
    return tree.source(key).strip('"') if key is not None else ""
