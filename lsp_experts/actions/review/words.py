"""The words of a text that may be slips: names at a later use, operators, small numbers and a few keywords. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node, TreeCursor

from lsp_experts.actions.review.mutations import NEGATIONS, OPERATORS, WORDS, other_numbers
from lsp_experts.syntax.names import token_kind
from lsp_experts.syntax.tree import SyntaxTree

Kind = Literal["name", "operator", "word", "number"]

_LEFT_OUT = re.compile(
    r"comment|import|include|package|use_declaration|namespace|decorator|annotation|attribute_item"
    r"|^type$|type_identifier|(?:type|primitive|generic)_(?:parameters|arguments|type)"  # a compiler knows better
)
_NO_OPERATORS = re.compile(r"tag|element|type|generic|pointer|parameter|reference|jsx|splat|variadic|pattern|separator")
_CALLS = re.compile(r"call|invocation|access")
_GIVES_NAMES = frozenset({"name", "key", "alias", "label"})  # fields of what a name is given to, not used in


@dataclass(frozen=True)
class Word:
    """`use`: how it stands in the tree; names that are used alike may be mistaken for one another."""

    start: int
    end: int
    text: str
    kind: Kind
    use: str = ""
    suspicious: bool = True  # False: its first occurrence, or where it is defined: surprising by nature


def words(tree: SyntaxTree) -> tuple[Word, ...]:
    """The words of the tree's text in their order; nothing where there is no tree. None of comments, imports, types."""
    root = tree.root
    if root is None:
        return ()
    found: list[Word] = []
    seen: set[str] = set()
    at_byte, at = 0, 0
    source = tree.text.encode("utf-8", "replace")
    for node, parent, field in _leaves(root.walk()):
        text = (node.text or b"").decode("utf-8", "replace")
        kind = _kind(node, parent, text)
        if kind is None:
            continue
        at += len(source[at_byte : node.start_byte].decode("utf-8", "replace"))
        at_byte = node.start_byte
        use = f"{parent.type}.{field}" if parent is not None else ""
        new = kind == "name" and (text not in seen or _is_given(parent, field))
        seen.add(text)
        found.append(Word(at, at + len(text), text, kind, use, not new))
    return tuple(found)


def _leaves(cursor: TreeCursor) -> Iterator[tuple[Node, Node | None, str]]:
    """The leaves, each with its parent and the field it is there; what is left out is not walked."""
    parents: list[Node] = []
    while True:
        node = cursor.node
        if node is None:
            return
        whole = node.child_count == 0 or (not node.is_named and node.type in WORDS)  # `is not` has two leaves
        left_out = node.is_named and _LEFT_OUT.search(node.type) is not None
        if whole and not left_out:
            yield node, parents[-1] if parents else None, cursor.field_name or ""
        if not whole and not left_out and cursor.goto_first_child():
            parents.append(node)
            continue
        while not cursor.goto_next_sibling():
            if not parents:
                return
            parents.pop()
            cursor.goto_parent()


def _kind(node: Node, parent: Node | None, text: str) -> Kind | None:
    known = token_kind(node)
    if node.is_missing or not text:
        return None
    if known == "identifier":
        return "name"
    if known == "number":
        return "number" if other_numbers(text) else None
    if text in WORDS or text == "not":
        return "word"
    if known == "operator" and (text in OPERATORS or text in NEGATIONS):
        return None if parent is not None and _NO_OPERATORS.search(parent.type) else "operator"
    return None


def _is_given(parent: Node | None, field: str) -> bool:
    """Whether a name is given here: to a definition, a parameter, a keyword argument, a key."""
    if parent is None:
        return False
    if field in _GIVES_NAMES:
        return _CALLS.search(parent.type) is None
    return "parameter" in parent.type and field not in ("type", "value", "default_value")
