"""Where a prompt is frozen, so that a keystroke decodes only what was typed. Pure.

    [prefix] head [suffix] what follows the cursor [middle] tail | completion
              ^ up to the anchor                            ^ from the anchor to the cursor

While an anchor holds, head and suffix are byte for byte the same prompt; only the tail grows.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.completion.document import Cursor, plain_newlines
from lsp_experts.settings import Settings

# What editors insert right of the cursor by themselves while the user types.
CLOSERS = frozenset(")]}>\"'`;, \t")
_MAX_TAIL_CHARS = 4000


@dataclass(frozen=True)
class Anchor:
    """A frozen prompt: `offset` is where the head ends in the document, always the start of a line."""

    offset: int
    head: str
    rest: str  # the cursor's line right of the cursor, when the anchor was placed
    below: str  # what follows that line


@dataclass(frozen=True)
class PromptText:
    """The three texts of a prompt, with plain newlines."""

    head: str
    suffix: str
    tail: str


def place(text: str, offset: int, settings: Settings) -> Anchor:
    """An anchor `anchor_lines` lines above the cursor's line (at the text's start if there are fewer)."""
    at = Cursor(text, offset).line_start
    for _ in range(settings.anchor_lines):
        if at == 0:
            break
        end = at - 2 if text.startswith("\r\n", at - 2) and at >= 2 else at - 1
        at = Cursor(text, end).line_start
    return _frozen(text, at, offset, settings)


def usual(text: str, offset: int, settings: Settings) -> Anchor:
    """What other servers send: everything before the cursor is head, nothing stands after the middle token."""
    return _frozen(text, offset, offset, settings)


def _frozen(text: str, at: int, offset: int, settings: Settings) -> Anchor:
    cursor = Cursor(text, offset)
    room = max(0, settings.suffix_chars - len(cursor.after))
    below = text[cursor.line_end : cursor.line_end + room]
    if cursor.line_end + room < len(text):
        below = below[: below.rfind("\n") + 1]
    return Anchor(at, text[window_start(text, at, settings.prefix_chars) : at], cursor.after, below)


def window_start(text: str, at: int, room: int) -> int:
    """Where the head begins: a line start at most `room` characters above `at`.

    It moves in steps of a quarter of the room, so that most new anchors share their head with the one before.
    """
    if at <= room:
        return 0
    step = max(1, room // 4)
    start = -(-(at - room) // step) * step
    line = text.find("\n", start - 1, at)
    return line + 1 if line >= 0 else start


def holds(anchor: Anchor, text: str, offset: int, settings: Settings) -> bool:
    """Whether the prompt frozen at `anchor` is still true for a cursor at `offset`.

    True while the text above the anchor and below the cursor's line is unchanged. The rest of the line may differ by
    closers that an editor inserts by itself: a prompt that does not know of them is cheaper than a new one.
    """
    if not anchor.offset <= offset <= anchor.offset + _MAX_TAIL_CHARS:
        return False
    if text.count("\n", anchor.offset, offset) > settings.anchor_max_lines:
        return False
    if not text.startswith(anchor.head, anchor.offset - len(anchor.head)):
        return False
    cursor = Cursor(text, offset)
    rest = cursor.after
    same_rest = rest == anchor.rest or (CLOSERS.issuperset(rest) and CLOSERS.issuperset(anchor.rest))
    return same_rest and text.startswith(anchor.below, cursor.line_end)


def prompt_text(anchor: Anchor, text: str, offset: int) -> PromptText:
    """The prompt of a cursor at `offset` behind an anchor that holds."""
    return PromptText(
        head=plain_newlines(anchor.head),
        suffix=plain_newlines(anchor.rest + anchor.below),
        tail=plain_newlines(text[anchor.offset : offset]),
    )


def is_far(anchor: Anchor, text: str, offset: int, settings: Settings) -> bool:
    """Whether an idle moment should be used to move the anchor closer: it stands twice as far as a new one would."""
    return text.count("\n", anchor.offset, offset) > 2 * settings.anchor_lines + 4
