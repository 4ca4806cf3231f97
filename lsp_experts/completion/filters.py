"""From a model's text to a suggestion worth showing. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_experts.completion.document import Cursor
from lsp_experts.engine.protocol import CompleteReport

# Never inserted unless the document has them itself: control characters, bidirectional overrides, zero-width and
# tag characters can make code read differently from what it does.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_REPEATED = re.compile(r"(.{6,}?)\1{3,}\Z|(.)\2{24,}\Z", re.DOTALL)
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Filtered:
    """A suggestion's text and how many characters right of the cursor it replaces, or why there is none."""

    text: str
    replace_right: int = 0
    reason: str = ""


def whole_lines(report: CompleteReport) -> str:
    """The report's text; where a limit cut it in the middle of a block, without its unfinished last line."""
    if report.stop in ("tokens", "time", "context") and "\n" in report.text.strip("\n"):
        return report.text.rstrip("\n") if report.text.endswith("\n") else report.text[: report.text.rindex("\n")]
    return report.text


def filter_text(text: str, cursor: Cursor) -> Filtered:
    """Clean `text`; `reason` names why nothing is left: "empty", "repeats itself" or "repeats what follows"."""
    clean = _INVISIBLE.sub(lambda match: match.group() if match.group() in cursor.text else "", text)
    clean = clean.replace("\ufffd", "") if "\ufffd" not in cursor.text else clean
    clean = clean.rstrip()
    if not clean.strip():
        return Filtered("", reason="empty")
    if _REPEATED.search(clean):
        return Filtered("", reason="repeats itself")
    if _repeats_below(clean, cursor):
        return Filtered("", reason="repeats what follows")
    rest = cursor.after
    if rest.strip() and "\n" not in clean and clean.endswith(rest.rstrip()) and not _is_closing(rest):
        clean = clean[: len(clean) - len(rest.rstrip())]  # the model wrote on into what stands there already
        return Filtered(clean) if clean.strip() else Filtered("", reason="repeats what follows")
    return Filtered(clean, closers_covered(clean, rest))


def _is_closing(rest: str) -> bool:
    return all(char in ")]}\"'`>;, \t" for char in rest)


def _repeats_below(clean: str, cursor: Cursor) -> bool:
    """The cursor's line would become the line that follows."""
    line = (cursor.before + clean).strip()
    return len(line) > 3 and line == cursor.next_line.strip()


def closers_covered(text: str, rest: str) -> int:
    """How many closers right of the cursor `text` brings itself, so that none is doubled.

    `foo(|)` + `a, b)` covers 1; `foo(|)` + `f(x)` covers 0, its bracket being its own.
    """
    unmatched: list[str] = []
    opened: list[str] = []
    quotes: dict[str, int] = {}
    for char in text:
        if char in "([{":
            opened.append(char)
        elif char in _PAIRS:
            if opened and opened[-1] == _PAIRS[char]:
                opened.pop()
            else:
                unmatched.append(char)
        elif char in "\"'`":
            quotes[char] = quotes.get(char, 0) + 1
            if quotes[char] % 2 and rest.startswith(char):
                unmatched.append(char)
    covered = 0
    for char, closer in zip(rest, unmatched, strict=False):
        if char != closer:
            break
        covered += 1
    return covered
