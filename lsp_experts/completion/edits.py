"""What changed between two versions of a document, as lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_experts.completion.document import plain_newlines
from lsp_experts.syntax.difference import common_head, common_tail

MAX_EDIT_LINES = 12  # a longer change is a paste or a formatter, or the next edit
MAX_EDIT_CHARS = 800


@dataclass(frozen=True)
class Edit:
    """Lines that the user changed, as they are now. Lines count from 0; `accepted`: a suggestion is among them."""

    uri: str
    language: str
    first_line: int
    last_line: int
    text: str
    accepted: bool = False


@dataclass(frozen=True)
class Change:
    """The changed lines of the newer text, and how many lines it has more than the older one."""

    first_line: int
    last_line: int
    added_lines: int
    start: int = field(default=0, compare=False)  # offset of the first line


def change_between(old: str, new: str) -> Change | None:
    """Where two versions differ; None if they do not."""
    if old == new:
        return None
    start = common_head(old, new)
    tail = common_tail(old, new, min(len(old), len(new)) - start)
    end = len(new) - tail
    first, breaks = new.count("\n", 0, start), new.count("\n", start, end)
    whole_lines = breaks > 0 and new[end - 1] == "\n" and (start == 0 or new[start - 1] == "\n")
    added = breaks - old.count("\n", start, len(old) - tail)
    return Change(first, first + breaks - whole_lines, added, new.rfind("\n", 0, start) + 1)


def edit_of(uri: str, language: str, text: str, change: Change, before: Edit | None, *, accepted: bool) -> Edit | None:
    """The edit that `change` makes of `before`, the newest one of this document, or a new one beside it.

    It continues `before` where it touches its lines or the next ones. None: too much at once, or nothing to read.
    """
    first, last = change.first_line, change.last_line
    if before is not None and _continues(change, before):
        bottom = before.last_line + change.added_lines if before.last_line >= first else before.last_line
        if max(last, bottom) - min(first, before.first_line) < MAX_EDIT_LINES:
            first, last = min(first, before.first_line), max(last, bottom)
            accepted = accepted or before.accepted
    if last - first >= MAX_EDIT_LINES:
        return None
    start = change.start
    for _ in range(change.first_line - first):
        start = text.rfind("\n", 0, start - 1) + 1
    chunk = _lines(text, start, last - first + 1)
    return Edit(uri, language, first, last, chunk, accepted) if len(chunk) <= MAX_EDIT_CHARS else None


def continues(edit: Edit, before: Edit | None) -> bool:
    """Whether `edit` holds the lines of `before`, so that it takes its place."""
    return before is not None and edit.first_line <= before.first_line <= edit.last_line


def _continues(change: Change, before: Edit) -> bool:
    return change.first_line <= before.last_line + 1 and change.last_line >= before.first_line - 1


def _lines(text: str, start: int, count: int) -> str:
    end = start
    for _ in range(count):
        found = text.find("\n", end)
        end = found + 1 if found >= 0 else len(text)
    return plain_newlines(text[start:end]).strip("\n")
