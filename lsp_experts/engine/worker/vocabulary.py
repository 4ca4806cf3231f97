"""A model's vocabulary: text to token ids and back, and what llama.cpp found to be special."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from lsp_experts.engine.protocol import MAX_PROMPT_BYTES
from lsp_experts.errors import EngineError

_PIECE_BYTES = 512  # 32, as in the binding, drops long pieces

Tokens = list[int]


class Vocabulary:
    """The vocabulary of one model, shared by the experts over it. Only the compute thread may call it."""

    def __init__(self, api: Any, vocab: Any) -> None:
        """`vocab` is llama.cpp's, and lives as long as its model."""
        self._C, self._vocab = api, vocab
        self._pieces: dict[int, bytes] = {}
        self.size = int(api.llama_vocab_n_tokens(vocab))
        self.bos: Tokens = [int(api.llama_vocab_bos(vocab))] if api.llama_vocab_get_add_bos(vocab) else []
        self.banned = self._banned_tokens()

    def same_as(self, other: Vocabulary) -> bool:
        """Whether both have the same texts in the same order, so that a token id means the same in both."""
        return self is other or (self.size == other.size and self._fingerprint == other._fingerprint)

    @functools.cached_property
    def _fingerprint(self) -> bytes:
        digest = hashlib.sha256()
        for token in range(self.size):
            raw = self._C.llama_vocab_get_text(self._vocab, token)
            digest.update(len(raw).to_bytes(4, "little") + raw)
        return digest.digest()

    def tokens(self, text: str, *, control: bool = False) -> Tokens:
        """Token ids of `text`; control tokens are only recognised where `control` says so."""
        raw = text.encode("utf-8", "replace")
        if len(raw) > MAX_PROMPT_BYTES:
            raise EngineError("bad_request", f"a text of {len(raw)} bytes is over {MAX_PROMPT_BYTES}")
        if not raw:
            return []
        room = len(raw) + 16
        out = (self._C.llama_token * room)()
        count = int(self._C.llama_tokenize(self._vocab, raw, len(raw), out, room, False, control))
        if count < 0:
            raise EngineError("decode_failed", f"the text would be {-count} tokens long")
        return list(out[:count])

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; b"" for control tokens."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(_PIECE_BYTES)
            count = int(self._C.llama_token_to_piece(self._vocab, token, buffer, _PIECE_BYTES, 0, False))
            known = self._pieces[token] = buffer.raw[: max(0, count)]
        return known

    def is_end(self, token: int) -> bool:
        """True for every end-of-generation token of this model."""
        return bool(self._C.llama_vocab_is_eog(self._vocab, token))

    def single_control(self, text: str) -> bool:
        """True if `text` is exactly one control token here."""
        found = self.tokens(text, control=True)
        return len(found) == 1 and bool(self._C.llama_vocab_is_control(self._vocab, found[0]))

    def fim_texts(self) -> tuple[str, str, str] | None:
        """Texts of the prefix, suffix and middle tokens that llama.cpp found, None if one is missing."""
        ids = [int(getattr(self._C, f"llama_vocab_fim_{name}")(self._vocab)) for name in ("pre", "suf", "mid")]
        if min(ids) < 0:
            return None
        one, two, three = (self._C.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace") for token in ids)
        return one, two, three

    def _banned_tokens(self) -> npt.NDArray[np.int64]:
        """FIM tokens that do not end a generation: a completion must not open a new hole."""
        ids = {int(getattr(self._C, f"llama_vocab_fim_{name}")(self._vocab)) for name in ("pre", "suf", "mid")}
        return np.array(sorted(token for token in ids if token >= 0 and not self.is_end(token)), dtype=np.int64)
