"""Two experts answered the same question: which answer is shown first. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_experts.completion.answer import Suggestion

_LEAST_PROBABILITY = 1e-300  # a long text's product may have come down to 0.0


@dataclass(frozen=True)
class Ranked:
    """A suggestion and its score."""

    suggestion: Suggestion
    score: float


def mean_log_probability(joint_probability: float, chars: int) -> float:
    """Log-probability per character: comparable between vocabularies, as a mean per token is not."""
    return math.log(max(joint_probability, _LEAST_PROBABILITY)) / max(1, chars)


def ranked(answers: Sequence[Ranked], asked: Sequence[str]) -> Suggestion:
    """The best of `answers` (not empty) with the others behind it; of equal texts the best stays.

    `asked` are the experts that were asked, in the chain's order. Between equal scores the chain's order decides.
    """
    ordered = sorted(answers, key=lambda answer: -answer.score)
    first = ordered[0].suggestion
    different: dict[str, Suggestion] = {}
    for answer in ordered[1:]:
        text = answer.suggestion.text
        if text != first.text:
            different.setdefault(text, _because(answer.suggestion, f"behind {first.expert}"))
    beaten = [other.expert for other in different.values()]
    same = [answer.suggestion.expert for answer in ordered[1:] if answer.suggestion.text == first.text]
    silent = [name for name in asked if name not in {answer.suggestion.expert for answer in ordered}]
    parts = [
        f"{what} {', '.join(names)}"
        for what, names in (("beat", beaten), ("agrees with", same), ("nothing from", silent))
        if names
    ]
    return replace(_because(first, "; ".join(parts)), others=tuple(different.values()))


def _because(suggestion: Suggestion, why: str) -> Suggestion:
    return replace(suggestion, expert_reason=f"{suggestion.expert_reason}, rank: {why}")
