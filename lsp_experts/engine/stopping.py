"""When a completion has said enough. Pure: text so far and rules in, cut text and reason out."""

from __future__ import annotations

from lsp_experts.engine.protocol import Stop, StopReason
from lsp_experts.syntax.blocks import begins_with, is_directive
from lsp_experts.syntax.brackets import CLOSER_OF, Brackets, brackets
from lsp_experts.syntax.lines import columns


def cut(text: str, stop: Stop, *, final: bool = False) -> tuple[str, StopReason] | None:
    """The part of `text` to keep and why it ends there, or None while no rule has fired.

    `final`: nothing more will come, so that an unfinished last line is judged as a whole one.
    Where several rules fire, the earliest place in the text wins.
    """
    found: list[tuple[int, StopReason]] = []
    found += [(at, "text") for stop_text in stop.texts if stop_text and (at := text.find(stop_text)) >= 0]
    newline = _nth_newline(text, stop.max_lines)
    if newline is not None:
        found.append((newline, "lines"))
    if stop.balance or (newline != 0 and "\n" in text):
        read = brackets(text)
        if stop.balance:
            found += _unowed(text, read, stop.owed)
        found += _line_rules(text, read, stop, final)
    if not found:
        return None
    place, reason = min(found, key=lambda item: item[0])
    return text[:place], reason


def _nth_newline(text: str, n: int) -> int | None:
    at = -1
    for _ in range(max(1, n)):
        at = text.find("\n", at + 1)
        if at < 0:
            return None
    return at


def _unowed(text: str, read: Brackets, owed: str) -> list[tuple[int, StopReason]]:
    """The first closing bracket that nothing accounts for; with the line break before it where it begins a line."""
    left = list(owed)
    for place, bracket in read.closers:
        if bracket not in left:
            line = text.rfind("\n", 0, place)
            alone = line >= 0 and not text[line:place].strip()
            return [(line if alone else place, "bracket")]
        left.remove(bracket)
    return []


def _line_rules(text: str, read: Brackets, stop: Stop, final: bool) -> list[tuple[int, StopReason]]:
    """Rules about the lines that the completion opened itself.

    "dedent" and "rejoin" cut before the line break, "block" behind the line.
    """
    lines = text.split("\n")
    rejoin = stop.rejoin.rstrip()  # with its indentation: a nested closer is not the enclosing one
    at = kept = len(lines[0])
    for number, line in enumerate(lines[1:], start=1):
        bare = line.strip()
        whole = final or number < len(lines) - 1
        end = at + 1 + len(line)
        if rejoin and whole and line.rstrip() == rejoin:
            return [(kept, "rejoin")]
        quoted = read.quotes(at + 1)
        if bare and not quoted and not is_directive(line):
            closing = _closing(line, stop, whole)
            if closing == "ends":
                return [(end, "block")]
            if not closing and stop.dedent_below and columns(line) < stop.dedent_below:
                return [(kept, "dedent")]
        if bare and (quoted or not is_directive(line)):
            kept = end
        at = end
    return []


def _closing(line: str, stop: Stop, whole: bool) -> str:
    """Whether a line closes the cursor's block: "ends", "goes on" (`} else {`), "perhaps" while it is unfinished."""
    if stop.close_at < 0 or columns(line) != stop.close_at:
        return ""
    bare = line.strip()
    if not whole:
        may = any(closer.startswith(bare) for closer in stop.closers) or begins_with(line, stop.closers)
        return "perhaps" if may else ""
    if not begins_with(line, stop.closers):
        return ""
    return "goes on" if bare[-1] in CLOSER_OF else "ends"
