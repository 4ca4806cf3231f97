"""What llama.vim shows of an answer: our own words for its rules against repeating what stands there. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hint:
    """An answer as it stands at the cursor. `lines` end with what stands right of the cursor, as llama.vim keeps them.

    `acceptable`: there is something to accept, that is, to see.
    """

    text: str
    lines: tuple[str, ...]
    acceptable: bool


def hint_of(content: str, text: str, offset: int) -> Hint:
    """The hint for an answer's `content` at `offset` of `text`."""
    start = text.rfind("\n", 0, offset) + 1
    row = text.count("\n", 0, offset)
    document = text.split("\n")
    line = document[row]
    left, right = line[: offset - start], line[offset - start :]
    shown = content.split("\n")
    while shown and not shown[-1]:
        shown.pop()
    shown = shown or [""]
    if not line.strip():  # the model began at the line's start
        lead = min(len(shown[0]) - len(shown[0].lstrip()), len(line))
        left, shown[0] = shown[0][:lead], shown[0][lead:]
        right = ""
    if _repeats(shown, left, right, document, row):
        shown = [""]
    lines = [*shown[:-1], shown[-1] + right]
    return Hint("\n".join(shown), tuple(lines), bool("".join(lines).strip()))


def _repeats(shown: list[str], left: str, right: str, document: list[str], row: int) -> bool:
    below = document[row + 1 :]
    if len(shown) > 1 and not shown[0] and shown[1:] == below[: len(shown) - 1]:
        return True
    if len(shown) == 1 and shown[0] == right:
        return True
    next_row = next((number for number, line in enumerate(below) if line.strip()), None)
    if next_row is None or left + shown[0] != below[next_row]:
        return False
    following = below[next_row + 1 :]
    if len(shown) == 1:
        return True
    if len(shown) == 2:
        return bool(following) and following[0].startswith(shown[1])
    return shown[1:] == following[: len(shown) - 1]
