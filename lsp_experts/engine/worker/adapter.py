"""A LoRA adapter over a loaded model."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from lsp_experts.engine.worker.model import LoadedModel
from lsp_experts.engine.worker.native import Native


class LoadedAdapter:
    """One expert's own adapter. It belongs to its model, and must be freed before that or not at all."""

    def __init__(self, native: Native, model: LoadedModel, path: str, scale: float) -> None:
        """Read `path`. EngineError("load_failed" | "out_of_memory") names it; llama.cpp frees what it had read."""
        self._C, self.path, self._scale = native.C, path, scale
        native.log.clear()
        self._pointer: Any = self._C.llama_adapter_lora_init(model.pointer, os.fsencode(path))
        if not self._pointer:
            raise native.refusal(f"llama.cpp cannot use the adapter {path} over {model.path}")

    def apply(self, native: Native, context: Any) -> None:
        """Make it the one adapter of `context`; for each new context, before its first decode."""
        adapters = (self._C.llama_adapter_lora_p_ctypes * 1)(self._pointer)
        scales = (ctypes.c_float * 1)(self._scale)
        if self._C.llama_set_adapters_lora(context, adapters, 1, scales) != 0:
            raise native.refusal(f"llama.cpp cannot set the adapter {self.path}")

    def close(self) -> None:
        """Free it; its contexts must be gone, its model must not. Twice is fine."""
        if self._pointer:
            self._C.llama_adapter_lora_free(self._pointer)  # takes it off its model's list
        self._pointer = None
