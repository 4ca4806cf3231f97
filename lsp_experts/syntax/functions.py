"""The functions of a text as code actions see them: where their parts are, what is typed, and what is still to do.

All offsets are code points of the tree's text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node, Query, QueryCursor

from lsp_experts.syntax.attached import above_code, attached_to
from lsp_experts.syntax.blocks import COLON_LANGUAGES
from lsp_experts.syntax.bodies import body_of, documented_inside, is_stub
from lsp_experts.syntax.definitions import owner_above
from lsp_experts.syntax.function_nodes import FUNCTIONS, definition_of, function_in, is_function, name_of, owner_of
from lsp_experts.syntax.grammars import grammar, grammar_name
from lsp_experts.syntax.lines import columns, line_round
from lsp_experts.syntax.parameters import Parameter as Parameter
from lsp_experts.syntax.parameters import parameters_of, result_of
from lsp_experts.syntax.tree import SyntaxTree
from lsp_experts.syntax.unclosed import Closed, closed_at

MAX_FUNCTIONS = 500  # of one text
_MAX_COMMENTS = 200  # between a selection and the function that it belongs to


@dataclass(frozen=True)
class Function:
    """A function, method or function value with a name.

    One without a body to fill has `body_start == body_end == -1`: abstract, of an interface, an overload, a prototype,
    or with an expression in its place. One whose body is still missing (`def f():` at the end) has an empty one.
    """

    name: str
    owner: str  # the type that it is a method of, "" if none
    start: int  # the definition: without decorators, without documentation above it
    end: int
    outer_start: int  # with decorators, attributes, `export` and the documentation above it, at its line's start
    body_start: int  # behind the `{`, the `:`, the header of `end`: what a body would replace, line breaks included
    body_end: int  # before the `}` or the `end`; the end of the suite
    closes: str  # "}" or "end"; "" by dedent
    closed: bool  # `closes` stands at `body_end`; False: it is still to be written
    indent: str  # white space before the definition
    parameters: tuple[Parameter, ...]
    returns_typed: bool
    return_at: int  # where " -> int" would be written; -1: the language writes none there
    documentation: tuple[int, int] | None  # its lines without the last line break; in a line with code only itself
    stub: bool  # the body does nothing yet


def function_at(tree: SyntaxTree, start: int, end: int) -> Function | None:
    """The innermost function that holds the selection from `start` to `end`, documentation and decorators included.

    Of a function that is being typed, and not closed, the end is where its indentation ends.
    """
    root = tree.root
    if root is None:
        return None
    start, end = _trimmed(tree.text, start, end)
    if not root.has_error:
        return _innermost(tree, start, end)
    closed = closed_at(tree, start)
    found = _innermost(closed.tree, closed.there(start), closed.there(end))
    return _moved_back(found, closed) if found is not None else _innermost(tree, start, end)


def functions(tree: SyntaxTree) -> tuple[Function, ...]:
    """The functions of the text in order, nested ones behind their outer ones; at most MAX_FUNCTIONS."""
    root, query = tree.root, _query(grammar_name(tree.language))
    if root is None or query is None:
        return ()
    found = QueryCursor(query).captures(root).get("function", [])
    nodes = sorted((node for node in found if is_function(node)), key=lambda node: (node.start_byte, -node.end_byte))
    return tuple(_function(tree, node) for node in nodes[:MAX_FUNCTIONS])


# -- which function ---------------------------------------------------------------------------------------------------


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A selection without the blanks at its ends; a cursor stays where it is."""
    start = max(0, min(start, len(text)))
    selected = text[start : max(start, end)]
    if not selected.strip():
        return start, start
    return start + len(selected) - len(selected.lstrip()), start + len(selected.rstrip())


def _innermost(tree: SyntaxTree, start: int, end: int) -> Function | None:
    for node in _candidates(tree, start, end):
        function = _function(tree, node)
        if function.outer_start <= start and _holds_end(tree.text, function, end):
            return function
    return None


def _candidates(tree: SyntaxTree, start: int, end: int) -> Iterator[Node]:
    """Function nodes round a selection, the innermost first: of the definition below that it is in the documentation
    of, of the suite above that it goes on with, then those that it is in.
    """
    below = _behind_comments(tree, start)
    if below > start:
        yield from _path(tree, below, below)
    line, _ = line_round(tree.text, start)
    above = _before_comments(tree, start) if tree.language in COLON_LANGUAGES else len(tree.text[:start].rstrip())
    if above and (above > line or tree.language in COLON_LANGUAGES):
        yield from _path(tree, above - 1, above)
    yield from _path(tree, start, end)


def _path(tree: SyntaxTree, start: int, end: int) -> Iterator[Node]:
    node = tree.node_at(start, end)
    seen = None
    while node is not None:
        found = function_in(node)
        if found is not None and found != seen:
            seen = found
            yield found
        node = node.parent


def _behind_comments(tree: SyntaxTree, at: int) -> int:
    """Where code begins behind the comments and attributes that `at` is in, or before in its line."""
    rest = tree.text[at : line_round(tree.text, at)[1]]
    at += len(rest) - len(rest.lstrip(" \t"))
    for _ in range(_MAX_COMMENTS):
        node = above_code(tree.node_at(at, at + 1)) or above_code(tree.node_at(max(0, at - 1), at))
        if node is None:
            break
        end = tree.span(node)[1]
        rest = tree.text[end:]
        behind = end + len(rest) - len(rest.lstrip())
        if behind <= at:
            break
        at = behind
    return at


def _before_comments(tree: SyntaxTree, at: int) -> int:
    """Where code ends before the blanks and comments that `at` is in."""
    for _ in range(_MAX_COMMENTS):
        at = len(tree.text[:at].rstrip())
        node = tree.node_at(max(0, at - 1), at)
        if node is None or node.type != "comment":
            break
        at = tree.span(node)[0]
    return at


def _holds_end(text: str, function: Function, end: int) -> bool:
    """Whether a selection that ends there is in the function: white space behind it in its line is, and where dedent
    ends it, a blank line that is indented like its body, or takes the place of one that is missing.
    """
    if end <= function.end:
        return True
    between = text[function.end : end]
    if between.strip():
        return False
    if "\n" not in between:
        return True
    first, last = line_round(text, end)
    if function.closes or function.body_start < 0 or text[first:last].strip():
        return False
    return columns(text[first:end]) > columns(function.indent) or not text[function.body_start : function.body_end]


# -- its parts --------------------------------------------------------------------------------------------------------


def _function(tree: SyntaxTree, node: Node) -> Function:
    name = name_of(node)
    definition = definition_of(node)
    attached = attached_to(tree, definition)
    body = body_of(tree, node)
    typed, return_at = result_of(tree, node, name)
    line, _ = line_round(tree.text, attached.start)
    before = tree.text[line : attached.start]
    inner = documented_inside(node) if tree.language in COLON_LANGUAGES else None
    return Function(
        name=name,
        owner=owner_of(node) or owner_above(tree, definition),
        start=attached.start,
        end=max(tree.span(definition)[1], body.end if body is not None else -1),
        outer_start=attached.outer,
        body_start=body.start if body is not None else -1,
        body_end=body.end if body is not None else -1,
        closes=body.closes if body is not None else "",
        closed=body is None or body.closed,
        indent=before[: len(before) - len(before.lstrip(" \t"))],
        parameters=parameters_of(tree, node),
        returns_typed=typed,
        return_at=return_at,
        documentation=_lines_of(tree, inner) if inner is not None else attached.documentation,
        stub=body is not None and is_stub(tree, node, body),
    )


def _lines_of(tree: SyntaxTree, docstring: Node) -> tuple[int, int]:
    start, end = tree.span(docstring)
    first, _ = line_round(tree.text, start)
    _, last = line_round(tree.text, end)
    whole = not tree.text[first:start].strip() and not tree.text[end:last].strip()
    return (first, last) if whole else (start, end)


def _moved_back(function: Function, closed: Closed) -> Function:
    back = closed.back
    return replace(
        function,
        start=back(function.start),
        end=back(function.end),
        outer_start=back(function.outer_start),
        body_start=back(function.body_start),
        body_end=back(function.body_end),
        closed=function.closed and not closed.is_added(function.body_end),
        parameters=tuple(
            replace(each, start=back(each.start), end=back(each.end), type_at=back(each.type_at))
            for each in function.parameters
        ),
        return_at=back(function.return_at),
        documentation=None
        if function.documentation is None
        else (back(function.documentation[0]), back(function.documentation[1])),
    )


@functools.cache
def _query(name: str) -> Query | None:
    """The query for the functions of a grammar; None if it has none."""
    if not name:
        return None
    language = grammar(name)
    known = [kind for kind in sorted(FUNCTIONS) if language.id_for_node_kind(kind, True)]
    return Query(language, f"[{' '.join(f'({kind})' for kind in known)}] @function") if known else None
