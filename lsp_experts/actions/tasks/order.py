"""Steps in the order in which experts change least. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from lsp_experts.actions.tasks.split import Step


def ordered(steps: Sequence[Step], experts: Mapping[str, str], first: str) -> tuple[Step, ...]:
    """The steps of one expert together, those of `first` (it is in memory) before all others.

    `experts`: by URI. Steps on one file stay in their order.
    """
    turns = {first: 0}
    for step in steps:
        turns.setdefault(experts[step.uri], len(turns))
    return tuple(sorted(steps, key=lambda step: turns[experts[step.uri]]))


def swaps(steps: Sequence[Step], experts: Mapping[str, str], first: str) -> int:
    """How often another expert has to come in, `first` being the one that is there."""
    asked = [first, *(experts[step.uri] for step in steps)]
    return sum(one != other for one, other in pairwise(asked))
