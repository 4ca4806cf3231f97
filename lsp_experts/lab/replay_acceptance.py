"""What the simulated user of `bench replay` accepts, and what counts as right. Pure.

`rest` is the part of the held-out text that is not in the document yet, `after` what follows the hole.

A suggestion (`text` over `replaced` characters right of the cursor) is *right as a whole* if `rest` begins with it, or,
where it replaces something, if it is `rest` and what it replaces. Otherwise its *right lines* are its first lines, as
many as are whole lines of `rest`. The user accepts a suggestion that is right as a whole, else its right lines (as
"accept line" does, once for each line), if that saves a key; else types on.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.lab.similarity import edit_similarity
from lsp_experts.syntax.difference import common_head


@dataclass(frozen=True)
class Verdict:
    """What a suggestion was worth at the moment it was shown."""

    precise: bool  # its first line is a true continuation
    exact_line: bool  # and it is all of the line's rest
    right_chars: int  # of `rest`, before the first wrong one
    similarity: float  # of it and as many lines of `rest`


def next_key(rest: str) -> str:
    """What the next key puts into the document: a character, or a line break with the indentation editors add."""
    if not rest.startswith("\n"):
        return rest[:1]
    return rest[: len(rest) - len(rest[1:].lstrip(" \t"))]


def keys(text: str) -> int:
    """How many keys type `text`."""
    count = 0
    while text:
        text = text[len(next_key(text)) :]
        count += 1
    return count


def acceptable(text: str, replaced: int, rest: str, after: str) -> tuple[str, int]:
    """(the text the user would take, the characters right of the cursor it replaces): ("", 0) if nothing is right."""
    if text and text == rest + after[:replaced]:
        return text, replaced
    if replaced:
        return "", 0
    if text and rest.startswith(text):
        return text, 0
    right = ""
    lines = text.split("\n")
    for count in range(1, len(lines)):
        head = "\n".join(lines[:count])
        if not rest.startswith(head) or rest[len(head) : len(head) + 1] not in ("", "\n"):
            break
        right = head
    return right, 0


def accept_keys(text: str, shown: str) -> int:
    """Keys it takes to accept `text` of what is shown: one for all of it, one for each line otherwise."""
    return 1 if text == shown else text.count("\n") + 1


def verdict(text: str, replaced: int, rest: str, after: str) -> Verdict:
    """Judge a suggestion."""
    right, _ = acceptable(text, replaced, rest, after)
    line = text.split("\n", 1)[0]
    rest_line, broken, _ = rest.partition("\n")
    whole_line = rest_line + ("" if broken else after[:replaced])
    lines = text.count("\n") + 1
    truth = "\n".join(rest.split("\n")[:lines])
    return Verdict(
        precise=bool(right),
        exact_line=bool(right) and line == whole_line,
        right_chars=common_head(text, rest),
        similarity=edit_similarity(text, truth),
    )
