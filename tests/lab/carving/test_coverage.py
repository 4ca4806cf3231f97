"""Coverage and inflation, beside what an encoder does."""

from __future__ import annotations

import numpy as np
import pytest
from lab.carving.bpe import encode, made_vocabulary

from lsp_experts.lab.carving.coverage import coverage
from lsp_experts.lab.carving.pruning import pruned

TINY = made_vocabulary()
TEXT = ("Ġreturn", "Ġreturn", "Ġfunc", "package", "Ġclass", "string", "x", "Ġ", "Ġbody")


@pytest.mark.parametrize("size", [len(TINY), 400, 300, 270])
def test_splits_are_counted_as_an_encoder_splits(size: int) -> None:
    kept = pruned(TINY, np.zeros(len(TINY)), size)
    whole = [piece for word in TEXT for piece in encode(TINY, np.arange(len(TINY)), word)]
    counts = np.bincount([TINY.tokens.index(piece) for piece in whole], minlength=len(TINY))
    split = [piece for word in TEXT for piece in encode(TINY, kept, word)]
    found = coverage(TINY, kept, counts)
    texts = {TINY.tokens[i] for i in kept.tolist()}
    assert found.tokens == len(whole)
    assert found.inflation == pytest.approx(len(split) / len(whole))
    assert found.kept_share == pytest.approx(sum(piece in texts for piece in whole) / len(whole))


def test_of_no_text_everything_is_kept() -> None:
    found = coverage(TINY, np.arange(3), np.zeros(len(TINY), np.int64))
    assert (found.tokens, found.kept_share, found.inflation) == (0, 1.0, 1.0)
