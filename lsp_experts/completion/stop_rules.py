"""How much to ask for: one line or a block, and what ends it. Pure."""

from __future__ import annotations

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.templates import FimTemplate
from lsp_experts.engine.protocol import Stop
from lsp_experts.settings import Settings

_OPENERS = ("{", "(", "[", ":", "=>", "->", ">", " do", " then")


def is_block(cursor: Cursor) -> bool:
    """Whether more than one line may be suggested: on a blank line, or behind what opens a block at the line's end."""
    if cursor.after.strip():
        return False
    before = cursor.before.rstrip()
    return not before or before.endswith(_OPENERS)


def stop_for(cursor: Cursor, template: FimTemplate | None, settings: Settings) -> Stop:
    """The stop rules for a completion at `cursor`."""
    block = is_block(cursor)
    return Stop(
        max_tokens=settings.max_tokens,
        max_lines=settings.max_lines if block else 1,
        texts=template.stops if template else (),
        dedent_below=_dedent_below(cursor) if block else 0,
        rejoin=cursor.next_line,
        time_ms=settings.time_limit_ms,
    )


def _dedent_below(cursor: Cursor) -> int:
    """Columns below which a new line leaves the block: the blank line's own indentation, or one more than an opener's.

    The indentation of what encloses the cursor is already closed by the suffix, so a closer there would be doubled.
    """
    before = cursor.before.expandtabs(4)
    indent = len(before) - len(before.lstrip())
    return indent if not before.strip() else indent + 1
