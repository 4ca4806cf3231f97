"""Where a suggestion runs on into what follows the cursor, that part is cut off."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_experts.completion.filters.draft import Filtered, Place, refused
from lsp_experts.syntax.brackets import brackets
from lsp_experts.syntax.lines import columns

_WORD = re.compile(r"\w{3}")
_CLOSERS = frozenset(")]}\"'`>;, \t")
_CLOSING_LINE = re.compile(r"\s*(?:[)\]};,]+|end;?|fi|done|esac|</[\w:.-]+>)")


def without_overlap(draft: Filtered, place: Place) -> Filtered:
    """The longest end that equals the beginning of what follows, on the line or over lines, is cut off."""
    text = draft.text
    if place.rest.strip():
        if "\n" in text or (_CLOSERS.issuperset(place.rest) and place.rest.strip(";, ")):
            return draft
        cut = _on_line(text, place.rest)
    else:
        cut = _over_lines(text, place)
    return replace(draft, text=cut) if cut.strip() else refused("repeats what follows")


def _on_line(text: str, rest: str) -> str:
    """`text` without its end, if that is how `rest` begins: all of it, or words of it."""
    bare = text.rstrip()
    if bare.endswith(rest):
        return bare[: len(bare) - len(rest)]
    for length in range(min(len(bare), len(rest) - 1), 2, -1):
        start = len(bare) - length
        if bare.endswith(rest[:length]) and _WORD.search(rest[:length]) and _splits(bare, start, rest, length):
            return bare[:start]
    return text


def _splits(text: str, start: int, rest: str, end: int) -> bool:
    """Whether no word is torn where the overlap begins in `text` and ends in `rest`."""
    return not (_in_word(text, start) or _in_word(rest, end))


def _in_word(text: str, at: int) -> bool:
    return re.fullmatch(r"\w\w", text[at - 1 : at + 1]) is not None if at > 0 else False


def _over_lines(text: str, place: Place) -> str:
    """`text` without its last lines, if they are the next ones of the document."""
    lines = text.split("\n")
    for count in range(min(len(lines) - 1, len(place.below)), 0, -1):
        tail = [line.rstrip() for line in lines[-count:]]
        if tail == list(place.below[:count]) and _is_theirs(lines, count, place):
            return "\n".join(lines[:-count]).rstrip()
    return text


def _is_theirs(lines: list[str], count: int, place: Place) -> bool:
    """Whether the last lines belong to the document: not closers of what the suggestion opened itself."""
    tail = lines[-count:]
    if not all(_CLOSING_LINE.fullmatch(line) for line in tail):
        return any(_WORD.search(line) for line in tail)
    kept = lines[:-count]
    if any(columns(line) == columns(tail[0]) for line in [place.before + kept[0], *kept[1:]] if line.strip()):
        return False
    return len(brackets("\n".join(lines)).closers) >= sum(line.strip()[0] in ")]}" for line in tail)
