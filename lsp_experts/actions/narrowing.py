"""A change without the lines that it leaves as they are: marks, folds and the cursor there stay. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from lsp_experts.actions.outcome import Change


def narrowed(change: Change, text: str) -> Change:
    """The same change of `text`, from the first line that becomes another one to the last."""
    old = text[change.start : change.end].splitlines(keepends=True)
    new = change.new_text.splitlines(keepends=True)
    above = _alike(old, new)
    below = _alike(old[above:][::-1], new[above:][::-1])
    kept = len("".join(old[:above])), len("".join(old[len(old) - below :]))
    new_text = change.new_text[kept[0] : len(change.new_text) - kept[1]]
    return replace(change, start=change.start + kept[0], end=change.end - kept[1], new_text=new_text)


def _alike(one: list[str], two: list[str]) -> int:
    """With how many equal lines both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
