"""What programmers mistake for one another: operators, words and small numbers. Data.

The lab's self-made mutations draw from the same tables, so that its recall on them is an upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OPERATORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "<": ("<=", ">", ">="),
        "<=": ("<", ">=", ">"),
        ">": (">=", "<", "<="),
        ">=": (">", "<=", "<"),
        "==": ("!=", "<=", ">="),
        "!=": ("==",),
        "===": ("!==",),
        "!==": ("===",),
        "~=": ("==",),
        "+": ("-",),
        "-": ("+",),
        "*": ("/", "+"),
        "/": ("*",),
        "//": ("/",),
        "%": ("/",),
        "=": ("+=", "-="),
        "+=": ("-=",),
        "-=": ("+=",),
        "*=": ("/=",),
        "/=": ("*=",),
        "|=": ("&=",),
        "&=": ("|=",),
        "++": ("--",),
        "--": ("++",),
        "&&": ("||",),
        "||": ("&&",),
        "??": ("||", "&&"),
        "&": ("|", "&&"),
        "|": ("&", "||"),
        "<<": (">>",),
        ">>": ("<<",),
        "..": ("..=",),
        "..=": ("..",),
    }
)
WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "and": ("or",),
        "or": ("and",),
        "is": ("is not",),
        "is not": ("is",),
        "in": ("not in",),
        "not in": ("in",),
        "True": ("False",),
        "False": ("True",),
        "true": ("false",),
        "false": ("true",),
        "break": ("continue",),
        "continue": ("break",),
        "any": ("all",),
        "all": ("any",),
        "min": ("max",),
        "max": ("min",),
    }
)
NEGATIONS = ("!", "not")  # each may be one too many, or missing
_MOST_DIGITS = 6


def other_numbers(number: str) -> tuple[str, ...]:
    """The numbers that one is mistaken for: the next ones, 0 and 1. Of a fraction or a long or written-out one none."""
    if not number.isascii() or not number.isdigit() or len(number) > _MOST_DIGITS or number != str(int(number)):
        return ()
    value = int(number)
    near = (value - 1, value + 1, 0, 1) if value else (1,)
    return tuple(dict.fromkeys(str(other) for other in near if other != value and other >= 0))
