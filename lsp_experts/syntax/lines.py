"""Lines round a place in a text, and how they are indented. Bounded, so that a large document costs the same. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType

TAB_COLUMNS = 4  # only lines of the same document are compared
_NEAR_CHARS = 12_000
_USUAL_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "go": "\t",
        **dict.fromkeys(
            ("dart", "javascript", "javascriptreact", "lua", "ruby", "typescript", "typescriptreact"), "  "
        ),
    }
)
_BREAK = re.compile(r"\r\n|\n|\r")


def columns(line: str) -> int:
    """Columns of indentation."""
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    return len(indentation.expandtabs(TAB_COLUMNS))


def line_round(text: str, offset: int) -> tuple[int, int]:
    """Where the line at `offset` begins and ends (without its line break)."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", max(0, offset - _NEAR_CHARS), offset)) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    bare = text.find("\r", offset, end)
    return start, end if bare < 0 else bare


def lines_above(text: str, line_start: int) -> Iterator[str]:
    """The lines above the one that begins at `line_start` that are not blank, the nearest first."""
    near = text[max(0, line_start - _NEAR_CHARS) : line_start].splitlines()
    return (line for line in reversed(near) if line.strip())


def lines_below(text: str, line_end: int) -> Iterator[str]:
    """The lines below the one that ends at `line_end` that are not blank, the nearest first."""
    near = text[line_end : line_end + _NEAR_CHARS].splitlines()[1:]
    return (line for line in near if line.strip())


def near_text(text: str, offset: int) -> str:
    """What stands round `offset`, as far as a question about the document's style looks."""
    return text[max(0, offset - _NEAR_CHARS) : offset + _NEAR_CHARS]


def indent_unit(text: str, offset: int) -> str:
    """One step of indentation as the lines round `offset` have it: a tab or spaces; "" where they mix or have none."""
    near = near_text(text, offset).splitlines()
    indented = [line for line in near if line[:1] in ("\t", " ") and line.strip()]
    tabs = sum(line[0] == "\t" for line in indented)
    if tabs * 10 > len(indented):
        return "\t" if tabs * 10 >= len(indented) * 9 else ""
    depths = [columns(line) for line in near if line.strip()]
    steps = Counter(two - one for one, two in pairwise(depths) if two > one + 1)
    likely = [step for step, _ in steps.most_common(3) if step in (2, 3, 4, 8)]
    return " " * likely[0] if likely else ""


def usual_unit(language: str) -> str:
    """One step of indentation where a document does not show any (indent_unit)."""
    return _USUAL_UNITS.get(language, "    ")


def line_break(text: str, offset: int) -> str:
    """The line break that the document uses round `offset`; "\\n" where it has none near."""
    around = near_text(text, offset)
    start = max(0, min(offset, _NEAR_CHARS) - 2)
    start -= around[max(0, start - 1) : start + 1] == "\r\n"  # else half of it is found
    found = _BREAK.search(around, start) or _BREAK.search(around)
    return found.group() if found else "\n"
