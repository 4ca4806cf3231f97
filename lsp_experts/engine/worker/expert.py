"""One loaded expert: its context over a model, its adapter, and the mirror of what its KV cache holds.

Every argument of a C call is checked here first: llama.cpp ends its process on a bad one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lsp_experts.engine.protocol import Load
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.adapter import LoadedAdapter
from lsp_experts.engine.worker.model import Aborted, LoadedModel
from lsp_experts.engine.worker.native import AbortFlag, Native
from lsp_experts.engine.worker.shelf import KvShelf, SavedState, common_length, worth_saving
from lsp_experts.engine.worker.vocabulary import Tokens
from lsp_experts.errors import EngineError

N_BATCH = 512
N_UBATCH = 128  # an abort loses at most one of these; 128 costs 15 % of prefill speed against 512
_SMALLEST_CONTEXT = 64

Logits = npt.NDArray[np.float32]


class LoadedExpert:
    """A context over a model that other experts may share. Only the compute thread may call it."""

    def __init__(
        self, native: Native, flag: AbortFlag, load: Load, model: LoadedModel, shelf: KvShelf, owner: Hashable
    ) -> None:
        """Open a context over `model` and decode two tokens. `owner` is whose KV on `shelf` is this expert's.

        EngineError("load_failed" | "out_of_memory") without leaving anything of its own behind; the model stays.
        """
        self.name, self.model, self.vocabulary, self.owner = load.expert, model, model.vocabulary, owner
        self.n_threads = load.n_threads
        self.n_ctx = min(load.n_ctx, model.n_ctx_train) if model.n_ctx_train > 0 else load.n_ctx
        if self.n_ctx < _SMALLEST_CONTEXT:
            raise EngineError("load_failed", f"{model.path} has a context of {self.n_ctx} tokens")
        self._native, self._flag, self._C, self._shelf = native, flag, native.C, shelf
        self._context: Any = None
        self._adapter: LoadedAdapter | None = None
        self.mirror: Tokens = []  # exactly the tokens of sequence 0 in the KV cache
        self._prompt_length = 0  # how many of them were a prompt; the rest was generated
        self._largest_batch = 0  # so far in this context
        self.anonymous_bytes = 0  # its own; the model's are the model's
        before = memory.anonymous_bytes()
        self._batch = self._C.llama_batch_init(N_BATCH, 0, 1)
        try:
            if load.adapter:
                self._adapter = LoadedAdapter(native, model, load.adapter, load.adapter_scale)
            self._open_context()
            self._prove()
        except BaseException:
            self.close()
            raise
        self.anonymous_bytes = max(0, memory.anonymous_bytes() - before)

    # -- life ---------------------------------------------------------------------------------------------------------

    def _open_context(self) -> None:
        params = self._C.llama_context_default_params()
        params.n_ctx = self.n_ctx
        params.n_batch, params.n_ubatch = N_BATCH, N_UBATCH
        params.n_seq_max = 1
        params.n_outputs_max = 8  # 40 MiB of compute buffer instead of 300
        params.n_threads = params.n_threads_batch = self.n_threads  # the library's default is 4 on any machine
        params.op_offload = self.model.key.n_gpu_layers > 0  # else a GPU's memory is taken that nobody planned with
        params.abort_callback, params.abort_callback_data = self._flag.callback, self._flag.data
        self._native.log.clear()
        self._context = self._C.llama_init_from_model(self.model.pointer, params)
        if not self._context:
            raise self._native.refusal(f"no context for {self.model.path}")
        self._memory = self._C.llama_get_memory(self._context)
        self._largest_batch = 0
        if self._adapter:
            self._adapter.apply(self._native, self._context)

    def _prove(self) -> None:
        """Decode two tokens for real: a model that loads is not a model that works."""
        first = self.vocabulary.bos or [0]
        self.decode([first[0], min(1, self.vocabulary.size - 1)])
        logits = self.logits()
        if not np.isfinite(logits).all() or float(logits.max()) == float(logits.min()):
            what = f"{self.model.path} with {self._adapter.path}" if self._adapter else self.model.path
            raise EngineError("load_failed", f"{what} loads, but computes no numbers (zeroed or damaged weights)")
        self.forget()

    def _free_context(self) -> None:
        if self._context:
            self._C.llama_free(self._context)
        self._context = None
        self.mirror, self._prompt_length = [], 0

    def close(self) -> None:
        """Free what is its own: context, then adapter, while the model still lives. Twice is fine."""
        self._free_context()
        if self._adapter:
            self._adapter.close()
        self._adapter = None
        if self._batch is not None:
            self._C.llama_batch_free(self._batch)
        self._batch = None

    @property
    def parked(self) -> bool:
        """True while the expert has a model and no context."""
        return self._context is None

    def park(self) -> int:
        """Save the KV cache and free the context; how many tokens were saved."""
        saved = self.save()
        before = memory.anonymous_bytes()
        self._free_context()
        memory.trim_heap()
        self.anonymous_bytes -= min(self.anonymous_bytes, max(0, before - memory.anonymous_bytes()))
        return saved

    def unpark(self) -> int:
        """A context again, with the KV that was saved last; how many tokens that were.

        EngineError("load_failed" | "out_of_memory"): it is parked as before.
        """
        before = memory.anonymous_bytes()
        try:
            self._open_context()
        except EngineError:
            self._free_context()
            raise
        self.anonymous_bytes += max(0, memory.anonymous_bytes() - before)
        return self.restore_newest()

    # -- saved KV -----------------------------------------------------------------------------------------------------

    def save(self) -> int:
        """Put the state of the KV cache on the shelf; how many tokens that were, 0 if it was not kept."""
        if self.parked or not self.mirror:
            return 0
        size = int(self._C.llama_state_seq_get_size(self._context, 0))
        if not self._shelf.takes(size):
            return 0
        try:
            data = np.empty(size, np.uint8)
        except MemoryError:
            return 0
        if int(self._C.llama_state_seq_get_data(self._context, _bytes_of(data), size, 0)) != size:
            return 0
        self._shelf.put(self.owner, SavedState(tuple(self.mirror), self._prompt_length, data))
        return len(self.mirror)

    def restore_newest(self) -> int:
        """Take the newest saved state off the shelf and into the cache; how many tokens it had."""
        state = self._shelf.take_newest(self.owner)
        if state is not None:
            self._restore(state)
        return len(self.mirror)

    def approach(self, tokens: Sequence[int]) -> int:
        """Bring the cache to the longest beginning of `tokens` that it or a saved state holds; how many that are.

        What the cache loses by it is saved where it was a prompt about another place. One token is always left to
        decode, since logits belong to a decode.
        """
        shared = common_length(self.mirror, tokens)
        state = self._shelf.take_best(self.owner, tokens, shared)
        prompt_length = min(self._prompt_length, len(self.mirror))
        if worth_saving(prompt_length, shared, replaced=state is not None):
            self.save()
        if state is not None:
            self._restore(state)
            shared = common_length(self.mirror, tokens)
        self.keep(min(shared, len(tokens) - 1))
        self._prompt_length = len(tokens)
        return len(self.mirror)  # a model that cannot drop a tail starts again

    def _restore(self, state: SavedState) -> None:
        size = state.n_bytes
        self._C.llama_memory_clear(self._memory, False)
        taken = int(self._C.llama_state_seq_set_data(self._context, _bytes_of(state.data), size, 0))
        held = int(self._C.llama_memory_seq_pos_max(self._memory, 0)) + 1
        if taken != size or held != len(state.tokens):
            self.forget()
            return
        self.mirror, self._prompt_length = list(state.tokens), state.prompt_length

    # -- decoding -----------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Empty the KV cache."""
        if self._context:
            self._C.llama_memory_clear(self._memory, True)
        self.mirror, self._prompt_length = [], 0

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
        if int(ids.min()) < 0 or int(ids.max()) >= self.vocabulary.size:
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
        code = self._decode(n)
        if code == 0:
            self.mirror.extend(int(token) for token in tokens)
            return
        held = int(self._C.llama_memory_seq_pos_max(self._memory, 0)) + 1
        self.mirror.extend(int(token) for token in tokens[: max(0, held - start)])
        if code == 2:
            raise Aborted
        self.forget()
        raise EngineError("decode_failed", f"llama_decode gave {code}: {self._native.take_log()}")

    def _decode(self, n: int) -> int:
        """Decode the batch; a larger one than ever touches new memory of the compute buffer, which is counted."""
        if n <= self._largest_batch:
            return int(self._C.llama_decode(self._context, self._batch))
        before = memory.anonymous_bytes()
        code = int(self._C.llama_decode(self._context, self._batch))
        self.anonymous_bytes += max(0, memory.anonymous_bytes() - before)
        self._largest_batch = n
        return code

    def logits(self) -> Logits:
        """Logits after the last decoded token: a view, valid and writable until the next decode."""
        pointer = self._C.llama_get_logits_ith(self._context, -1)
        if not pointer:
            raise EngineError("decode_failed", "no logits")
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary.size,))


def _bytes_of(data: npt.NDArray[np.uint8]) -> Any:
    return data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
