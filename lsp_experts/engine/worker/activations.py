"""What the weights of a model read while it reads texts: sums per column, taken from the graph as it is computed.

llama.cpp calls back before each node of a graph ("is it asked for?") and again once one that is asked for has its
numbers. Nodes are known by name; of a tensor only ggml's accessors are used, never its layout.
"""

from __future__ import annotations

import base64
import ctypes
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lsp_experts.engine.protocol import Activations, ActivationsReport
from lsp_experts.engine.worker.expert import LoadedExpert
from lsp_experts.engine.worker.native import Native
from lsp_experts.engine.worker.prompting import PREFILL_CHUNK, GaveWay, Superseded, Turn, build_prompt
from lsp_experts.engine.worker.vocabulary import Tokens
from lsp_experts.errors import EngineError

N_CTX = 1024
# Names of nodes in llama.cpp's graphs of qwen2, llama and their like (as llama-cpp-python 0.3.36 has them), and the
# weight that reads each. A model whose graph has other names is refused.
_READERS = {"attn_norm": "attn_q", "kqv_out": "attn_output", "ffn_norm": "ffn_gate", "ffn_swiglu": "ffn_down"}
_LAST = "result_norm"  # the one node behind all layers; "output" reads it
_NODE = re.compile(rf"(?P<name>{'|'.join(_READERS)})-(?P<layer>\d+)|{_LAST}")
_MAX_REPORT_NUMBERS = 1_400_000  # four bytes each, in base64: 7.5 MB of a line of 8 MiB

Sums = dict[str, npt.NDArray[np.float64]]


def activations(
    expert: LoadedExpert, native: Native, request: Activations, turn: Turn, on_progress: Callable[[float], object]
) -> ActivationsReport:
    """Run `request` in a context of its own, which is freed again; the expert's is left as it is.

    EngineError("bad_request") for a text that does not fit, EngineError("decode_failed") for a model whose graph has
    other names; Superseded, Aborted.
    """
    started = time.monotonic()
    if not request.texts:
        raise EngineError("bad_request", "there is no text to read")
    watch = _Watch(native)
    room = min(N_CTX, expert.n_ctx)
    texts = [build_prompt(expert, segments, False, room).tokens for segments in request.texts]
    context = expert.open_beside(n_ctx=room, n_batch=PREFILL_CHUNK, on_node=watch.callback)
    try:
        for done, tokens in enumerate(texts, start=1):
            _read(expert, native, context, tokens, turn)
            on_progress(done / len(texts))
    finally:
        expert.close_beside(context)
    watch.check(expert.model.n_layers, expert.model.metadata("general.architecture"))
    return ActivationsReport(
        tokens=sum(map(len, texts)),
        squares=_encoded(watch.squares),
        magnitudes=_encoded(watch.magnitudes),
        total_ms=round((time.monotonic() - started) * 1000, 3),
    )


def _read(expert: LoadedExpert, native: Native, context: Any, tokens: Tokens, turn: Turn) -> None:
    native.C.llama_memory_clear(native.C.llama_get_memory(context), True)
    for start in range(0, len(tokens), PREFILL_CHUNK):
        if turn.cancelled():
            raise Superseded
        if turn.must_yield():
            raise GaveWay
        part = tokens[start : start + PREFILL_CHUNK]
        # Every token is an output: the last layer computes nothing else.
        expert.decode_beside(context, part, start)


class _Watch:
    """Sums up what passes by. Its callback must live as long as the context that has it."""

    def __init__(self, native: Native) -> None:
        self._base = native.C.load_shared_library("ggml-base", native.C._base_path)
        self._declare()
        self.squares: Sums = {}
        self.magnitudes: Sums = {}
        self._rows: dict[str, int] = {}
        self._problem = ""
        self.callback = native.C.ggml_backend_sched_eval_callback(self._on_node)

    def check(self, layers: int, architecture: str) -> None:
        """EngineError unless every node was seen, for as many tokens as any other."""
        weights = [f"blk.{layer}.{weight}" for weight in _READERS.values() for layer in range(layers)]
        missing = [weight for weight in (*weights, "output") if not self._rows.get(weight)]
        if missing and not self._problem:
            self._problem = f"{len(missing)} of the inputs that are looked for have other names, {missing[0]}'s first"
        if self._problem or len(set(self._rows.values())) > 1:
            problem = self._problem or "its layers read different numbers of tokens"
            raise EngineError(
                "decode_failed", f"the graph of {architecture} cannot be watched in this build: {problem}"
            )
        if sum(map(len, self.squares.values())) + sum(map(len, self.magnitudes.values())) > _MAX_REPORT_NUMBERS:
            raise EngineError("bad_request", "this model is too wide for one report of its activations")

    def _on_node(self, tensor: int, ask: bool, _: object) -> bool:
        """Asked: whether this node is wanted. Else: take it; False stops the graph, whose logits nobody needs."""
        found = _NODE.fullmatch(self._base.ggml_get_name(tensor).decode("utf-8", "replace"))
        if ask or not found:
            return bool(found)
        layer, name = found["layer"], found["name"]
        self._take(f"blk.{layer}.{_READERS[name]}" if layer else "output", tensor)
        return bool(layer)

    def _take(self, weight: str, tensor: int) -> None:
        size, rows = int(self._base.ggml_nbytes(tensor)), int(self._base.ggml_nrows(tensor))
        if size != 4 * int(self._base.ggml_nelements(tensor)) or not self._base.ggml_is_contiguous(tensor):
            self._problem = f"what {weight} reads is no plain table of float32"
            return
        data = np.empty((rows, size // 4 // rows), np.float32)
        self._base.ggml_backend_tensor_get(tensor, data.ctypes.data, 0, size)
        if not np.isfinite(data).all():
            self._problem = f"what {weight} reads are no numbers"
            return
        self._rows[weight] = self._rows.get(weight, 0) + rows
        _add(self.squares, weight, np.einsum("ij,ij->j", data, data, dtype=np.float64))
        if weight.endswith("ffn_down"):
            _add(self.magnitudes, weight, np.abs(data).sum(axis=0, dtype=np.float64))

    def _declare(self) -> None:
        tensor, size = ctypes.c_void_p, ctypes.c_size_t
        for name, result in {
            "get_name": ctypes.c_char_p, "nbytes": size, "nrows": ctypes.c_int64, "nelements": ctypes.c_int64,
            "is_contiguous": ctypes.c_bool,
        }.items():  # fmt: skip
            function = getattr(self._base, f"ggml_{name}")
            function.argtypes, function.restype = [tensor], result
        get = self._base.ggml_backend_tensor_get
        get.argtypes, get.restype = [tensor, ctypes.c_void_p, size, size], None


def _add(sums: Sums, weight: str, columns: npt.NDArray[np.float64]) -> None:
    if weight in sums:
        sums[weight] += columns
    else:
        sums[weight] = columns


def _encoded(sums: Sums) -> dict[str, str]:
    return {
        weight: base64.b64encode(columns.astype("<f4").tobytes()).decode("ascii") for weight, columns in sums.items()
    }
