"""Typing what was suggested needs no model: the last suggestions of a document, and what is left of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 8


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
        if item.identity != identity or item.after != after or not before.startswith(item.before):
            continue
        typed = before[len(item.before) :]
        if item.text.startswith(typed) and len(item.text) > len(typed):
            return Reused(item.text[len(typed) :], item.joint_probability, item.expert, item.expert_reason)
    return None
