"""What the cursor stands in: code, a comment or a string; whether a block is due there, and what would close it.

The tree says what is code and which brackets are tokens; indentation says where a block ends, because that is what is
still right in the broken code of a document that is being typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from lsp_experts.syntax.blocks import (
    TAG_LANGUAGES,
    TEXT_LANGUAGES,
    begins_with,
    goes_on,
    is_directive,
    left_open_by,
    opened_by,
)
from lsp_experts.syntax.brackets import PAIRS, all_due, brackets, owed_closers
from lsp_experts.syntax.lines import TAB_COLUMNS, columns, indent_unit, line_round, lines_above, lines_below
from lsp_experts.syntax.owed import owed_at
from lsp_experts.syntax.tree import SyntaxTree

Where = Literal["code", "comment", "string"]

_NEAR_CHARS = 8000  # looked through for what opens a string or comment of several lines, where the tree is broken
_INTERPOLATIONS = frozenset(
    (
        *("interpolation", "template_substitution", "string_interpolation", "command_substitution", "expansion"),
        *("substitution", "embedded_expression", "interpolated_expression", "format_expression"),
    )
)
_STRING = re.compile(
    r"(?:\w+_)?string(?:_literal|_content|_fragment|_value)?|(?:char|rune|character)(?:_literal)?|template_literal"
    r"|(?:raw_string|heredoc|nowdoc)\w*|regex\w*|(?:double|single)_quote_scalar|block_scalar|(?:quoted_)?attribute_value"
)
_NO_STRING = frozenset({"concatenated_string", "string_array", "system_lib_string"})
_CLOSED: tuple[int, tuple[str, ...], str] = (-1, (), "")
_CLOSERS = ("}", ")", "]", "end", "fi", "done", "esac", "</")
_MANY_LINES = ('"""', "'''")


@dataclass(frozen=True)
class Scope:
    """A cursor's surroundings. Columns count a tab to the next multiple of 4."""

    where: Where
    block: bool  # more than one line is due
    indent: int  # columns of the lines of the cursor's block; -1: unknown
    owed: str = ""  # closing brackets that are due: opened before the cursor, not closed after it; innermost first
    closers: tuple[str, ...] = ()  # what may close the cursor's block, where that is still missing: "}", "end", "</ul>"
    close_at: int = -1  # columns of the line that will close it; -1: it is closed, or dedent closes it
    in_word: bool = False  # the cursor stands between two characters of one word


def scope_at(tree: SyntaxTree, offset: int) -> Scope | None:
    """The scope of a cursor at `offset`; None where there is no tree."""
    root = tree.root
    if root is None:
        return None
    text = tree.text
    offset = max(0, min(offset, len(text)))
    start, end = line_round(text, offset)
    before, after = text[start:offset], text[offset:end]
    in_word = bool(re.search(r"\w\Z", before) and re.match(r"\w", after))
    where, interpolated = _where(tree, root, offset)
    if where == "code" and root.has_error and tree.language not in TEXT_LANGUAGES:
        where = _read(text[max(0, offset - _NEAR_CHARS) : offset], before)
    if where != "code":
        return Scope(where, False, columns(before), in_word=in_word)
    opened = opened_by(before, tree.language)
    blank = not before.strip()
    indent = _blank_indent(text, start, end, before, tree.language) if blank else columns(before)
    owed = owed_at(tree, offset)
    close_at, closers, header = _CLOSED
    if root.has_error or tree.language in TAG_LANGUAGES:
        close_at, closers, header = missing_close(text, start, end, before, opened, indent, tree.language)
    if any(closer in PAIRS for closer in closers):
        owed = all_due(owed_closers(header), owed)
    if blank:
        block = not after.strip()
    else:
        block = opened is not None and not interpolated and _leaves_room(before, after, opened)
        indent += _step(text, offset) if block else 0
    return Scope("code", block, indent, owed, closers, close_at, in_word)


# -- code, comment or string -------------------------------------------------------------------------------------------


def _where(tree: SyntaxTree, root: Node, offset: int) -> tuple[Where, bool]:
    """What the tree says, and whether that is code inside a string."""
    if offset == 0:
        return "code", False
    byte = tree.byte(offset)
    node = tree.node_at(offset - 1, offset)
    found: Where = "code"
    interpolated = False
    while node is not None and node != root:
        if node.start_byte < byte and (byte < node.end_byte or _is_open(node)):
            if node.type in _INTERPOLATIONS:
                interpolated = found == "code"
            elif "comment" in node.type and not interpolated:
                return "comment", False
            elif _is_string(node):
                return ("code", True) if interpolated else ("string", False)
        node = node.parent
    return found, False


def _is_string(node: Node) -> bool:
    if node.type == "literal":  # SQL
        return (node.text or b"")[:1] in (b"'", b'"')
    return node.is_named and node.type not in _NO_STRING and _STRING.fullmatch(node.type) is not None


def _is_open(node: Node) -> bool:
    """Whether a string or comment goes on at its own end: nothing closes it there."""
    text = node.text or b""
    if "comment" in node.type:
        return not text.rstrip(b"\r\n").endswith((b"*/", b"-->", b"]]", b"=end")) and not text.endswith(b"\n")
    if not _is_string(node):
        return False
    last = node.child(node.child_count - 1) if node.child_count else None
    if last is not None and (last.is_missing or last.type == "ERROR"):
        return True
    return node.type.endswith(("_content", "_fragment", "block_scalar"))


def _read(near: str, before: str) -> Where:
    """What the text left of the cursor says, where the tree is broken: quotes of many lines, then the cursor's line."""
    read = brackets(near)
    if read.quote in _MANY_LINES:
        return "string"
    if read.comment >= 0 and near.startswith("/*", read.comment):
        return "comment"
    read = brackets(before)
    if read.comment >= 0:
        return "comment"
    return "string" if read.quote else "code"


# -- blocks ------------------------------------------------------------------------------------------------------------


def _leaves_room(before: str, after: str, closers: tuple[str, ...]) -> bool:
    """Whether a block can begin here: nothing follows, or what an editor closed by itself."""
    rest = after.strip()
    return not rest or (before.rstrip()[-1:] in ("{", "[") and rest[:1] in closers and not rest.strip(")]};,"))


def _blank_indent(text: str, start: int, end: int, before: str, language: str) -> int:
    """Columns of the block that a blank line belongs to: the line's own, or what its neighbours say of an empty one."""
    if before:
        return columns(before)
    above = next(lines_above(text, start), "")
    unit = _step(text, start)
    if opened_by(above, language) is not None:
        return columns(above) + unit
    below = next(lines_below(text, end), "")
    inside = columns(below)
    return (
        inside + unit if inside and begins_with(below, ("}", ")", "]", "end", "fi", "done", "esac", "</")) else inside
    )


def _step(text: str, offset: int) -> int:
    """Columns of one step of indentation."""
    return columns(indent_unit(text, offset)) or TAB_COLUMNS


def missing_close(
    text: str, start: int, end: int, before: str, opened: tuple[str, ...] | None, indent: int, language: str
) -> tuple[int, tuple[str, ...], str]:
    """Where the block has to be closed that a cursor is in behind `before`, with which the line from `start` to `end`
    begins: at which column, by what, and how the line that opened it reads.

    (-1, (), "") if a line below closes it, or its dedent does.
    """
    header = before
    if opened is None:
        header = next((line for line in lines_above(text, start) if columns(line) < indent), "")
        opened = left_open_by(header, language)
    if opened and opened[0] in (")", "]"):
        opened = (*opened, "}")  # `if f(‸`: what is opened behind the cursor may be closed in its place
    if not opened or begins_with(text[start + len(before) : end], opened):
        return _CLOSED
    at = columns(header)
    for line in lines_below(text, end):
        if columns(line) <= at and not is_directive(line):
            middle = goes_on(line) and opened[0] not in PAIRS
            closed = columns(line) == at and (begins_with(line, opened) or middle)
            return _CLOSED if closed else (at, opened, header)
    return at, opened, header
