"""Whether a model's text is fit to be proposed as an edit, and how it is made to look like what it replaces. Pure."""

from __future__ import annotations

import re

from lsp_experts.completion.document import Cursor, plain_newlines
from lsp_experts.completion.filters.characters import only_visible
from lsp_experts.completion.filters.draft import Filtered, Place
from lsp_experts.completion.filters.indentation import in_document_unit
from lsp_experts.completion.filters.repetition import not_repeating_itself
from lsp_experts.completion.filters.syntax import is_readable
from lsp_experts.syntax.blocks import PROSE_LANGUAGES
from lsp_experts.syntax.brackets import brackets
from lsp_experts.syntax.errors import error_count, first_error
from lsp_experts.syntax.lines import indent_unit, line_break
from lsp_experts.syntax.tree import SyntaxTree

# "Here is the code:", "The function returns the sum of both." A statement of SQL or COBOL ends otherwise.
SENTENCE = re.compile(r"\s*(?:[A-Z][a-z']*|I'm|I)(?:,? [\w'`\"()-]+){3,}.*[.:!?]\s*")
UNCHANGED = "it changes nothing"
FENCE = re.compile(r"\s*(?:```|~~~)")


def flaw(tree: SyntaxTree, start: int, end: int, new_text: str, *, may_be_equal: bool = False) -> str:
    """Why `new_text` must not stand instead of the tree's text from `start` to `end`, as the end of a sentence; "" if
    it may.

    Only what the edit makes worse counts: errors that are there already are none of its flaws.
    """
    old = tree.text[start:end]
    if not new_text.strip():
        return "it is empty"
    if not may_be_equal and _bare(new_text) == _bare(old):
        return UNCHANGED
    if only_visible(new_text, tree.text, old) != plain_newlines(new_text):
        return "it holds characters that cannot be seen"
    if _is_prose(new_text, tree.language) and not _is_prose(old, tree.language):
        return "it is prose, not code"
    if repeats_itself(new_text) and not repeats_itself(old):
        return "it repeats itself"
    if _is_indented_otherwise(tree.text, start, old, new_text):
        return "its indentation differs"
    return _new_error(tree, start, end, new_text)


def fitted(tree: SyntaxTree, start: int, end: int, new_text: str) -> str:
    """`new_text` with the line breaks, the margin, the unit of indentation and the last line break of what stands from
    `start` to `end`.

    Where `start` stands behind code in its line, no margin is known and none is changed.
    """
    text, old = tree.text, plain_newlines(tree.text[start:end])
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start]
    new = plain_newlines(new_text)
    if old.strip():
        new = new.strip("\n") + "\n" * (len(old) - len(old.rstrip("\n")))
    if not before.strip():
        new = behind_margin(tree, line, new, before + margin_of(old)).removeprefix(before)
    return new.replace("\n", line_break(text, start))


def behind_margin(tree: SyntaxTree, line_start: int, new_text: str, margin: str) -> str:
    """`new_text` in the unit of the lines round `line_start`, its first line behind `margin` and the others as far
    behind that as they were.

    Nothing changes where nothing has to: a string of several lines keeps what stands in it. One whose lines begin at
    the left margin keeps that.
    """
    own = margin_of(new_text)
    bare = "\n".join(line.removeprefix(own) for line in new_text.split("\n"))
    in_unit = in_document_unit(Filtered(bare), Place(Cursor(tree.text, line_start), language=tree.language)).text
    if own == margin and in_unit == bare:
        return new_text
    read, at, lines = brackets(in_unit), 0, []
    for line in in_unit.split("\n"):
        of_a_string = read.quotes(at) and not line.startswith((" ", "\t"))
        lines.append(line if of_a_string or not line.strip() else margin + line)
        at += len(line) + 1
    return "\n".join(lines)


def margin_of(text: str) -> str:
    """The indentation of the first line that is not blank."""
    line = next((line for line in text.split("\n") if line.strip()), "")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in plain_newlines(text).strip("\n").split("\n"))


def _is_prose(text: str, language: str) -> bool:
    """Whether it begins with a sentence or a code fence, or half of its lines are sentences; strings and comments may
    say what they like.
    """
    if language in PROSE_LANGUAGES:
        return False
    read, at, seen, sentences = brackets(text), 0, 0, 0
    for line in plain_newlines(text).split("\n"):
        if line.strip() and not read.quotes(at):
            seen += 1
            if FENCE.match(line):
                return True
            sentences += SENTENCE.fullmatch(line) is not None
            if sentences and seen == 1:
                return True
        at += len(line) + 1
    return sentences * 2 > seen


def repeats_itself(text: str) -> bool:
    """Whether the same words or lines come over and over."""
    plain = plain_newlines(text)
    kept = not_repeating_itself(Filtered(plain), Place(Cursor(plain, len(plain))))
    return bool(kept.reason) or kept.text != plain


def _is_indented_otherwise(text: str, start: int, old: str, new: str) -> bool:
    """Whether whole lines begin at another column, or with tabs where the document has spaces, or the reverse."""
    at_line_start = start == 0 or text[start - 1] == "\n"
    if at_line_start and old.strip() and margin_of(plain_newlines(old)) != margin_of(plain_newlines(new)):
        return True
    unit = indent_unit(text, start)
    wrong = "\t" if unit.startswith(" ") else "  " if unit == "\t" else ""
    return bool(wrong) and _begins_lines(wrong, new) and not _begins_lines(wrong, old)


def _begins_lines(blanks: str, text: str) -> bool:
    plain = plain_newlines(text)
    read = brackets(plain)
    return any(not read.quotes(found.start() + 1) for found in re.finditer(f"\n(?={blanks})", plain))


def _new_error(tree: SyntaxTree, start: int, end: int, new_text: str) -> str:
    if tree.root is None or not is_readable(new_text, tree.language):
        return ""
    text = tree.text[:start] + new_text + tree.text[end:]
    imagined = tree.imagined(text)
    if imagined is None or error_count(imagined) <= error_count(tree.root):
        return ""
    row = first_error(imagined, len(text[:start].encode("utf-8", "replace")))
    if row is None:
        return "it has a syntax error"
    line = row - text.count("\n", 0, start) + 1
    if line <= len(new_text.splitlines()):
        return f"it has a syntax error in line {line}"
    return "it breaks the syntax of what follows it"
