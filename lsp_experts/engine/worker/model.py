"""A model in memory: weights and vocabulary, shared by all experts over the same file."""

from __future__ import annotations

import ctypes
import math
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_experts.engine.protocol import Load
from lsp_experts.engine.worker import memory
from lsp_experts.engine.worker.native import Native
from lsp_experts.engine.worker.vocabulary import Vocabulary
from lsp_experts.errors import EngineError

_LOAD_MODE_MMAP = 1
_GGUF_MAGIC = b"GGUF"


class Aborted(Exception):
    """A decode or a load was stopped; the mirror says what is left."""


@dataclass(frozen=True)
class FileIdentity:
    """A file as it was when it was looked at: another one under the same name is not equal."""

    path: str  # real path
    device: int
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class ModelKey:
    """What two experts must agree on to share a model."""

    file: FileIdentity
    use_extra_bufts: bool
    n_gpu_layers: int


def identify(path: str) -> FileIdentity:
    """`path` as a GGUF file. EngineError("load_failed") if it is none; never blocks, a FIFO is refused unopened."""
    try:
        status = Path(path).stat()  # before open: a FIFO would block for ever
        if not stat.S_ISREG(status.st_mode):
            raise EngineError("load_failed", f"{path} is not a regular file")
        with Path(path).open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise EngineError("load_failed", f"{path}: {error.strerror}") from None
    if magic != _GGUF_MAGIC or status.st_size < 64:
        raise EngineError("load_failed", f"{path} is not a GGUF file")
    return FileIdentity(os.path.realpath(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def check_numbers(load: Load) -> None:
    """What llama.cpp must never see: EngineError("bad_request")."""
    if not 64 <= load.n_ctx <= 131_072 or not 1 <= load.n_threads <= 256:
        raise EngineError("bad_request", f"n_ctx {load.n_ctx} or n_threads {load.n_threads} is out of range")
    if not 0 <= load.n_gpu_layers <= 1000 or not math.isfinite(load.adapter_scale):
        raise EngineError(
            "bad_request", f"n_gpu_layers {load.n_gpu_layers} or adapter_scale {load.adapter_scale} is out of range"
        )


class LoadedModel:
    """A model without a context. Only the compute thread may call it."""

    def __init__(self, native: Native, key: ModelKey, on_progress: Callable[[float], bool]) -> None:
        """Load it. EngineError("load_failed" | "out_of_memory"), Aborted; nothing is left behind then.

        `on_progress` gets 0..1 and returns False to give up.
        """
        self.key, self.path = key, key.file.path
        self._C = native.C
        self.pointer: Any = None
        before = memory.anonymous_bytes()
        try:
            self._open(native, on_progress)
        except BaseException:
            self.close()
            raise
        memory.trim_heap()  # what only the parsing of the vocabulary needed is not the model's
        self.anonymous_bytes = max(0, memory.anonymous_bytes() - before)

    def _open(self, native: Native, on_progress: Callable[[float], bool]) -> None:
        params = self._C.llama_model_default_params()
        params.n_gpu_layers = self.key.n_gpu_layers
        params.load_mode = _LOAD_MODE_MMAP
        params.use_extra_bufts = self.key.use_extra_bufts
        given_up: list[float] = []

        def report(fraction: float, _: object) -> bool:
            go_on = on_progress(float(fraction))
            if not go_on:
                given_up.append(fraction)
            return go_on

        params.progress_callback = self._C.llama_progress_callback(report)
        native.log.clear()
        self.pointer = self._C.llama_model_load_from_file(os.fsencode(self.path), params)
        if not self.pointer and given_up:
            raise Aborted
        if not self.pointer:
            raise native.refusal(f"llama.cpp cannot load {self.path}")
        self.vocabulary = Vocabulary(self._C, self._C.llama_model_get_vocab(self.pointer))
        self.n_ctx_train = int(self._C.llama_model_n_ctx_train(self.pointer))
        self.n_layers = int(self._C.llama_model_n_layer(self.pointer))
        if self.vocabulary.size <= 0:
            raise EngineError("load_failed", f"{self.path} has no vocabulary")

    def close(self) -> None:
        """Free it; every context and adapter over it must be gone. Twice is fine."""
        if self.pointer:
            self._C.llama_model_free(self.pointer)
        self.pointer = None
        memory.trim_heap()

    def describe(self) -> str:
        """llama.cpp's own one-line description of the model."""
        buffer = ctypes.create_string_buffer(256)
        self._C.llama_model_desc(self.pointer, buffer, 256)
        return buffer.value.decode("utf-8", "replace")

    def metadata(self, key: str) -> str:
        """A metadata value as text, "" if it is missing."""
        buffer = ctypes.create_string_buffer(256)
        count = int(self._C.llama_model_meta_val_str(self.pointer, key.encode(), buffer, 256))
        return buffer.value.decode("utf-8", "replace") if count >= 0 else ""
