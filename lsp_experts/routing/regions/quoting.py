"""How text is spelled where it stands: Python, Go, JavaScript and JSON strings, attributes, and places without escapes.

A quoting says which stretches of the source are escapes, what they mean, and how a line of text is spelled. `ends` is
what closes the place, looked for outside escapes.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MASK = "\ufffe"  # no character: stands for what is not looked at
_NEAR_CHARS = 16  # longer than anything that closes a place
_NEVER = re.compile(r"(?!)")
_BACKSLASH = re.compile(
    r"\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.S
)
_PYTHON = re.compile(_BACKSLASH.pattern.replace("|.)", r"|N\{[^}]*\}|.)"), re.S)
_SIMPLE: Mapping[str, str] = MappingProxyType({"n": "\n", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"})


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Quoting:
    """`newline` is how a line break is spelled, None where it cannot be; `seam` follows it where lines are strings."""

    ends: re.Pattern[str]
    closing: str = ""
    escape: re.Pattern[str] = _NEVER
    read: Callable[[str], str] = _same
    write: Callable[[str], str] = _same
    newline: str | None = "\n"
    seam: str = ""

    @property
    def escapes(self) -> bool:
        """Is anything spelled otherwise than it is meant?"""
        return self.escape is not _NEVER

    def stands(self, left: str, spelled: str, right: str) -> bool:
        """Does the place still end where it ended, with `spelled` in it?"""
        closing = self.closing
        if not self.escapes:  # what is far away cannot join with it
            closing = closing if len(right) <= _NEAR_CHARS else ""
            left, right = left[-_NEAR_CHARS:], right[:_NEAR_CHARS]
        joined = self.escape.sub(lambda found: MASK * len(found[0]), left + spelled + right + closing)
        first = self.ends.search(joined)
        return first.start() >= len(left) + len(spelled) + len(right) if first is not None else not closing


def bare(closing: str, *, newline: str | None = "\n", ends: str = "") -> Quoting:
    """A place without escapes, closed by `closing` (any case), or by the pattern `ends`."""
    pattern = ends or re.escape(closing)
    return Quoting(re.compile(pattern if newline else rf"{pattern}|[\r\n]", re.I), closing, newline=newline)


def python_string(delimiter: str, prefix: str) -> Quoting:
    """A string of Python: `delimiter` is its quotes, `prefix` the letters before them."""
    long, raw, formatted = len(delimiter) == 3, "r" in prefix, "f" in prefix or "t" in prefix
    newline = "\n" if long else None
    ends = re.compile(delimiter if long else rf"{delimiter}|[\r\n]")
    if raw:
        return _raw_python(ends, delimiter, newline, formatted)
    escape = re.compile(_PYTHON.pattern + r"|\{\{|\}\}", re.S) if formatted else _PYTHON
    quote = delimiter[0]
    # In a long string only quotes that could become three need a backslash.
    risky = re.compile(rf"^{quote}|{quote}$|{quote}(?={quote})|(?<={quote}){quote}" if long else quote)

    def write(line: str) -> str:
        spelled = risky.sub("\\\\" + quote, line.replace("\\", "\\\\"))
        return spelled.replace("{", "{{").replace("}", "}}") if formatted else spelled

    return Quoting(ends, delimiter, escape, _read_python, write, newline)


def _raw_python(ends: re.Pattern[str], delimiter: str, newline: str | None, formatted: bool) -> Quoting:
    # A raw string keeps its backslashes, yet one before a quote keeps the string open.
    if not formatted:
        return Quoting(ends, delimiter, re.compile(r"\\.", re.S), newline=newline)
    return Quoting(
        ends,
        delimiter,
        re.compile(r"\\[^{}]|\{\{|\}\}", re.S),
        lambda escape: escape if escape[0] == "\\" else escape[0],
        lambda line: line.replace("{", "{{").replace("}", "}}"),
        newline,
    )


def go_string() -> Quoting:
    """An interpreted string of Go."""
    return Quoting(re.compile(r'"|[\r\n]'), '"', _BACKSLASH, _read_backslash, _backslashed('"'), None)


def js_template() -> Quoting:
    """A template literal of JavaScript; its substitutions are held."""
    write = _backslashed("`")
    return Quoting(
        re.compile(r"`|\$\{"), "`", _BACKSLASH, _read_backslash, lambda line: write(line).replace("${", "\\${")
    )


def json_string(seam: str = "") -> Quoting:
    """A string of JSON, or several of them with `seam` between two lines."""
    return Quoting(
        re.compile(r'"|[\x00-\x1f]'),
        '"',
        # Two halves of a surrogate pair are one character.
        re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\."),
        _read_json,
        lambda line: json.dumps(line, ensure_ascii=False)[1:-1],
        "\\n",
        seam,
    )


def attribute(quote: str) -> Quoting:
    """A quoted attribute of HTML."""
    spelled_quote = "&quot;" if quote == '"' else "&#39;"
    return Quoting(
        re.compile(quote),
        quote,
        re.compile(r"&(?:#[xX]?)?\w+;"),
        lambda entity: _sane(html.unescape(entity), entity),
        lambda line: re.sub(r"&(?=#|\w)|&$", "&amp;", line).replace(quote, spelled_quote),
    )


def _backslashed(quote: str) -> Callable[[str], str]:
    return lambda line: line.replace("\\", "\\\\").replace(quote, "\\" + quote)


def _read_backslash(escape: str) -> str:
    """What an escape of Go or JavaScript means; one that nobody knows means its characters."""
    kind = escape[1]
    if kind in "\r\n":
        return ""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    digits = escape[1:] if kind.isdigit() else escape[2:].strip("{}")
    if digits and (kind in "xuU" or kind in "01234567"):
        return _character(int(digits, 16 if kind in "xuU" else 8), escape)
    return escape[1:] if kind in "\\'\"`$" else escape


def _read_python(escape: str) -> str:
    if escape[0] in "{}":
        return escape[0]
    if escape.startswith(("\\N", "\\`", "\\$", "\\u{")):
        return escape
    return _read_backslash(escape)


def _read_json(escape: str) -> str:
    try:
        return _sane(str(json.loads(f'"{escape}"')), escape)
    except ValueError:
        return escape


def _character(number: int, otherwise: str) -> str:
    return _sane(chr(number), otherwise) if number < 0x110000 else otherwise


def _sane(character: str, otherwise: str) -> str:
    # A text has no carriage returns and no halves of characters.
    return otherwise if character == "\r" or "\ud800" <= character <= "\udfff" else character
