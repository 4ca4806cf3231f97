"""Whether a change of a text makes its syntax worse.

A document that is being typed is broken already, and a suggestion may be a part of what is to come. So it is judged
with what it owes written out, and against what stood there before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lsp_experts.syntax.blocks import COLON_LANGUAGES, begins_with, opened_by
from lsp_experts.syntax.brackets import PAIRS, brackets, owed_closers
from lsp_experts.syntax.lines import columns, line_round
from lsp_experts.syntax.owed import owed_at
from lsp_experts.syntax.tree import SyntaxTree

_OPERAND = "x"  # stands for what an unfinished expression still lacks
_STATEMENT = "pass"
_MOST_STEPS = 40  # of SyntaxTree.imagined


def error_count(root: Node) -> int:
    """How many ERROR and MISSING nodes are in a tree. Only broken branches are walked."""
    if not root.has_error:
        return 0
    count = 0
    stack = [root]
    while stack:
        node = stack.pop()
        count += node.is_error or node.is_missing
        stack += [child for child in node.children if child.has_error]
    return count


def first_error(root: Node, byte: int) -> int | None:
    """The row of the first ERROR or MISSING node that begins at `byte` or behind it; None if there is none."""
    stack = [root]
    while stack:
        node = stack.pop()
        if (node.is_error or node.is_missing) and node.start_byte >= byte:
            return node.start_point.row
        stack += [each for each in reversed(node.children) if each.has_error and each.end_byte >= byte]
    return None


def gets_worse(tree: SyntaxTree, start: int, end: int, new_text: str) -> bool:
    """Whether the tree's text has more errors with `new_text` instead of what stands from `start` to `end`.

    False where there is no tree, and where the document is so broken that comparing would take long.
    """
    root = tree.root
    if root is None:
        return False
    known = error_count(root)
    text = tree.text
    seen: set[str] = set()
    for ending in _endings(tree, start, new_text):
        if ending not in seen:
            imagined = tree.imagined(text[:start] + new_text + ending + text[end:], _MOST_STEPS)
            if imagined is None or error_count(imagined) <= known:
                return False
            seen.add(ending)
    return True


def _endings(tree: SyntaxTree, start: int, new_text: str) -> Iterator[str]:
    """Ways in which an unfinished text can go on: with its closers; with the body of its block; with an operand; and
    with all closers that the document owes.
    """
    line, _ = line_round(tree.text, start)
    before = tree.text[line:start]
    quote = brackets(before).quote
    own = owed_closers(new_text, quote)
    yield own
    yield ""
    written = (before + new_text).split("\n")
    margin = " " * columns(written[-1])
    body = ""
    if tree.language in COLON_LANGUAGES:
        body = f"\n{margin}    {_STATEMENT}\n"
        yield body if opened_by(written[-1], tree.language) is not None else f"{own}:{body}"
    elif words := _open_words(written, tree.language):
        body = f"\n{words}\n"
        yield body
    due = list(owed_at(tree, start))
    for _, closer in brackets(new_text, quote).closers:
        if closer in due:
            due.remove(closer)
    everything = f"{own}\n{''.join(due)}"
    yield body + everything
    yield f" {_OPERAND}{own}"
    yield f" {_OPERAND}{everything}"


def _open_words(lines: list[str], language: str) -> str:
    """The words that close what `lines` open by words or tags, the innermost first."""
    due: list[str] = []
    for line in lines:
        if due and begins_with(line, (due[-1],)):
            due.pop()
        opened = opened_by(line, language)
        if opened and opened[0] not in PAIRS:
            due.append(opened[0])
    return "\n".join(word + ">" * word.startswith("</") for word in reversed(due))
