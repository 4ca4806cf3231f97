"""A block does not end with what only begins another one: `else:` without a body is taken and has to be deleted."""

from __future__ import annotations

from dataclasses import replace

from lsp_experts.completion.filters.draft import Filtered, Place
from lsp_experts.syntax.blocks import opened_by
from lsp_experts.syntax.lines import columns


def no_header_last(draft: Filtered, place: Place) -> Filtered:
    """Without last lines that open a block, unless the next line of the document is its body. The first line stays."""
    lines = draft.text.split("\n")
    while len(lines) > 1 and not _has_body(lines[-1], place) and _opens(lines[-1], place):
        lines.pop()
    return replace(draft, text="\n".join(lines))


def _opens(line: str, place: Place) -> bool:
    return not line.strip() or opened_by(line, place.language) is not None


def _has_body(line: str, place: Place) -> bool:
    return bool(line.strip() and place.below) and columns(place.below[0]) > columns(line)
