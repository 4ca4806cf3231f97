"""What code that is only to be written otherwise must still say. No proof that it means the same: a sieve. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lsp_experts.actions.flaws import UNCHANGED
from lsp_experts.actions.kept_definitions import changed
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.functions import Function, functions
from lsp_experts.syntax.leaving import leaves
from lsp_experts.syntax.tree import SyntaxTree

_WORD = re.compile(r"[^\W\d_]{2,}")
_LENGTHS = frozenset({"length", "size", "count", "Length", "Count"})  # loops over an index need them
_STRING = re.compile(r"(?:\w+_)?string(?:_literal|_content|_fragment)?")
_STATEMENT_PLACES = frozenset({"block", "module", "expression_statement"})  # where a string is documentation
_CALLS = frozenset({"call", "call_expression", "method_invocation"})


def changed_meaning(tree: SyntaxTree, start: int, end: int, new_text: str) -> str:
    """The flaw of a text that surely does something else than what stands from `start` to `end`, or is it; "" if it
    may mean the same.
    """
    old = tree.text[start:end]
    if "".join(old.split()) == "".join(new_text.split()):
        return UNCHANGED
    after = changed(tree, start, end, new_text)
    if found := _changed_header(tree, start, end, after):
        return found
    if leaves(tree, start, end) and not leaves(after, start, start + len(new_text)):
        return "it goes on where the code returned"
    said = frozenset(re.findall(r"\w+", new_text)) | frozenset(_WORD.findall(new_text))
    lost = next((word for word in _words(tree, start, end) if word not in said), "")
    return f"it leaves {lost} out" if lost else ""


def with_documentation(tree: SyntaxTree, start: int, end: int, new_text: str) -> str:
    """`new_text` with the documentation of its functions as it stands between `start` and `end`: it was to stay."""
    after = changed(tree, start, end, new_text)
    new = {(each.owner, each.name): each.documentation for each in functions(after)}
    kept = [
        (span, tree.text[slice(*each.documentation)])
        for each in functions(tree)
        if each.documentation
        and start <= each.documentation[0]
        and each.documentation[1] <= end
        and (span := new.get((each.owner, each.name)))
    ]
    for (first, last), text in sorted(kept, reverse=True):
        new_text = new_text[: first - start] + text + new_text[last - start :]
    return new_text


def _changed_header(tree: SyntaxTree, start: int, end: int, after: SyntaxTree) -> str:
    """The flaw of a function that is declared or documented otherwise than before."""
    new = {(each.owner, each.name): each for each in functions(after)}
    for function in functions(tree):
        if start <= function.start and function.end <= end:
            same = new.get((function.owner, function.name))
            if same is None:
                return f"it drops {function.name}"
            if _header(after.text, same) != _header(tree.text, function):
                return f"it declares {function.name} otherwise"
            if function.documentation and not same.documentation:
                return f"it drops the documentation of {function.name}"
    return ""


def _header(text: str, function: Function) -> str:
    start = text.rfind("\n", 0, function.start) + 1
    return "".join(text[start : function.body_start if function.body_start >= 0 else function.end].split())


def _words(tree: SyntaxTree, start: int, end: int) -> Iterator[str]:
    """The properties that the code reads, the functions of the same text that it calls, and the words of its strings,
    of documentation none.
    """
    whole = tree.node_at(start, end)
    own = {each.name for each in definitions(tree)}
    waiting = [whole] if whole is not None else []
    first, last = tree.byte(start), tree.byte(end)
    while waiting:
        node = waiting.pop()
        if node.start_byte >= last or node.end_byte <= first:
            continue
        if node.type == "string" and node.parent is not None and node.parent.type in _STATEMENT_PLACES:
            continue
        if _STRING.fullmatch(node.type) and not node.named_child_count:
            yield from _WORD.findall(tree.source(node))
        elif _is_read(node) and tree.source(node) not in _LENGTHS:
            yield tree.source(node)
        elif node.type in _CALLS and (called := tree.source(node.named_children[0])) in own:
            yield called
        waiting += node.children


def _is_read(leaf: Node) -> bool:
    """Whether it is `b` of `a.b`, and not called."""
    parent = leaf.parent
    if leaf.child_count or parent is None or not (leaf.is_named and leaf == parent.children[-1]):
        return False
    if parent.type not in ("attribute", "member_expression", "selector_expression", "field_expression", "field_access"):
        return False
    above = parent.parent
    return above is None or above.type not in _CALLS or above.named_children[0] != parent
