"""A suggestion that changes nothing is none."""

from __future__ import annotations

from lsp_experts.completion.filters.draft import Filtered, Place, refused


def a_change(draft: Filtered, place: Place) -> Filtered:
    """Refused where only blanks are left, or what stands there already ("empty")."""
    if not draft.text.strip() or draft.text == place.cursor.after[: draft.replace_right]:
        return refused("empty")
    return draft
