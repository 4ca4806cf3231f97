"""Which closing brackets a document owes at a place: opened before it, closed nowhere behind it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from tree_sitter import Node, Query, QueryCursor, QueryError

from lsp_experts.syntax.brackets import CLOSER_OF, brackets, owed_closers
from lsp_experts.syntax.grammars import grammar, grammar_name
from lsp_experts.syntax.tree import SyntaxTree

_NEAR_CHARS = 8000  # on each side brackets are matched


def owed_at(tree: SyntaxTree, offset: int) -> str:
    """The closers that are due at `offset`, innermost first. A tree without an error owes none."""
    root = tree.root
    if root is None:
        return ""
    macro = tree.node_at(max(0, offset - 1), offset)
    if macro is not None and macro.type == "preproc_arg":
        start, end = tree.span(macro)
        return _owed_in(tree.text[start:offset], tree.text[offset:end])
    if not root.has_error:
        return ""
    query = _bracket_query(grammar_name(tree.language))
    if query is None:
        return ""
    here = tree.byte(offset)
    opened, _ = _left_open(_tokens(query, root, tree.byte(max(0, offset - _NEAR_CHARS)), here))
    due = opened[::-1]
    for closer in _left_open(_tokens(query, root, here, tree.byte(min(len(tree.text), offset + _NEAR_CHARS))))[1]:
        if closer in due:
            due.remove(closer)
    return "".join(due)


def _owed_in(left: str, right: str) -> str:
    """The same for the body of a macro, which is a text to the grammar."""
    due = list(owed_closers(left))
    for _, closer in brackets(right).closers:
        if closer in due:
            due.remove(closer)
    return "".join(due)


def _left_open(brackets: Sequence[str]) -> tuple[list[str], list[str]]:
    """The closers of what is opened and not closed, outermost first; and the closers of what was not opened."""
    due: list[str] = []
    closed: list[str] = []
    for bracket in brackets:
        if bracket in CLOSER_OF:
            due.append(CLOSER_OF[bracket])
        elif bracket in due:
            del due[len(due) - 1 - due[::-1].index(bracket) :]
        else:
            closed.append(bracket)
    return due, closed


def _tokens(query: Query, root: Node, start: int, end: int) -> list[str]:
    if start == end:  # to tree-sitter an empty range at 0 is the whole document
        return []
    cursor = QueryCursor(query)
    cursor.set_byte_range(start, end)
    found = cursor.captures(root).get("bracket", [])
    inside = {node.start_byte: node for node in found if start <= node.start_byte < end and not node.is_missing}
    return [inside[at].type.lstrip("#$%") for at in sorted(inside)]


@functools.cache
def _bracket_query(name: str) -> Query | None:
    """The query for the bracket tokens of a grammar; None if it has none."""
    language, known = grammar(name), []
    for token in ("(", ")", "[", "]", "{", "}", "#{", "${"):
        try:
            Query(language, f'"{token}" @bracket')
        except QueryError:
            continue
        known.append(f'"{token}"')
    return Query(language, f"[{' '.join(known)}] @bracket") if known else None
