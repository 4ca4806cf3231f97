"""Typing what was suggested needs no model: the last suggestions of a document, and what is left of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_experts.completion.anchor import CLOSERS

_MOST = 16
_MOST_CLOSERS = 4


@dataclass(frozen=True)
class Remembered:
    """A suggestion that was made. `before` and `after` are the texts round it then."""

    identity: str  # of every file that took part: another expert's text is never shown as this one's
    before: str
    after: str
    text: str
    joint_probability: float
    expert: str = ""  # whose text it is, and why that one answered
    expert_reason: str = ""


@dataclass(frozen=True)
class Reused:
    """What is left of a remembered suggestion."""

    text: str
    joint_probability: float
    expert: str = ""
    expert_reason: str = ""


def remember(known: Sequence[Remembered], new: Remembered) -> tuple[Remembered, ...]:
    """`known` with `new` in front, the oldest dropped."""
    return (new, *known)[:_MOST]


def reuse(known: Sequence[Remembered], identity: str, before: str, after: str) -> Reused | None:
    """The rest of a suggestion that the user is typing, None if there is none.

    `before` and `after` are the document's text left and right of the cursor.
    """
    for item in known:
        typed = typed_since(before, after, item.before, item.after) if item.identity == identity else None
        if typed is None:
            continue
        if item.text.startswith(typed) and len(item.text) > len(typed):
            return Reused(item.text[len(typed) :], item.joint_probability, item.expert, item.expert_reason)
    return None


def typed_since(before: str, after: str, before_then: str, after_then: str) -> str | None:
    """What was typed at a cursor whose text left and right of it was this then; None if anything else changed."""
    if not _follows(after, after_then) or not before.startswith(before_then):
        return None
    return before[len(before_then) :]


def _follows(after: str, then: str) -> bool:
    """Whether `after` is the text that followed `then`, but for closers that an editor inserted by itself."""
    if after == then:
        return True
    inserted = len(after) - len(then)
    return 0 < inserted <= _MOST_CLOSERS and after.endswith(then) and CLOSERS.issuperset(after[:inserted])
