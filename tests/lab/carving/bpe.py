"""Byte-pair encoding in a few lines, as the definition has it: a witness for what vocabularies of the lab promise."""

from __future__ import annotations

import numpy as np

from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary
from lsp_experts.lab.tiny_gguf import vocabulary as tiny_vocabulary


def made_vocabulary() -> Vocabulary:
    """The tiny model's, without a file."""
    tokens, types, merges = tiny_vocabulary()
    id_of = {token: i for i, token in enumerate(tokens)}
    pairs = [merge.split(" ") for merge in merges]
    return Vocabulary(
        tuple(token.encode() for token in tokens),
        np.array(types, np.int32),
        tuple(merge.encode() for merge in merges),
        np.array([[id_of[left], id_of[right]] for left, right in pairs], np.int64),
        np.array([id_of[left + right] for left, right in pairs], np.int64),
        np.array([id_of["<|endoftext|>"]], np.int64),
    )


def encode(vocabulary: Vocabulary, kept: Ids, word: str) -> list[bytes]:
    """The pieces of a word (in the byte-level alphabet) by the merges among `kept` tokens."""
    mask = np.zeros(len(vocabulary), np.bool_)
    mask[kept] = True
    rank = {tuple(merge.split(b" ")): place for place, merge in enumerate(vocabulary.kept_merges(mask))}
    pieces = [letter.encode() for letter in word]
    while len(pieces) > 1:
        best = min(range(len(pieces) - 1), key=lambda i: rank.get((pieces[i], pieces[i + 1]), len(rank)))
        if (pieces[best], pieces[best + 1]) not in rank:
            break
        pieces[best : best + 2] = [pieces[best] + pieces[best + 1]]
    return pieces
