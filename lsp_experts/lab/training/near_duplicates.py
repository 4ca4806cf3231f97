"""Which texts say nearly what an earlier one says, by MinHash over shingles of words. Pure.

Copies in training code are learnt by heart instead of understood (Lee et al., "Deduplicating training data makes
language models better", ACL 2022); shingles of 5 words and a Jaccard similarity of 0.7 are what SantaCoder was
deduplicated with (Allal et al. 2023).
"""

from __future__ import annotations

import re
import zlib

import numpy as np
from numpy.typing import NDArray

SAME_FROM = 0.7  # estimated Jaccard similarity of two texts' shingles
_SHINGLE_WORDS = 5
_BANDS, _ROWS = 32, 4  # two texts at 0.7 share one of the bands with a probability of 1 - (1 - 0.7^4)^32 = 0.9998
_CHUNK = 4096  # shingles hashed at once: 4 MB
_WORD = re.compile(r"\w+|[^\w\s]")

_Signature = NDArray[np.uint64]


class SeenTexts:
    """The texts so far, as signatures."""

    def __init__(self) -> None:
        random = np.random.default_rng(2022)
        odd = random.integers(0, 2**63, (_BANDS * _ROWS, 1), np.uint64) * np.uint64(2) + np.uint64(1)
        self._factors, self._offsets = odd, random.integers(0, 2**63, (_BANDS * _ROWS, 1), np.uint64)
        self._signatures: list[_Signature] = []
        self._bands: dict[tuple[int, bytes], list[int]] = {}

    def is_new(self, text: str) -> bool:
        """Whether no earlier text is the same or nearly so; then it is one of them from now on."""
        signature = self._signature(text)
        keys = [(band, signature[band * _ROWS : (band + 1) * _ROWS].tobytes()) for band in range(_BANDS)]
        candidates = {number for key in keys for number in self._bands.get(key, ())}
        if any(np.mean(self._signatures[number] == signature) >= SAME_FROM for number in candidates):
            return False
        for key in keys:
            self._bands.setdefault(key, []).append(len(self._signatures))
        self._signatures.append(signature)
        return True

    def _signature(self, text: str) -> _Signature:
        """For each of the hash functions (multiply, add, keep the upper half) its least value over all shingles."""
        words = np.fromiter((zlib.crc32(word.encode()) for word in _WORD.findall(text)), np.uint64)
        if len(words) < _SHINGLE_WORDS:
            words = np.pad(words, (0, _SHINGLE_WORDS - len(words)))
        shingles = np.zeros(len(words) - _SHINGLE_WORDS + 1, np.uint64)
        for place in range(_SHINGLE_WORDS):  # 2^64 wraps round, as a hash may
            shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + words[place : place + len(shingles)]
        least = np.full(_BANDS * _ROWS, np.iinfo(np.uint64).max, np.uint64)
        for at in range(0, len(shingles), _CHUNK):
            hashed = (self._factors * shingles[at : at + _CHUNK] + self._offsets) >> np.uint64(32)
            np.minimum(least, hashed.min(axis=1), out=least)
        return least
