"""What a filter gets and gives: a suggestion on its way, and the place that it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from lsp_experts.completion.document import Cursor
from lsp_experts.settings import Settings
from lsp_experts.syntax.brackets import brackets
from lsp_experts.syntax.lines import lines_above, lines_below
from lsp_experts.syntax.scope import Scope, scope_at
from lsp_experts.syntax.tree import SyntaxTree

_BELOW_LINES = 12


@dataclass(frozen=True)
class Filtered:
    """A suggestion's text and how many characters right of the cursor it replaces, or why there is none."""

    text: str
    replace_right: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Place:
    """Where a suggestion is to stand. Lines round it have no line breaks."""

    cursor: Cursor
    tree: SyntaxTree | None = None  # of the cursor's text, or it is not used
    language: str = ""
    settings: Settings = field(default_factory=Settings)

    @cached_property
    def before(self) -> str:
        """The cursor's line left of the cursor."""
        return self.cursor.before

    @cached_property
    def rest(self) -> str:
        """The cursor's line right of the cursor, without trailing blanks."""
        return self.cursor.after.rstrip()

    @cached_property
    def above(self) -> tuple[str, ...]:
        """The next lines above that are not blank, the nearest last."""
        lines = zip(range(_BELOW_LINES), lines_above(self.cursor.text, self.cursor.line_start), strict=False)
        return tuple(line.rstrip() for _, line in lines)[::-1]

    @cached_property
    def below(self) -> tuple[str, ...]:
        """The next lines below that are not blank."""
        lines = zip(range(_BELOW_LINES), lines_below(self.cursor.text, self.cursor.line_end), strict=False)
        return tuple(line.rstrip() for _, line in lines)

    @cached_property
    def quote(self) -> str:
        """The quote that is open at the cursor, as far as its line tells."""
        return brackets(self.before).quote

    @cached_property
    def quote_ends(self) -> str:
        """The open quote, if it ends right of the cursor on its line."""
        return self.quote if self.quote and self.rest.count(self.quote) % 2 else ""

    @cached_property
    def scope(self) -> Scope | None:
        """What the tree says of the cursor."""
        return scope_at(self.tree, self.cursor.offset) if self.tree is not None else None


Filter = Callable[[Filtered, Place], Filtered]


def refused(reason: str) -> Filtered:
    """No suggestion, for this reason."""
    return Filtered("", reason=reason)
