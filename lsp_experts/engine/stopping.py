"""When a completion has said enough. Pure: text so far and rules in, cut text and reason out."""

from __future__ import annotations

from lsp_experts.engine.protocol import Stop, StopReason


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
    found += _line_rules(text, stop, final)
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


def _line_rules(text: str, stop: Stop, final: bool) -> list[tuple[int, StopReason]]:
    """Rules about the lines that the completion opened itself; each cuts before the line break."""
    lines = text.split("\n")
    rejoin = stop.rejoin.rstrip()  # with its indentation: a nested closer is not the enclosing one
    at = len(lines[0])
    for number, line in enumerate(lines[1:], start=1):
        bare = line.strip()
        whole = final or number < len(lines) - 1
        if bare and stop.dedent_below and _columns(line) < stop.dedent_below:
            return [(at, "dedent")]
        if rejoin and whole and line.rstrip() == rejoin:
            return [(at, "rejoin")]
        at += 1 + len(line)
    return []


def _columns(line: str) -> int:
    """Columns of indentation, a tab to the next multiple of 4 (only compared with the same document's lines)."""
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
