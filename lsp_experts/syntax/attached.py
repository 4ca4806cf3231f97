"""What belongs to a definition and stands above it: decorators, attributes, `export` and its documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.syntax.blocks import COLON_LANGUAGES
from lsp_experts.syntax.function_nodes import WRAPPERS
from lsp_experts.syntax.tree import SyntaxTree

_MAX_LINES = 200  # looked at above one definition
_ATTRIBUTES = frozenset({"annotation", "attribute_group", "attribute_item", "attribute_list", "decorator"})
_FIRST_MODIFIERS = frozenset({"modifiers", "attribute_list", "attributes"})
_IN_MODIFIERS = frozenset({"annotation", "marker_annotation", "attribute"})
# Languages in which only a comment that says so documents; in the others every comment directly above does.
_SAY_SO = frozenset({"csharp", "java", "kotlin", "php", "rust", "scala", "swift"})
_DOCUMENTS = re.compile(r"\s*(?:/\*\*(?!/)|///(?!/)|/\*!)")
_NO_DOCUMENTATION = re.compile(
    r"\s*(?:#!|//go:|//\s*\+build|//\s*nolint|//\s*@ts-|(?://|/\*)\s*(?:eslint|prettier|istanbul|biome|c8|v8)\b|//\s*clang-"
    r"|#\s*(?:shellcheck|rubocop|frozen_string_literal|noqa|type:|-\*-)|--+\s*(?:luacheck|selene|stylua)\b"
    r"|(?://|#|--|/\*)\s*[-=*#/]{4,})"
)


@dataclass(frozen=True)
class Attached:
    """`start` of the definition itself, `outer` with all that belongs to it, at its line's start where only white
    space stands before it; the lines of its documentation."""

    start: int
    outer: int
    documentation: tuple[int, int] | None


def attached_to(tree: SyntaxTree, definition: Node) -> Attached:
    """What stands above `definition` and belongs to it."""
    start = tree.span(_behind_attributes(definition))[0]
    top = definition
    while top.parent is not None and top.parent.type in WRAPPERS:
        top = top.parent
    outer = tree.span(top)[0]
    first, last = -1, -1
    for _ in range(_MAX_LINES):
        above = len(tree.text[:outer].rstrip())
        if tree.text.count("\n", above, outer) > 1:
            break
        node = _ending_at(tree, above)
        if node is None:
            break
        if "comment" in node.type:
            if not _documents(tree, node) or not tree.text.count("\n", above, outer):
                break
            first = _line_start(tree, node)
            last = above if last < 0 else last
        outer = tree.span(node)[0]
    line = tree.text.rfind("\n", 0, outer) + 1
    outer = outer if tree.text[line:outer].strip() else line
    return Attached(start, outer, (first, last) if first >= 0 else None)


def above_code(node: Node | None) -> Node | None:
    """The comment or attribute that a node is or is in."""
    found = None
    while node is not None and node.parent is not None:
        if "comment" in node.type or node.type in _ATTRIBUTES:
            found = node
        elif found is not None:
            break
        node = node.parent
    return found


def _documents(tree: SyntaxTree, comment: Node) -> bool:
    if tree.language in COLON_LANGUAGES:
        return False
    text = tree.source(comment)
    if tree.text[_line_start(tree, comment) : tree.span(comment)[0]].strip() or _NO_DOCUMENTATION.match(text):
        return False
    return tree.language not in _SAY_SO or _DOCUMENTS.match(text) is not None


def _ending_at(tree: SyntaxTree, end: int) -> Node | None:
    """The comment or attribute that ends with the character before `end`."""
    found = above_code(tree.node_at(end - 1, end)) if end else None
    return found if found is not None and len(tree.text[: tree.span(found)[1]].rstrip()) == end else None


def _line_start(tree: SyntaxTree, node: Node) -> int:
    return tree.text.rfind("\n", 0, tree.span(node)[0]) + 1


def _behind_attributes(definition: Node) -> Node:
    """The first part of a definition that is no annotation of it."""
    for child in definition.children:
        if child.type not in _FIRST_MODIFIERS:
            return child
        for modifier in child.children:
            if child.type == "modifiers" and modifier.type not in _IN_MODIFIERS:
                return modifier
    return definition
