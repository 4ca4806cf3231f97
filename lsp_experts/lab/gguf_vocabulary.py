"""The vocabulary of a base: tokens, their kinds, and the merges that make them from smaller ones."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lsp_experts.errors import CarveError
from lsp_experts.lab.gguf_file import GgufFile

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
COMMON_BELOW = 32_000  # token ids are ranks: below this, printable ASCII is common in any code
# GPT-2's byte-level alphabet: printable ASCII stands for itself; space, \n, \t, \r are U+0120, 010A, 0109, 010D.
_PRINTABLE_ASCII = re.compile(rb"(?:[!-~]|\xc4[\xa0\x8a\x89\x8d])+")
_PADDING = re.compile(rb"\[PAD\d+\]")

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """Token texts in the byte-level alphabet, their GGUF types, and the merges as ids (rank order)."""

    tokens: tuple[bytes, ...]
    types: NDArray[np.int32]
    merges: tuple[bytes, ...]
    parts: Ids  # (merge, 2): ids of the two parts; -1 if not a token
    results: Ids  # id of what a merge makes; -1 if not a token
    named: Ids  # ids that metadata keys name (bos, eos, FIM ...), ascending; a padding row may serve as one

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def identity(self) -> str:
        """sha256 over the normal tokens and their ids: padding rows and control tokens do not count.

        So sizes of one family that differ only in padding share their keep-sets.
        """
        digest = hashlib.sha256()
        for token_id in np.flatnonzero(self.types == NORMAL).tolist():
            token = self.tokens[token_id]
            digest.update(struct.pack("<II", token_id, len(token)))
            digest.update(token)
        return digest.hexdigest()

    def special(self) -> Ids:
        """Control, user-defined, byte and unknown tokens: what no text of a corpus would show."""
        kinds = np.isin(self.types, (UNKNOWN, CONTROL, USER_DEFINED, BYTE))
        padding = [i for i in np.flatnonzero(kinds).tolist() if _PADDING.fullmatch(self.tokens[i])]
        kinds[padding] = False
        return np.flatnonzero(kinds)

    def single_bytes(self) -> Ids:
        """The alphabet every text can be spelled with."""
        normal = np.flatnonzero(self.types == NORMAL).tolist()
        return _ids(
            i for i in normal if len(self.tokens[i]) <= 4 and len(self.tokens[i].decode("utf-8", "replace")) == 1
        )

    def common_ascii(self) -> Ids:
        """Tokens below COMMON_BELOW whose text is printable ASCII or blank."""
        normal = np.flatnonzero(self.types[:COMMON_BELOW] == NORMAL).tolist()
        return _ids(i for i in normal if _PRINTABLE_ASCII.fullmatch(self.tokens[i]))

    def closure(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """`kept` and every token it is merged from, so that kept text encodes to the same pieces."""
        kept = kept.copy()
        results, parts = self.whole_merges()
        while True:
            count = int(kept.sum())
            kept[parts[kept[results]].ravel()] = True
            if int(kept.sum()) == count:
                return kept

    def whole_merges(self) -> tuple[Ids, Ids]:
        """(results, parts) of the merges whose three ends are tokens, in rank order."""
        whole = self._whole()
        return self.results[whole], self.parts[whole]

    def _whole(self) -> NDArray[np.bool_]:
        whole: NDArray[np.bool_] = (self.results >= 0) & (self.parts >= 0).all(axis=1)
        return whole

    def kept_merges(self, kept: NDArray[np.bool_]) -> list[bytes]:
        """Merges whose parts and result are all kept, in rank order."""
        stays = self._whole() & kept[self.results] & kept[self.parts].all(axis=1)
        return [self.merges[i] for i in np.flatnonzero(stays).tolist()]

    def text(self, token_id: int) -> bytes:
        """The bytes a normal token stands for."""
        return bytes(_BYTE_OF.get(char, 63) for char in self.tokens[token_id].decode("utf-8", "replace"))


def read_vocabulary(file: GgufFile) -> Vocabulary:
    """The byte-level BPE vocabulary of a GGUF. CarveError if it has another kind of tokenizer."""
    model = file.string("tokenizer.ggml.model")
    if model != "gpt2":
        raise CarveError(
            f"{file.path.name} has a tokenizer of kind {model!r}; only byte-level BPE ('gpt2') can be cut.",
            remedy="Use this model uncut, or take a base with a BPE vocabulary (Qwen2.5-Coder, StarCoder2, SmolLM2).",
        )
    tokens = file.strings("tokenizer.ggml.tokens")
    count = len(tokens)
    if "tokenizer.ggml.token_type" in file.values:
        types = file.numbers("tokenizer.ggml.token_type").astype(np.int32)
    else:
        types = np.full(count, NORMAL, np.int32)
    if len(types) != count:
        raise CarveError(f"{file.path.name} has {count} tokens and {len(types)} token types.")
    merges = file.strings("tokenizer.ggml.merges")
    id_of = {token: i for i, token in enumerate(tokens)}
    parts = np.empty((len(merges), 2), np.int64)
    results = np.empty(len(merges), np.int64)
    for rank, merge in enumerate(merges):
        cut = merge.find(b" ", 1)  # llama.cpp splits there too
        left, right = merge[:cut], merge[cut + 1 :]
        parts[rank] = id_of.get(left, -1), id_of.get(right, -1)
        results[rank] = id_of.get(left + right, -1)
    ids = {file.number(key) for key in file.values if names_token(key)}
    named = _ids(sorted(int(i) for i in ids if i is not None and 0 <= i < count))
    return Vocabulary(tuple(tokens), types, tuple(merges), parts, results, named)


def names_token(key: str) -> bool:
    """Whether a metadata key holds one token id."""
    return key.startswith("tokenizer.ggml.") and key.endswith("_token_id")


def _ids(ids: Iterable[int]) -> Ids:
    return np.fromiter(ids, np.int64)


def _byte_alphabet() -> dict[str, int]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + i): byte for i, byte in enumerate(rest)}


_BYTE_OF = _byte_alphabet()
