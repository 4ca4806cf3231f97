"""What a smaller vocabulary does to a text: how much of it is still one token each, and how much longer it gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary


@dataclass(frozen=True)
class Coverage:
    """`kept_share` of a text's tokens stay; with the others split it has `inflation` times as many tokens."""

    tokens: int
    kept_share: float
    inflation: float


def coverage(vocabulary: Vocabulary, kept: Ids, counts: NDArray[np.int64]) -> Coverage:
    """What keeping `kept` means for a text whose tokens were counted as `counts`.

    A lost token is taken to fall into the parts it was merged from, and they into theirs. The real tokenizer now and
    then merges such a part with its neighbour: Go cut to 8,000 and 24,000 tokens got 0.02 and 0.05 % shorter than this.
    """
    pieces = np.ones(len(vocabulary), np.int64)
    gone = np.ones(len(vocabulary), np.bool_)
    gone[kept] = False
    results, parts = vocabulary.whole_merges()
    made_of: dict[int, tuple[int, int]] = {}
    for result, (left, right) in zip(results.tolist(), parts.tolist(), strict=True):
        made_of.setdefault(result, (left, right))  # the merge of the lowest rank is what happens
    # A part is made at a lower rank than what it is a part of, so it is known by then.
    for result, (left, right) in made_of.items():
        if gone[result]:
            pieces[result] = pieces[left] + pieces[right]
    total = int(counts.sum())
    if not total:
        return Coverage(0, 1.0, 1.0)
    return Coverage(total, 1.0 - int(counts[gone].sum()) / total, int((counts * pieces).sum()) / total)
