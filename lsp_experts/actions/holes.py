"""The hole that an action asks an expert to fill, with as much of the text round it as every expert has room for."""

from __future__ import annotations

from lsp_experts.actions.generator import Hole
from lsp_experts.completion.anchor import window_start
from lsp_experts.completion.document import plain_newlines

# Together with the answer they fit a context of 2048 tokens, at three characters a token.
_HEAD_CHARS = 2000
_TAIL_CHARS = 1200
_SUFFIX_CHARS = 800


def hole(text: str, shown_from: int, start: int, end: int, written: str = "") -> Hole:
    """A hole from `start` to `end`, behind `written`. The answer goes on behind what stands from the line start
    `shown_from`: a small expert writes better behind a few lines of what it continues than behind nothing.
    """
    if start - shown_from > _TAIL_CHARS:
        shown_from = text.find("\n", start - _TAIL_CHARS, start) + 1 or start - _TAIL_CHARS
    head = text[window_start(text, shown_from, _HEAD_CHARS) : shown_from]
    suffix = text[end : end + _SUFFIX_CHARS]
    if end + _SUFFIX_CHARS < len(text):
        suffix = suffix[: suffix.rfind("\n") + 1]
    return Hole(plain_newlines(head), plain_newlines(suffix), plain_newlines(text[shown_from:start]) + written)
