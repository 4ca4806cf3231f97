"""What an edit took of a suggestion: all of it, its first words, or letters that were typed. Pure.

For clients that do not tell what was accepted. Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_experts.completion.reuse import Remembered
from lsp_experts.syntax.difference import common_head

# Neovim tells of edits every 150 ms: that much a fast typist (20 letters a second) writes meanwhile.
MOST_TYPED_AT_ONCE = 3
_CLOSERS = frozenset(")]}>\"'`")


@dataclass(frozen=True)
class Taken:
    """So many characters of a suggestion's text were inserted; `accepted`: by a key, not letter by letter."""

    chars: int
    accepted: bool


def taken(old: str, new: str, at: int, text: str) -> Taken | None:
    """What the edit from `old` to `new` took of `text`, suggested at the offset `at` of `old`; None: it is another.

    What stood right of `at` on its line may have been replaced by the whole of `text`. An editor may have closed the
    bracket or quote that was typed.
    """
    if not new.startswith(old[:at]) or old.startswith(text, at):
        return None
    if new.startswith(text, at) and _replaces_on_one_line(old, at, new[at + len(text) :]):
        return Taken(len(text), len(text) > MOST_TYPED_AT_ONCE)
    added = len(new) - len(old)
    if added <= 0 or new[at + added :] != old[at:]:
        return None
    inserted = new[at : at + added]
    chars = common_head(inserted, text)
    if not chars or not _CLOSERS.issuperset(inserted[chars:]):
        return None
    return Taken(chars, chars == added and chars > MOST_TYPED_AT_ONCE and not _splits_a_word(text, chars))


def is_accepted(remembered: Sequence[Remembered], old: str, new: str) -> bool:
    """Whether the edit took all that was left of a remembered suggestion."""
    for item in remembered:
        if not old.startswith(item.before) or not old.endswith(item.after):
            continue
        typed = old[len(item.before) : len(old) - len(item.after)]
        left = item.text[len(typed) :]
        if not item.text.startswith(typed) or not left:
            continue
        if taken(old, new, len(item.before) + len(typed), left) == Taken(len(left), accepted=True):
            return True
    return False


def _replaces_on_one_line(old: str, at: int, tail: str) -> bool:
    end = len(old) - len(tail)
    return end >= at and old.endswith(tail) and "\n" not in old[at:end]


def _splits_a_word(text: str, at: int) -> bool:
    return _in_word(text[at - 1]) and _in_word(text[at])


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"
