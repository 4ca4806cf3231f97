"""Why something that the user asked for was not done, as the server counts it."""

from __future__ import annotations

from lsp_experts.errors import ActionRefused

STALE, CHANGED, CANCELLED = "stale", "document changed", "cancelled"
OUTDATED = frozenset({STALE, CHANGED})


class NotDone(ActionRefused):
    """Ended or failed; `kind` is what it is counted under, `quiet`: the user knows already."""

    def __init__(self, kind: str, message: str, *, remedy: str = "", quiet: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.kind, self.quiet = kind, quiet


def stale(message: str = "A document changed meanwhile, so nothing was changed.") -> NotDone:
    """It was asked for, or made, for another version."""
    return NotDone(STALE, message, remedy="Choose it again.")


def kind_of(error: ActionRefused) -> str:
    """What it is counted under; "refused": it cannot be given at all."""
    return error.kind if isinstance(error, NotDone) else "refused"


def is_quiet(error: ActionRefused) -> bool:
    """Whether the user is told nothing: it was the user who ended it."""
    return isinstance(error, NotDone) and error.quiet
