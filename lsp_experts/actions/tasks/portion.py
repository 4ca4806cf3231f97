"""Which lines of a file an instruction is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lsp_experts.actions.rewriting import MOST_CHARS
from lsp_experts.actions.stretch import Stretch, of_function
from lsp_experts.actions.tasks.clauses import names, words
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.functions import functions
from lsp_experts.syntax.lines import line_round
from lsp_experts.syntax.tree import SyntaxTree

MOST_LINES = 80  # that one rewrite may replace
_MAX_DEPTH = 12
_NO_PARTS = frozenset({"start_tag", "end_tag", "doctype"})  # what stands between them is one
_IDENTIFIER = re.compile(r"[\w$][\w$-]*")


def portion(tree: SyntaxTree, instruction: str) -> Stretch:
    """What to rewrite: the definition that is named, a small file as a whole, or what shares most words with it.

    ActionRefused where nothing does.
    """
    text = tree.text
    named = _named(tree, names(instruction), words(instruction))
    if named is not None:
        return named
    if is_small(text, 0, len(text)):
        return Stretch(0, len(text), "the file")
    said = words(instruction)
    best, most = None, 1  # one word that agrees says nothing
    for part in parts(tree):
        shared = len(said & words(text[part.start : part.end]))
        if shared > most:
            best, most = part, shared
    if best is None:
        raise ActionRefused(
            "it is too long to rewrite as a whole, and no part of it is named.",
            remedy="Name the function or the element, or select the lines.",
        )
    return best


def is_small(text: str, start: int, end: int) -> bool:
    """Whether an expert can write as much as stands there in one answer."""
    return end - start <= MOST_CHARS and text.count("\n", start, end) < MOST_LINES


def parts(tree: SyntaxTree) -> tuple[Stretch, ...]:
    """The largest parts of the text that are small enough, with the comments above them; none without a tree."""
    root = tree.root
    if root is None:
        return ()
    found: list[Stretch] = []
    comment: Stretch | None = None
    for node in _small_nodes(tree, root, _MAX_DEPTH):
        start, end = tree.span(node)
        part = Stretch(line_round(tree.text, start)[0], line_round(tree.text, max(start, end - 1))[1], "a part of it")
        if comment is not None and tree.text.count("\n", comment.end, part.start) == 1:
            part = Stretch(comment.start, part.end, part.name)
        comment = part if "comment" in node.type else None
        if comment is None and (not found or found[-1] != part):
            found.append(part)
    return tuple(found)


def _small_nodes(tree: SyntaxTree, parent: Node, depth: int) -> Iterator[Node]:
    for node in parent.named_children:
        if is_small(tree.text, *tree.span(node)):
            if node.type not in _NO_PARTS and _begins_a_line(tree, node):
                yield node
        elif depth:
            yield from _small_nodes(tree, node, depth - 1)


def _begins_a_line(tree: SyntaxTree, node: Node) -> bool:
    start = tree.span(node)[0]
    return not tree.text[line_round(tree.text, start)[0] : start].strip()


def _named(tree: SyntaxTree, asked: frozenset[str], said: frozenset[str]) -> Stretch | None:
    """The first definition of one of the names, of those the one that begins most as is `said` (`.order input`); one
    that is too long does not count.
    """
    known = functions(tree)
    for function in known:
        found = of_function(tree, function)
        if function.name in asked and is_small(tree.text, found.start, found.end):
            return found
    defined = ({definition.name for definition in definitions(tree)} & asked) - {each.name for each in known}
    best, most = None, -1
    for part in parts(tree) if defined else ():
        first = next((line for line in tree.text[part.start : part.end].splitlines() if line.strip()), "")
        if defined.intersection(_IDENTIFIER.findall(first)) and len(said & words(first)) > most:
            best, most = part, len(said & words(first))
    return best
