"""One loaded expert: model, context, and the mirror of what its KV cache holds.

Every argument of a C call is checked here first: llama.cpp ends its process on a bad one.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsp_experts.engine.protocol import MAX_PROMPT_BYTES, Load
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.native import AbortFlag, Native
from lsp_experts.errors import EngineError

N_BATCH = 512
N_UBATCH = 128  # an abort loses at most one of these; 128 costs 15 % of prefill speed against 512
_PIECE_BYTES = 512  # 32, as in the binding, drops long pieces
_LOAD_MODE_MMAP = 1
_GGUF_MAGIC = b"GGUF"

Tokens = list[int]
Logits = npt.NDArray[np.float32]


class Aborted(Exception):
    """A decode was stopped by the abort flag; the mirror says what is left."""


class LoadedExpert:
    """A model and its context. Only the compute thread may call it."""

    def __init__(self, native: Native, flag: AbortFlag, load: Load, on_progress: Callable[[float], bool]) -> None:
        """Load `load.path`. EngineError("bad_request" | "load_failed") without leaving anything behind.

        `on_progress` gets 0..1 and returns False to give up (Aborted).
        """
        _check_load(load)
        self.name, self.path = load.expert, load.path
        self.file_bytes = Path(load.path).stat().st_size
        self.n_threads = load.n_threads
        self._native, self._flag, self._C = native, flag, native.C
        self._model: Any = None
        self._context: Any = None
        self._saved: bytes | None = None
        self._parked_bytes = 0  # what parking gave back
        self._pieces: dict[int, bytes] = {}
        self.mirror: Tokens = []  # exactly the tokens of sequence 0 in the KV cache
        before = memory.anonymous_bytes()
        try:
            self._open(load, on_progress)
            self._prove()
        except BaseException:
            self.close()
            raise
        self.anonymous_bytes = max(0, memory.anonymous_bytes() - before)

    # -- life ---------------------------------------------------------------------------------------------------------

    def _open(self, load: Load, on_progress: Callable[[float], bool]) -> None:
        params = self._C.llama_model_default_params()
        params.n_gpu_layers = 0
        params.load_mode = _LOAD_MODE_MMAP
        params.use_extra_bufts = load.use_extra_bufts
        given_up: list[float] = []

        def report(fraction: float, _: object) -> bool:
            go_on = on_progress(float(fraction))
            if not go_on:
                given_up.append(fraction)
            return go_on

        params.progress_callback = self._C.llama_progress_callback(report)
        self._native.log.clear()
        self._model = self._C.llama_model_load_from_file(os.fsencode(load.path), params)
        if not self._model and given_up:
            raise Aborted
        if not self._model:
            raise EngineError("load_failed", f"llama.cpp cannot load {load.path}: {self._native.take_log()}")
        self.vocab = self._C.llama_model_get_vocab(self._model)
        self.n_vocab = int(self._C.llama_vocab_n_tokens(self.vocab))
        trained = int(self._C.llama_model_n_ctx_train(self._model))
        self.n_ctx = min(load.n_ctx, trained) if trained > 0 else load.n_ctx
        if self.n_vocab <= 0 or self.n_ctx < 64:
            raise EngineError("load_failed", f"{load.path} has no vocabulary or a context of {self.n_ctx} tokens")
        self._open_context()
        self._batch = self._C.llama_batch_init(N_BATCH, 0, 1)
        self.bos: Tokens = (
            [int(self._C.llama_vocab_bos(self.vocab))] if self._C.llama_vocab_get_add_bos(self.vocab) else []
        )
        self.banned = self._banned_tokens()

    def _open_context(self) -> None:
        params = self._C.llama_context_default_params()
        params.n_ctx = self.n_ctx
        params.n_batch, params.n_ubatch = N_BATCH, N_UBATCH
        params.n_seq_max = 1
        params.n_outputs_max = 8  # 40 MiB of compute buffer instead of 300
        params.n_threads = params.n_threads_batch = self.n_threads  # the library's default is 4 on any machine
        params.abort_callback, params.abort_callback_data = self._flag.callback, self._flag.data
        self._context = self._C.llama_init_from_model(self._model, params)
        if not self._context:
            raise EngineError("load_failed", f"no context for {self.path}: {self._native.take_log()}")
        self._memory = self._C.llama_get_memory(self._context)

    def _prove(self) -> None:
        """Decode two tokens for real: a model that loads is not a model that works."""
        first = self.bos or [0]
        self.decode([first[0], min(1, self.n_vocab - 1)])
        logits = self.logits()
        if not np.isfinite(logits).all() or float(logits.max()) == float(logits.min()):
            raise EngineError("load_failed", f"{self.path} loads, but computes no numbers (zeroed or damaged weights)")
        self.forget()

    def close(self) -> None:
        """Free everything. Twice is fine."""
        if self._context:
            self._C.llama_free(self._context)  # before the model
        if self._model:
            self._C.llama_batch_free(self._batch) if hasattr(self, "_batch") else None
            self._C.llama_model_free(self._model)
        self._context = self._model = self._saved = None
        memory.trim_heap()

    @property
    def parked(self) -> bool:
        """True while the expert has a model and no context."""
        return self._context is None

    def park(self) -> None:
        """Keep the model and the KV bytes, free the context, give the file's pages back."""
        if self.parked:
            return
        size = int(self._C.llama_state_seq_get_size(self._context, 0)) if self.mirror else 0
        if size:
            buffer = (ctypes.c_uint8 * size)()
            written = int(self._C.llama_state_seq_get_data(self._context, buffer, size, 0))
            self._saved = bytes(buffer[:written]) if written else None
        before = memory.anonymous_bytes()
        self._C.llama_free(self._context)
        self._context = None
        memory.drop_pages(self.path)
        memory.trim_heap()
        self._parked_bytes = max(0, before - memory.anonymous_bytes())
        self.anonymous_bytes -= min(self.anonymous_bytes, self._parked_bytes)

    def unpark(self) -> None:
        """Take the pages and the context back, and the KV cache where it was saved."""
        if not self.parked:
            return
        memory.populate_pages(self.path)
        self._open_context()
        self.anonymous_bytes += self._parked_bytes
        saved, self._saved = self._saved, None
        restored = 0
        if saved:
            buffer = (ctypes.c_uint8 * len(saved)).from_buffer_copy(saved)
            restored = int(self._C.llama_state_seq_set_data(self._context, buffer, len(saved), 0))
        if not restored:
            self.forget()

    def resident_bytes(self) -> int:
        """Measured: anonymous growth of the load + the file's resident pages (0 pages while parked)."""
        return self.anonymous_bytes + memory.mapped_bytes(self.path)

    # -- vocabulary ---------------------------------------------------------------------------------------------------

    def tokens(self, text: str, *, control: bool = False) -> Tokens:
        """Token ids of `text`; control tokens are only recognised where `control` says so."""
        raw = text.encode("utf-8", "replace")
        if len(raw) > MAX_PROMPT_BYTES:
            raise EngineError("bad_request", f"a text of {len(raw)} bytes is over {MAX_PROMPT_BYTES}")
        if not raw:
            return []
        room = len(raw) + 16
        out = (self._C.llama_token * room)()
        count = int(self._C.llama_tokenize(self.vocab, raw, len(raw), out, room, False, control))
        if count < 0:
            raise EngineError("decode_failed", f"the text would be {-count} tokens long")
        return list(out[:count])

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; b"" for control tokens."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(_PIECE_BYTES)
            count = int(self._C.llama_token_to_piece(self.vocab, token, buffer, _PIECE_BYTES, 0, False))
            known = self._pieces[token] = buffer.raw[: max(0, count)]
        return known

    def is_end(self, token: int) -> bool:
        """True for every end-of-generation token of this model."""
        return bool(self._C.llama_vocab_is_eog(self.vocab, token))

    def single_control(self, text: str) -> bool:
        """True if `text` is exactly one control token here."""
        found = self.tokens(text, control=True)
        return len(found) == 1 and bool(self._C.llama_vocab_is_control(self.vocab, found[0]))

    def fim_texts(self) -> tuple[str, str, str] | None:
        """Texts of the prefix, suffix and middle tokens that llama.cpp found, None if one is missing."""
        ids = [int(getattr(self._C, f"llama_vocab_fim_{name}")(self.vocab)) for name in ("pre", "suf", "mid")]
        if min(ids) < 0:
            return None
        one, two, three = (self._C.llama_vocab_get_text(self.vocab, token).decode("utf-8", "replace") for token in ids)
        return one, two, three

    def _banned_tokens(self) -> npt.NDArray[np.int64]:
        """FIM tokens that do not end a generation: a completion must not open a new hole."""
        ids = {int(getattr(self._C, f"llama_vocab_fim_{name}")(self.vocab)) for name in ("pre", "suf", "mid")}
        return np.array(sorted(token for token in ids if token >= 0 and not self.is_end(token)), dtype=np.int64)

    def describe(self) -> str:
        """llama.cpp's own one-line description of the model."""
        buffer = ctypes.create_string_buffer(256)
        self._C.llama_model_desc(self._model, buffer, 256)
        return buffer.value.decode("utf-8", "replace")

    def metadata(self, key: str) -> str:
        """A metadata value as text, "" if it is missing."""
        buffer = ctypes.create_string_buffer(256)
        count = int(self._C.llama_model_meta_val_str(self._model, key.encode(), buffer, 256))
        return buffer.value.decode("utf-8", "replace") if count >= 0 else ""

    # -- decoding -----------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Empty the KV cache."""
        if self._context:
            self._C.llama_memory_clear(self._memory, True)
        self.mirror = []

    def keep(self, length: int) -> None:
        """Keep the first `length` tokens of the cache; all go where the model cannot drop a tail (SWA, recurrent)."""
        if length >= len(self.mirror):
            return
        if length > 0 and self._C.llama_memory_seq_rm(self._memory, 0, length, -1):
            del self.mirror[length:]
        else:
            self.forget()

    def decode(self, tokens: Sequence[int]) -> None:
        """Decode at most N_BATCH tokens behind the mirror; logits of the last one are then in `logits()`.

        Aborted if the flag was raised. EngineError("decode_failed") otherwise; the mirror is true in both cases.
        """
        n, start = len(tokens), len(self.mirror)
        if not 0 < n <= N_BATCH or start + n > self.n_ctx or self.parked:
            raise EngineError("bad_request", f"{n} tokens at {start} do not fit a context of {self.n_ctx}")
        ids = np.asarray(tokens, dtype=np.int32)
        if int(ids.min()) < 0 or int(ids.max()) >= self.n_vocab:
            raise EngineError("bad_request", "a token id is outside the vocabulary")
        batch = self._batch
        batch.n_tokens = n
        np.ctypeslib.as_array(batch.token, (n,))[:] = ids
        np.ctypeslib.as_array(batch.pos, (n,))[:] = np.arange(start, start + n, dtype=np.int32)
        np.ctypeslib.as_array(batch.n_seq_id, (n,))[:] = 1
        np.ctypeslib.as_array(batch.logits, (n,))[:] = 0
        batch.logits[n - 1] = 1
        for index in range(n):
            batch.seq_id[index][0] = 0
        code = int(self._C.llama_decode(self._context, batch))
        if code == 0:
            self.mirror.extend(int(token) for token in tokens)
            return
        held = int(self._C.llama_memory_seq_pos_max(self._memory, 0)) + 1
        self.mirror.extend(int(token) for token in tokens[: max(0, held - start)])
        if code == 2:
            raise Aborted
        self.forget()
        raise EngineError("decode_failed", f"llama_decode gave {code}: {self._native.take_log()}")

    def logits(self) -> Logits:
        """Logits after the last decoded token: a view, valid and writable until the next decode."""
        pointer = self._C.llama_get_logits_ith(self._context, -1)
        if not pointer:
            raise EngineError("decode_failed", "no logits")
        return np.ctypeslib.as_array(pointer, shape=(self.n_vocab,))


def _check_load(load: Load) -> None:
    """What llama.cpp must never see: EngineError("bad_request" | "load_failed")."""
    if not 64 <= load.n_ctx <= 131_072 or not 1 <= load.n_threads <= 256:
        raise EngineError("bad_request", f"n_ctx {load.n_ctx} or n_threads {load.n_threads} is out of range")
    try:
        status = Path(load.path).stat()  # before open: a FIFO would block for ever
        if not stat.S_ISREG(status.st_mode):
            raise EngineError("load_failed", f"{load.path} is not a regular file")
        with Path(load.path).open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise EngineError("load_failed", f"{load.path}: {error.strerror}") from None
    if magic != _GGUF_MAGIC or status.st_size < 64:
        raise EngineError("load_failed", f"{load.path} is not a GGUF file")
