"""Several experts that choose each token together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lsp_experts.engine.worker.expert import Logits


def joint_logits(each: Sequence[Logits]) -> Logits:
    """Logits of the mean of the experts' probabilities, all over one vocabulary; those of a lone expert as they are.

    A mean of probabilities, not of logits: an expert that is sure is not outvoted by one that knows nothing.
    """
    if len(each) == 1:
        return each[0]
    total = np.zeros_like(each[0])
    for logits in each:
        weights = np.exp(logits - logits.max())
        total += weights / weights.sum()
    with np.errstate(divide="ignore"):  # a probability of 0 is a logit of -inf
        joint: Logits = np.log(total / len(each))
    return joint
