"""How much to ask for: one line or a block, and what ends it. Pure."""

from __future__ import annotations

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.stop_words import TOP_LEVEL_CLOSERS, brackets_balance, stop_words
from lsp_experts.completion.templates import FimTemplate
from lsp_experts.engine.protocol import Stop
from lsp_experts.settings import Settings
from lsp_experts.syntax.brackets import PAIRS, all_due, owed_closers
from lsp_experts.syntax.lines import columns
from lsp_experts.syntax.scope import Scope

_OPENERS = ("{", "(", "[", ":", "=>", "->", ">", " do", " then")


def is_block(cursor: Cursor) -> bool:
    """Whether more than one line may be suggested, by the cursor's line alone: where there is no tree.

    On a blank line, or behind what opens a block at the line's end.
    """
    if cursor.after.strip():
        return False
    before = cursor.before.rstrip()
    return not before or before.endswith(_OPENERS)


def stop_for(
    cursor: Cursor,
    template: FimTemplate | None,
    settings: Settings,
    *,
    scope: Scope | None = None,
    language: str = "",
    extra: tuple[str, ...] = (),
    least_probability: float = 0.0,
) -> Stop:
    """The stop rules for a completion at `cursor`; `extra` texts end it too (what ends its region)."""
    block = settings.blocks and (scope.block if scope is not None else is_block(cursor))
    dedent_below = _dedent_below(cursor, scope) if block else 0
    close_at, closers = (scope.close_at, scope.closers) if block and scope is not None else (-1, ())
    top_level = scope is not None and not dedent_below
    if block and top_level and close_at < 0:
        close_at, closers = 0, TOP_LEVEL_CLOSERS
    words = stop_words(language, top_level=top_level) if block and language else ()
    return Stop(
        max_tokens=settings.max_tokens,
        max_lines=settings.max_lines if block else 1,
        texts=tuple(dict.fromkeys((*(template.stops if template else ()), *extra, *words))),
        dedent_below=dedent_below,
        rejoin=cursor.next_line,
        time_ms=settings.time_limit_ms,
        balance=scope is not None and scope.where == "code" and brackets_balance(language),
        owed=_owed(cursor, scope, block) if scope is not None else "",
        close_at=close_at,
        closers=closers,
        least_probability=least_probability,
    )


def _dedent_below(cursor: Cursor, scope: Scope | None) -> int:
    """Columns below which a new line leaves the block: the blank line's own indentation, or one more than an opener's.

    The indentation of what encloses the cursor is already closed by the suffix, so a closer there would be doubled.
    """
    if cursor.before.strip():
        return columns(cursor.before) + 1
    return scope.indent if scope is not None else columns(cursor.before)


def _owed(cursor: Cursor, scope: Scope, block: bool) -> str:
    """The closers that a completion may write.

    Those that stand right of the cursor are among them: it replaces them then. So are those that a single line opened,
    even if one further below would close them: that one belonged to what the line is only about to open.
    """
    owed = scope.owed + "".join(char for char in cursor.after if char in PAIRS)
    return owed if block else all_due(owed_closers(cursor.before), owed)
