"""Which words an expert did not expect, from its left-to-right probabilities. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_experts.actions.review.words import Word
from lsp_experts.engine.protocol import TextScore


@dataclass(frozen=True)
class Reading:
    """What an expert expected of one stretch of a text, which begins at `start` and was asked as `text`."""

    start: int
    text: str
    score: TextScore


@dataclass(frozen=True)
class Suspect:
    """A word that was not expected, and how little."""

    word: Word
    surprise: float


def suspects(words: Sequence[Word], reading: Reading) -> tuple[Suspect, ...]:
    """Of the words that stand in the reading those that may be suspected, each with its surprise.

    That is the sum over the tokens that have a part in it.
    """
    end = reading.start + len(reading.text)
    starts = [reading.start + start for start in reading.score.starts]
    found = []
    for word in words:
        if word.suspicious and reading.start <= word.start and word.end <= end:
            tokens = range(max(0, bisect_right(starts, word.start) - 1), bisect_left(starts, word.end))
            surprise = sum(_surprise(reading.score, at) for at in tokens)
            if surprise > 0:
                found.append(Suspect(word, surprise))
    return tuple(found)


def _surprise(score: TextScore, at: int) -> float:
    """How much likelier the likeliest token was, in nats, in proportion to how sure the expert was: where much could
    have come, every token is unlikely.
    """
    return (score.best_log_probabilities[at] - score.log_probabilities[at]) / (1 + score.entropies[at])
