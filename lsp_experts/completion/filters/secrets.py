"""A model may spell a key that it was trained on, or make one up. Neither is ever shown."""

from __future__ import annotations

from lsp_experts.completion.filters.draft import Filtered, Place, refused
from lsp_experts.completion.key_material import key_material


def no_secrets(draft: Filtered, place: Place) -> Filtered:
    """Refused where it completes what looks like key material and is not in the document ("looks like a secret")."""
    head = len(place.before)
    for start, end in key_material(place.before + draft.text):
        if end > head and (place.before + draft.text)[start:end] not in place.cursor.text:
            return refused("looks like a secret")
    return draft
