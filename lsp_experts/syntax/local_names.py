"""Which names of a stretch can be changed without anybody outside of it noticing, and where they stand.

Read from the tree of one text, without an index: what is not certain is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.syntax.bindings import own_names
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.function_nodes import is_function
from lsp_experts.syntax.tree import SyntaxTree

LANGUAGES = frozenset({"go", "javascript", "javascriptreact", "python", "typescript", "typescriptreact"})
_NO_DECLARATION = frozenset({"assignment_expression"})  # of JavaScript: the variable may be anybody's
_MEMBERS = frozenset({"field_identifier", "property_identifier"})
_MEMBER_FIELDS: Mapping[str, str] = MappingProxyType({"attribute": "attribute", "keyword_argument": "name"})
# Nodes right round a name where it means, or may mean, more than a variable.
_MORE = frozenset(
    {
        "call", "call_expression", "class_declaration", "class_definition", "dotted_name", "export_specifier",
        "function_declaration", "function_definition", "generator_function_declaration", "global_statement",
        "import_specifier", "jsx_closing_element", "jsx_opening_element", "jsx_self_closing_element", "keyed_element",
        "literal_element", "method_declaration", "new_expression", "nonlocal_statement", "type_query",
    }
)  # fmt: skip


@dataclass(frozen=True)
class LocalName:
    """A variable or parameter, and all places where its name stands."""

    name: str
    spans: tuple[tuple[int, int], ...]


def local_names(tree: SyntaxTree, start: int, end: int) -> tuple[LocalName, ...]:
    """The variables of functions that stand from `start` to `end` and nowhere else, in order of their first place.

    () where the code is broken, and for other languages than LANGUAGES.
    """
    root = tree.root
    whole = tree.node_at(start, end)
    if root is None or whole is None or whole.has_error or tree.language not in LANGUAGES:
        return ()
    first, last = tree.byte(start), tree.byte(end)
    found: dict[str, list[Node]] = {}
    unfit: set[str] = set()
    units = list(_functions(root, first, last))
    for unit in units:
        given, spelled = _given(tree, unit)
        unfit |= spelled
        for leaf in _variables(unit):
            name = tree.source(leaf)
            found.setdefault(name, []).append(leaf)
            if name not in given or _means_more(leaf) or not (first <= leaf.start_byte and leaf.end_byte <= last):
                unfit.add(name)
    for leaf in _variables(root, first, last):
        if not any(unit.start_byte <= leaf.start_byte < unit.end_byte for unit in units):
            unfit.add(tree.source(leaf))
    if found.keys() - unfit:
        unfit |= {each.name for each in definitions(tree) if not each.owner}
    return tuple(LocalName(name, tuple(map(tree.span, leaves))) for name, leaves in found.items() if name not in unfit)


def names_in(tree: SyntaxTree) -> frozenset[str]:
    """Every name in the text that a new one could be taken for: not those of members behind a dot."""
    leaves = _leaves(tree.root) if tree.root is not None else ()
    return frozenset(tree.source(leaf) for leaf in leaves if leaf.type not in _MEMBERS)


def same_shape(one: Node, other: Node) -> bool:
    """Whether two trees differ at most in what their leaves spell."""
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if left.type != right.type or left.child_count != right.child_count or left.is_missing != right.is_missing:
            return False
        waiting += zip(left.children, right.children, strict=True)
    return True


def _functions(node: Node, first: int, last: int) -> Iterator[Node]:
    """The outermost functions that stand in the stretch, or that it is in."""
    for child in node.children:
        if child.start_byte < last and child.end_byte > first:
            if is_function(child):
                yield child
            else:
                yield from _functions(child, first, last)


def _given(tree: SyntaxTree, unit: Node) -> tuple[set[str], set[str]]:
    """The names that a function gives to variables; and names that are spelled where the tree does not show it: by
    callers of Python, by f"{total=}", by all methods of a Go type.
    """
    given: set[str] = set()
    spelled = set(re.findall(r"\{\s*(\w+)\s*=\s*[!:}]", tree.source(unit)))
    for node in _all(unit):
        if node.type not in _NO_DECLARATION:
            names = set(own_names(tree, node))
            given |= names
            if node.type == "parameters" or (node.parent and node.parent.child_by_field_name("receiver") == node):
                spelled |= names
    return given, spelled


def _variables(node: Node, first: int = 0, last: int = -1) -> Iterator[Node]:
    """The names that stand below `node` by themselves: not `b` of `a.b` and of `f(b=1)`, no type, no field."""
    for leaf in _leaves(node, first, last):
        parent = leaf.parent
        field = _MEMBER_FIELDS.get(parent.type, "") if parent is not None else ""
        is_member = bool(field) and parent is not None and parent.child_by_field_name(field) == leaf
        if not is_member and (leaf.type == "identifier" or leaf.type.startswith("shorthand_property")):
            yield leaf


def _means_more(leaf: Node) -> bool:
    """Whether it names a property too, a function, what is called or exported, or a variable of somebody else."""
    parent = leaf.parent
    if leaf.type != "identifier" or parent is None:
        return True
    return parent.type in _MORE


def _leaves(node: Node, first: int = 0, last: int = -1) -> Iterator[Node]:
    for each in _all(node, first, last):
        if not each.child_count and each.type.endswith(("identifier", "identifier_pattern")):
            yield each


def _all(node: Node, first: int = 0, last: int = -1) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if last < 0 or (each.start_byte < last and each.end_byte > first):
            yield each
            waiting += reversed(each.children)
