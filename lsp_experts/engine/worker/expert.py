"""One loaded expert: its context over a model, its adapter, and the mirror of what its KV cache holds.

Every argument of a C call is checked here first: llama.cpp ends its process on a bad one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from lsp_experts.engine.protocol import Load
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.adapter import LoadedAdapter
from lsp_experts.engine.worker.drafting import MOST, Trust
from lsp_experts.engine.worker.model import Aborted, LoadedModel
from lsp_experts.engine.worker.native import AbortFlag, Native
from lsp_experts.engine.worker.shelf import KvShelf, SavedState, common_length, worth_saving
from lsp_experts.engine.worker.vocabulary import Tokens
from lsp_experts.errors import EngineError

N_BATCH = 512
N_UBATCH = 128  # an abort loses at most one of these; 128 costs 15 % of prefill speed against 512
N_BRANCHES = 3  # sequences that share the cells of one cache: they cost 1 MiB, for outputs
N_OUTPUTS = 1 + MOST  # the compute buffer of 512 outputs takes 300 MiB, of 16 it takes 10, of 8 hardly less
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
        self._interrupted = False  # who filled the cache gave way, and will go on
        self._branches: list[Tokens] = []  # what each sequence holds behind the mirror; sequence 0 is one of them
        self._largest_batch = self._most_outputs = 0  # so far in this context
        self.trust = Trust()
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
        params.n_seq_max, params.kv_unified = N_BRANCHES, True
        params.n_outputs_max = N_OUTPUTS
        self._context = self._make_context(params)
        self._memory = self._C.llama_get_memory(self._context)
        self._largest_batch = self._most_outputs = 0

    def _make_context(self, params: Any) -> Any:
        params.n_threads = params.n_threads_batch = self.n_threads  # the library's default is 4 on any machine
        params.op_offload = self.model.key.n_gpu_layers > 0  # else a GPU's memory is taken that nobody planned with
        params.abort_callback, params.abort_callback_data = self._flag.callback, self._flag.data
        self._native.log.clear()
        context = self._C.llama_init_from_model(self.model.pointer, params)
        if not context:
            raise self._native.refusal(f"no context for {self.model.path}")
        try:
            if self._adapter:
                self._adapter.apply(self._native, context)
        except EngineError:
            self._C.llama_free(context)
            raise
        return context

    def _prove(self) -> None:
        """Decode two tokens for real: a model that loads is not a model that works."""
        first = self.vocabulary.bos or [0]
        self.decode([first[0], min(1, self.vocabulary.size - 1)])
        logits = self.logits()
        if not np.isfinite(logits).all() or float(logits.max()) == float(logits.min()):
            what = f"{self.model.path} with {self._adapter.path}" if self._adapter else self.model.path
            raise EngineError("load_failed", f"{what} loads, but computes no numbers (zeroed or damaged weights)")
        self.keep(1)
        self.drops_tails = len(self.mirror) == 1  # else nothing can be tried and taken back (SWA, recurrent)
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

    def approach(self, tokens: Sequence[int], *, aside: bool = False) -> int:
        """Bring the cache to the longest beginning of `tokens` that it or a saved state holds; how many that are.

        What the cache loses by it is saved where it was a prompt about another place, where somebody was interrupted,
        or where `tokens` are nobody's keystroke (`aside`): the next keystroke may still need what is lost. One token is
        always left to decode, since logits belong to a decode.
        """
        shared = common_length(self.mirror, tokens)
        state = self._shelf.take_best(self.owner, tokens, shared)
        prompt_length = min(self._prompt_length, len(self.mirror))
        if worth_saving(prompt_length, shared, replaced=aside or self._interrupted or state is not None):
            self.save()
        self._interrupted = False
        if state is not None:
            self._restore(state)
            shared = common_length(self.mirror, tokens)
        self.keep(min(shared, len(tokens) - 1))
        self._prompt_length = len(tokens)
        return len(self.mirror)  # a model that cannot drop a tail starts again

    def interrupt(self) -> None:
        """Whoever filled the cache gave way and will go on behind all that it holds: it is saved before it is lost."""
        self._prompt_length, self._interrupted = len(self.mirror), True

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
        self.mirror, self._prompt_length, self._branches = [], 0, []

    def keep(self, length: int) -> None:
        """Keep the first `length` tokens of the cache; all go where the model cannot drop a tail (SWA, recurrent)."""
        if length >= len(self.mirror):
            return
        if length > 0 and self._C.llama_memory_seq_rm(self._memory, 0, length, -1):
            del self.mirror[length:]
        else:
            self.forget()

    def decode(self, tokens: Sequence[int], *, outputs: int = 1, prompt: bool = False) -> None:
        """Decode at most N_BATCH tokens behind the mirror; logits of the last `outputs` are then in `logits()`.

        `prompt`: they are counted as tokens of a prompt. Aborted if the flag was raised, EngineError("decode_failed")
        otherwise; the mirror is true in both cases.
        """
        n, start = len(tokens), len(self.mirror)
        if not 0 < outputs <= min(n, N_OUTPUTS):
            raise EngineError("bad_request", f"{outputs} outputs of {n} tokens")
        self._native.prompt_tokens += n if prompt else 0
        code = self._decode(tokens, range(start, start + n), [0] * n, outputs)
        if code == 0:
            self.mirror.extend(int(token) for token in tokens)
            return
        held = int(self._C.llama_memory_seq_pos_max(self._memory, 0)) + 1
        self.mirror.extend(int(token) for token in tokens[: max(0, held - start)])
        self._raise(code)

    def _decode(self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], outputs: int) -> int:
        """llama_decode's code. A larger batch than ever touches new memory of the context, which is counted."""
        if self.parked:
            raise EngineError("bad_request", f"{self.name} is parked")
        n, batch = len(tokens), self._fill(tokens, positions, sequences, outputs)
        if n <= self._largest_batch and outputs <= self._most_outputs:
            return int(self._C.llama_decode(self._context, batch))
        before = memory.anonymous_bytes()
        code = int(self._C.llama_decode(self._context, batch))
        self.anonymous_bytes += max(0, memory.anonymous_bytes() - before)
        self._largest_batch, self._most_outputs = max(n, self._largest_batch), max(outputs, self._most_outputs)
        return code

    def _raise(self, code: int) -> NoReturn:
        if code != 2:
            self.forget()
        self._report(code)

    def _report(self, code: int) -> NoReturn:
        if code == 2:
            raise Aborted
        raise EngineError("decode_failed", f"llama_decode gave {code}: {self._native.take_log()}")

    def _fill(self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], outputs: int) -> Any:
        """The batch, with `tokens` in it; each argument is checked."""
        n = len(tokens)
        if not 0 < n <= N_BATCH or max(positions) >= self.n_ctx:
            raise EngineError("bad_request", f"{n} tokens at {positions[0]} do not fit a context of {self.n_ctx}")
        ids = np.asarray(tokens, dtype=np.int32)
        if int(ids.min()) < 0 or int(ids.max()) >= self.vocabulary.size:
            raise EngineError("bad_request", "a token id is outside the vocabulary")
        batch = self._batch
        batch.n_tokens = n
        np.ctypeslib.as_array(batch.token, (n,))[:] = ids
        np.ctypeslib.as_array(batch.pos, (n,))[:] = positions
        np.ctypeslib.as_array(batch.n_seq_id, (n,))[:] = 1
        flags = np.ctypeslib.as_array(batch.logits, (n,))
        flags[:] = 0
        flags[n - outputs :] = 1
        for index, sequence in enumerate(sequences):
            batch.seq_id[index][0] = sequence
        self._native.decoded_tokens += n
        return batch

    def logits(self, back: int = 0) -> Logits:
        """Logits of the `back`-th last output of the last decode: a view, valid and writable until the next one."""
        pointer = self._C.llama_get_logits_ith(self._context, -1 - back)
        if not pointer:
            raise EngineError("decode_failed", "no logits")
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary.size,))

    # -- a second context, whose graph is watched ---------------------------------------------------------------------

    def open_beside(self, n_ctx: int, n_batch: int, on_node: Any) -> Any:
        """One more context over the same model and adapter, for the caller to close. EngineError as at a load.

        Each token of a batch may be an output. `on_node` is a ggml_backend_sched_eval_callback.
        """
        params = self._C.llama_context_default_params()
        params.n_ctx, params.n_seq_max = n_ctx, 1
        params.n_batch = params.n_ubatch = params.n_outputs_max = n_batch
        params.cb_eval = on_node
        return self._make_context(params)

    def decode_beside(self, context: Any, tokens: Sequence[int], start: int) -> None:
        """Decode `tokens` at `start` in a context of `open_beside`, each of them an output. Raises as `decode` does."""
        n = len(tokens)
        code = int(self._C.llama_decode(context, self._fill(tokens, range(start, start + n), [0] * n, n)))
        if code != 0:
            self._report(code)

    def close_beside(self, context: Any) -> None:
        """Free it."""
        self._C.llama_free(context)
        memory.trim_heap()

    # -- branches: several texts behind one prompt --------------------------------------------------------------------

    def fork(self, count: int) -> None:
        """Let `count` sequences go on behind the mirror, which they share, until `join`. Nothing is copied."""
        if not 0 < count <= N_BRANCHES or self._branches:
            raise EngineError("bad_request", f"{count} branches")
        for sequence in range(1, count):
            self._C.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)
        self._branches = [[] for _ in range(count)]

    def cells_left(self) -> int:
        """Tokens that the branches can still decode, all together."""
        return self.n_ctx - len(self.mirror) - sum(map(len, self._branches))

    def decode_branches(self, tokens: Mapping[int, int]) -> None:
        """Decode one token for each branch named; their logits are in `logits()`, those of the last one at 0.

        Raises as `decode` does; all branches are as before then, or gone with the cache.
        """
        if len(tokens) > self.cells_left() or not all(0 <= branch < len(self._branches) for branch in tokens):
            raise EngineError("bad_request", f"branches {list(tokens)} of {len(self._branches)}")
        positions = [len(self.mirror) + len(self._branches[branch]) for branch in tokens]
        code = self._decode(list(tokens.values()), positions, list(tokens), len(tokens))
        if code != 0:
            self._raise(code)
        for branch, token in tokens.items():
            self._branches[branch].append(token)

    def join(self, kept: int | None = None) -> None:
        """Go on with what the branch `kept` decoded, None: with nothing behind the mirror; the other branches go."""
        start, branches = len(self.mirror), self._branches
        self._branches = []
        if not branches or self.parked:
            return
        if kept != 0:
            self._C.llama_memory_seq_rm(self._memory, 0, start, -1)
        if kept:
            self._C.llama_memory_seq_cp(self._memory, kept, 0, start, -1)
        for sequence in range(1, len(branches)):
            self._C.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        if kept is not None:
            self.mirror += branches[kept]


def _bytes_of(data: npt.NDArray[np.uint8]) -> Any:
    return data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
