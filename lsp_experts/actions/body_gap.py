"""What of a function's body is still to be written, and what stays of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_experts.actions.flaws import margin_of
from lsp_experts.completion.document import plain_newlines
from lsp_experts.syntax.functions import Function
from lsp_experts.syntax.lines import indent_unit, line_round, usual_unit
from lsp_experts.syntax.tree import SyntaxTree

_TO_DO = re.compile(  # a comment that says no more than that something is missing
    r"[/*#;\-\s]*(?:TODO|FIXME|XXX|HACK)?(?:\(\w*\))?[:\s]*"
    r"(?:(?:please )?(?:implement|do|write|add|complete|fill in|finish)(?: (?:me|this|it|here|code|body|the body))*"
    r"|(?:not|to be) (?:yet )?implemented(?: yet)?|your (?:code|implementation)(?: goes)? here)?[.!\s*/\-]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Gap:
    """`before`, the lines to write and `after` take the place of `start` to `end`. Newlines are plain."""

    start: int
    end: int
    before: str  # comments that stay, up to the line break in front of the first line to write
    after: str  # from the last of these lines to what closes the body
    margin: str  # of these lines


def gap_in(tree: SyntaxTree, function: Function, cursor: int) -> Gap | None:
    """All of a body that does nothing yet; of another one its blank end, if the cursor is on a line of it. None: the
    function has neither.
    """
    if function.body_start < 0:
        return None
    text = tree.text
    line, line_end = line_round(text, cursor)
    if function.stub:
        end = function.body_end
        if not function.closes and not text[end:line_end].strip():
            end = max(end, line_end)  # the blank line below `def f():` that the cursor waits on
        before = "".join(_kept(tree, function)) + "\n"
        return Gap(function.body_start, end, before, _closing(function), body_margin(tree, function))
    end = max(function.body_end, cursor)
    if text[line : max(line_end, end)].strip() or not text[function.body_start : line].strip():
        return None
    return Gap(len(text[:line].rstrip()), end, "\n", _closing(function), body_margin(tree, function))


def _kept(tree: SyntaxTree, function: Function) -> Iterator[str]:
    """The docstring and the comments that say something, each on a line of its own but one behind the header."""
    text, margin, in_header = tree.text, body_margin(tree, function), True
    for start, end in _comments(tree, function):
        in_header = in_header and "\n" not in text[function.body_start : start]
        line = text.rfind("\n", 0, start) + 1
        if in_header:
            yield text[function.body_start : end]
        elif text[line:start].strip():
            yield f"\n{margin}{plain_newlines(text[start:end])}"
        else:
            yield f"\n{plain_newlines(text[line:end])}"


def _comments(tree: SyntaxTree, function: Function) -> Iterator[tuple[int, int]]:
    first, last = tree.byte(function.body_start), tree.byte(function.body_end)
    docstring = function.documentation if function.documentation is not None else (0, 0)
    waiting: list[Node] = [tree.root] if tree.root is not None else []
    while waiting:
        node = waiting.pop()
        start, end = tree.span(node)
        inside = first <= node.start_byte and node.end_byte <= last
        if inside and (docstring[0] <= start and end <= docstring[1]):
            yield start, end
        elif inside and "comment" in node.type:
            source = tree.source(node)
            if not _TO_DO.fullmatch(source):
                yield start, start + len(source.rstrip())
        else:
            waiting += [each for each in reversed(node.children) if each.start_byte < last and each.end_byte > first]


def body_margin(tree: SyntaxTree, function: Function) -> str:
    """How the body's lines are indented: as they are, else one step more than the definition."""
    _, _, lines = plain_newlines(tree.text[function.body_start : function.body_end]).partition("\n")
    if lines.strip():
        return margin_of(lines)
    return function.indent + (indent_unit(tree.text, function.start) or usual_unit(tree.language))


def _closing(function: Function) -> str:
    """What stands between the body's last line and what closes it; that too where it is missing."""
    if not function.closes:
        return ""
    return f"\n{function.indent}" + ("" if function.closed else function.closes)
