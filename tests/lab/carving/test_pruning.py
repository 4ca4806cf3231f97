"""Pruning: exactly so many tokens, no merge broken, the least used first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.carving.bpe import encode, made_vocabulary

from lsp_experts.errors import CarveError
from lsp_experts.lab.carving.keepset import Header, KeepSet
from lsp_experts.lab.carving.pruning import expected_counts, pruned
from lsp_experts.lab.gguf_vocabulary import Ids

TINY = made_vocabulary()
WORDS = (
    "return",
    "Ġreturn",
    "Ġfunc",
    "package",
    "Ġclass",
    "string",
    "ĠĠĠĠ",
    "Ġprinted",
    "widths",
    "colorĠcolor",
    "\u00c4",
)
ALL = np.arange(len(TINY))
FLOOR = 256 + 7


def named(*texts: str) -> Ids:
    return np.array([TINY.tokens.index(text.encode()) for text in texts], np.int64)


def counted(**counts: int) -> Ids:
    found = np.zeros(len(TINY), np.int64)
    for text, count in counts.items():
        found[named(text)] = count
    return found


def kept_texts(counts: Ids, size: int, needed: Ids | tuple[()] = ()) -> set[str]:
    """What stays of the merged words."""
    kept = pruned(TINY, counts, size, needed)
    assert len(kept) == size
    return {TINY.tokens[i].decode() for i in kept.tolist()} - {TINY.tokens[i].decode() for i in range(256)}


@given(st.lists(st.integers(0, 50), min_size=len(TINY), max_size=len(TINY)), st.integers(FLOOR, len(TINY)))
def test_what_kept_tokens_spell_is_spelled_the_same(counts: list[int], size: int) -> None:
    kept = pruned(TINY, np.array(counts), size)
    assert len(kept) == size and np.all(np.diff(kept) > 0)
    mask = np.zeros(len(TINY), np.bool_)
    mask[kept] = True
    assert np.array_equal(TINY.closure(mask), mask)
    texts = {TINY.tokens[i] for i in kept.tolist()}
    for word in WORDS:
        before, after = encode(TINY, ALL, word), encode(TINY, kept, word)
        assert b"".join(after) == word.encode() and set(after) <= texts
        if set(before) <= texts:
            assert after == before


def test_the_least_used_words_go_first() -> None:
    words = len("return") + len("func") - 2  # tokens that make them from letters
    left = kept_texts(counted(**{"return": 9, "func": 5, "class": 1}), FLOOR + words)
    assert {"return", "func"} <= left and "class" not in left


def test_a_lost_word_counts_for_its_parts() -> None:
    # `retur` is nobody's word, but what is left of ten `return`s; four `func`s are fewer.
    left = kept_texts(counted(**{"return": 10, "func": 4, "fu": 4}), FLOOR + len("return") - 2)
    assert "retur" in left and "return" not in left and "fu" not in left


def test_of_equally_used_words_the_lower_rank_stays() -> None:
    assert kept_texts(np.zeros(len(TINY), np.int64), FLOOR + 5) & {"re", "ret", "retu", "retur", "return"}


def test_bytes_specials_and_needed_words_stay_whatever_the_counts() -> None:
    counts = counted(**{"func": 100})
    left = kept_texts(counts, FLOOR + 5, named("return"))
    assert "return" in left and "func" not in left
    assert "<|fim_prefix|>" in left


def test_a_size_below_what_must_stay_is_refused() -> None:
    with pytest.raises(CarveError, match=f"{FLOOR} tokens cannot be left out, and only {FLOOR - 1} shall stay"):
        pruned(TINY, np.zeros(len(TINY)), FLOOR - 1)


def test_a_size_beyond_the_vocabulary_keeps_all_of_it() -> None:
    assert np.array_equal(pruned(TINY, np.zeros(len(TINY)), 10**6), ALL)


def test_what_is_expected_rests_on_text_then_keep_set_then_rank() -> None:
    header = Header("go", TINY.identity, "tiny", len(TINY), 1, ())
    keep_set = KeepSet(header, named("func"), "0" * 64)
    expected = expected_counts(TINY, keep_set, counted(**{"class": 10**6}))
    order = [TINY.tokens[i].decode() for i in np.argsort(-expected)]
    assert order[0] == "class"
    assert order.index("func") < order.index("return") < order.index("color")
