"""Brackets, strings and comments of a stretch of code, whatever its language. Pure.

Without a grammar some characters are ambiguous. Then the reading is taken that finds fewer brackets: who stops or
refuses for a bracket must rather miss one than see one that is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PAIRS = {")": "(", "]": "[", "}": "{"}
CLOSER_OF = {opener: closer for closer, opener in PAIRS.items()}

# A comment mark that could be an operator needs blanks round it; an apostrophe behind a letter or in front of a
# lifetime or a label opens nothing; a slash opens a regular expression only where no operand stands before it.
_TOKEN = re.compile(
    r"""(?P<comment> /\*.*?(?:\*/|\Z) | <!--.*?(?:-->|\Z) | (?<!:)//[^\n]* | (?<!\S)(?:\#(?=[\s!]|\Z)|--(?=\s))[^\n]*
                   | (?<![^\n])\#(?:define|elif|error|if|ifdef|ifndef|include|pragma|undef)\b[^\n]* )
      | (?P<string> \"\"\"(?:\\.|.)*?(?:\"\"\"|\Z) | '''(?:\\.|.)*?(?:'''|\Z) | `(?:\\.|[^`\\])*(?:`|\Z)
                  | "(?:\\.|[^"\\\n])*(?:"|(?=\n)|\Z)
                  | (?:\b[bBrRuUfFLN]{1,2}|(?<!\w)(?<![&<]))'(?:\\.|[^'\\\n])*(?:'|\Z)
                  | (?:(?<=[(,=:!&|?{};\[])|(?<=[(,=:!&|?{};\[][ ]))
                    /(?![/*\s])(?:\\.|\[(?:\\.|[^]\\\n])*]|[^/\\\n[])+/ )
      | (?P<bracket> [][(){}] )
      | \\.""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Brackets:
    """What a stretch opens and closes. Positions are offsets in it."""

    closers: tuple[tuple[int, str], ...] = ()  # closed without having been opened in it
    openers: tuple[tuple[int, str], ...] = ()  # opened and not closed, the outermost first
    quoted: tuple[tuple[int, int], ...] = ()  # its strings and comments
    comment: int = -1  # where a comment begins that reaches its end; -1: none
    quote: str = ""  # the quote that is open at its end

    def quotes(self, place: int) -> bool:
        """Whether `place` is inside a string or a comment."""
        return any(start < place < end for start, end in self.quoted)


def brackets(text: str, quote: str = "") -> Brackets:
    """Read `text`; with `quote` it begins inside a string, and the quote that ends it counts as a closer."""
    closers: list[tuple[int, str]] = []
    openers: list[tuple[int, str]] = []
    quoted: list[tuple[int, int]] = []
    comment, open_quote, at = -1, "", 0
    if quote:
        at = _string_end(text, quote)
        quoted.append((0, at))
        if at > len(text):
            return Brackets(quoted=((0, len(text)),), quote=quote)
        closers.append((at - len(quote), quote))
    for match in _TOKEN.finditer(text, at):
        start, end, found = match.start(), match.end(), match.group()
        if match["bracket"]:
            _count(start, found, openers, closers)
        elif match["comment"] or match["string"]:
            quoted.append((start, end))
            if end == len(text):
                comment = start if match["comment"] and not found.endswith(("*/", "-->")) else -1
                open_quote = "" if match["comment"] else _left_open(found)
    return Brackets(tuple(closers), tuple(openers), tuple(quoted), comment, open_quote)


def owed_closers(text: str, quote: str = "") -> str:
    """The closers that `text` owes at its end, innermost first."""
    found = brackets(text, quote)
    return found.quote + "".join(CLOSER_OF[opener] for _, opener in reversed(found.openers))


def all_due(first: str, owed: str) -> str:
    """The closers in `first`, then those in `owed` that are not the same ones: a broken tree loses brackets."""
    rest = list(owed)
    for closer in first:
        if closer in rest:
            rest.remove(closer)
    return first + "".join(rest)


def _count(place: int, bracket: str, openers: list[tuple[int, str]], closers: list[tuple[int, str]]) -> None:
    if bracket in CLOSER_OF:
        openers.append((place, bracket))
        return
    for index in range(len(openers) - 1, -1, -1):
        if openers[index][1] == PAIRS[bracket]:
            del openers[index:]  # what was opened since was left open
            return
    closers.append((place, bracket))


def _string_end(text: str, quote: str) -> int:
    """Where the string that is open at the start of `text` has ended; behind the text's end: nowhere."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        else:
            at += 1
    return len(text) + 1


def _left_open(string: str) -> str:
    """The quote of a string that reaches the end of its text without having been closed."""
    body = string.lstrip("bBrRuUfFLN")
    quote = body[:3] if body[:3] in ('"""', "'''") else body[:1]
    if quote == "/":
        return ""
    return quote if _string_end(body[len(quote) :], quote) > len(body) - len(quote) else ""
