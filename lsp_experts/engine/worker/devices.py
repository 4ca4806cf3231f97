"""The GPUs that llama.cpp sees, and how much of their memory is free."""

from __future__ import annotations

import ctypes
from typing import Any

from lsp_experts.engine.protocol import Device

_GPU, _INTEGRATED_GPU = 1, 2  # enum ggml_backend_dev_type
_Handle = ctypes.c_void_p
_Size = ctypes.POINTER(ctypes.c_size_t)


class Gpus:
    """All GPUs of this build and machine: none where there are none, or where the build does not tell."""

    def __init__(self, api: Any) -> None:
        """`api` is the module llama_cpp.llama_cpp; ggml's own libraries lie beside its library."""
        self._handles: list[int] = []
        try:
            registry = api.load_shared_library("ggml", api._base_path)
            self._base = api.load_shared_library("ggml-base", api._base_path)
            self._declare(registry)
            count = int(registry.ggml_backend_dev_count())
            handles = [registry.ggml_backend_dev_get(index) for index in range(count)]
            self._handles = [at for at in handles if self._base.ggml_backend_dev_type(at) in (_GPU, _INTEGRATED_GPU)]
        except (AttributeError, OSError, RuntimeError):
            return

    @property
    def present(self) -> bool:
        """Whether there is one."""
        return bool(self._handles)

    def measure(self) -> tuple[Device, ...]:
        """Each GPU with its memory as of now. From any thread."""
        return tuple(self._device(handle) for handle in self._handles)

    def free_bytes(self) -> int:
        """Free memory of all of them together, as of now."""
        return sum(device.free_bytes for device in self.measure())

    def _declare(self, registry: Any) -> None:
        registry.ggml_backend_dev_count.argtypes = []
        registry.ggml_backend_dev_count.restype = ctypes.c_size_t
        registry.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
        registry.ggml_backend_dev_get.restype = _Handle
        base = self._base
        base.ggml_backend_dev_type.argtypes, base.ggml_backend_dev_type.restype = [_Handle], ctypes.c_int
        base.ggml_backend_dev_name.argtypes, base.ggml_backend_dev_name.restype = [_Handle], ctypes.c_char_p
        base.ggml_backend_dev_memory.argtypes, base.ggml_backend_dev_memory.restype = [_Handle, _Size, _Size], None

    def _device(self, handle: int) -> Device:
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._base.ggml_backend_dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
        return Device(self._base.ggml_backend_dev_name(handle).decode("utf-8", "replace"), free.value, total.value)
