"""Which stretch of a text an action works on: whole lines of whole statements, or a whole function. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.actions.imports_to_add import HEADS, IMPORTS
from lsp_experts.actions.place import Place
from lsp_experts.syntax.functions import Function, function_at
from lsp_experts.syntax.tree import SyntaxTree

_BEHIND = " \t\r,;"  # may follow a statement in its line
_NO_CODE = IMPORTS | HEADS | {"block_comment", "comment", "line_comment"}


@dataclass(frozen=True)
class Stretch:
    """Whole lines, the last line break left out. `name`: the function that they are, else "the selection"."""

    start: int
    end: int
    name: str = "the selection"


def chosen(place: Place) -> Stretch | None:
    """What the user means: the selected statements, or without a selection the function at the cursor.

    None where neither is: what is selected is blank, or less than a statement.
    """
    whole_function = of_function(place.tree, place.function) if place.function is not None else None
    if place.start == place.end:
        return whole_function
    start, end = _trimmed(place.text, place.start, place.end)
    if start == end:
        return None
    whole = statements(place.tree, start, end)
    if whole_function is not None and (whole.start, whole.end) == (whole_function.start, whole_function.end):
        return whole_function
    line_start = place.line_start(start)
    line = _trimmed(place.text, *_lines(place.text, line_start, line_start))
    return whole if end > line[1] or (start <= line[0] and end >= line[1]) else None


def does_something(tree: SyntaxTree, stretch: Stretch) -> bool:
    """Whether more stands there than imports, comments, what heads a file, and functions that do nothing yet."""
    start, end = _trimmed(tree.text, stretch.start, stretch.end)
    function = function_at(tree, start, end)
    if function is not None and function.stub and (stretch == of_function(tree, function)):
        return False
    node = tree.node_at(start, end)
    if node is None:
        return True
    above: Node | None = node
    while above is not None:
        if above.type in _NO_CODE or "string" in above.type:
            return False
        above = above.parent
    held = [each for each in node.children if tree.span(each)[0] < end and tree.span(each)[1] > start]
    return any(each.type not in _NO_CODE and not _is_documentation(each) for each in held)


def of_function(tree: SyntaxTree, function: Function) -> Stretch:
    """The lines of a function, without its decorators and the documentation above it."""
    return Stretch(*_lines(tree.text, function.start, function.end), function.name)


def statements(tree: SyntaxTree, start: int, end: int) -> Stretch:
    """The lines of the fewest whole statements that hold `start` to `end`; where there is no tree, the lines."""
    text = tree.text
    start, end = _trimmed(text, start, end)
    node = tree.node_at(start, end)
    while node is not None:
        held = [each for each in map(tree.span, node.children) if each[0] < end and each[1] > start]
        if held and _has_lines_of_its_own(text, held[0][0], held[-1][1]):
            return Stretch(*_lines(text, held[0][0], held[-1][1]))
        node = node.parent
    return Stretch(*_lines(text, start, end))


def _is_documentation(node: Node) -> bool:
    only = node.named_children[0] if node.type == "expression_statement" and node.named_child_count == 1 else node
    return only.type == "string"


def _has_lines_of_its_own(text: str, start: int, end: int) -> bool:
    line_end = text.find("\n", end)
    behind = text[end : len(text) if line_end < 0 else line_end]
    return not text[text.rfind("\n", 0, start) + 1 : start].strip() and not behind.strip(_BEHIND)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space at both ends; a cursor stays where it is."""
    selected = text[start:end]
    if not selected.strip():
        return start, start
    return start + len(selected) - len(selected.lstrip()), end - len(selected) + len(selected.rstrip())


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    found = text.find("\n", end)
    line_end = len(text) if found < 0 else found
    return text.rfind("\n", 0, start) + 1, line_end - (line_end > end and text[line_end - 1] == "\r")
