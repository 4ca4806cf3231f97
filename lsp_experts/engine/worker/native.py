"""llama.cpp's C API, with what must be set before and right after its library is loaded."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import importlib.util
import os
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lsp_experts.errors import EngineError

# ggml's levels; the map in llama_cpp/_logger.py is shifted by one, so we keep our own.
_WARN, _ERROR = 3, 4
# What llama.cpp, ggml and its GPU backends log when memory could not be had (provoked with a limited address space).
_OUT_OF_MEMORY = (
    "failed to allocate", "unable to allocate", "insufficient memory", "cannot allocate memory", "out of memory",
    "std::bad_alloc",
)  # fmt: skip


@dataclass
class Native:
    """The loaded library: `C` is the module llama_cpp.llama_cpp, `log` its last warnings and errors."""

    C: Any
    log: deque[str]
    version: str
    _keep: tuple[Any, ...] = ()  # callbacks that C still points to
    decoded_tokens: int = 0  # run through models since the start, for whatever reason
    prompt_tokens: int = 0  # of them, tokens of prompts
    listeners: list[Callable[[str], None]] = field(default_factory=list)  # to each line that is said, of any level

    @contextmanager
    def listening(self, on_line: Callable[[str], None]) -> Iterator[None]:
        """Tell `on_line` what llama.cpp says meanwhile, on the thread that says it."""
        self.listeners.append(on_line)
        try:
            yield
        finally:
            self.listeners.remove(on_line)

    def take_log(self) -> str:
        """The last warnings and errors, which are then forgotten."""
        lines = " / ".join(self.log)
        self.log.clear()
        return lines

    def refusal(self, what: str) -> EngineError:
        """The error for a call that gave NULL: "out_of_memory" if the log says so, else "load_failed"."""
        log = self.take_log()
        scarce = any(sign in log.lower() for sign in _OUT_OF_MEMORY)
        return EngineError("out_of_memory" if scarce else "load_failed", f"{what}: {log}")


def open_library() -> Native:
    """Import the C API without the package's Python layer (61 ms instead of 300 to 500 ms, and without its logger)."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # libgomp reads it when it is loaded
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("llama-cpp-python is not installed in this environment")
    package = types.ModuleType("llama_cpp")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules.setdefault("llama_cpp", package)
    api: Any = importlib.import_module("llama_cpp.llama_cpp")

    log: deque[str] = deque(maxlen=20)
    listeners: list[Callable[[str], None]] = []

    def on_log(level: int, text: bytes, _: object) -> None:
        for on_line in listeners:
            on_line(text.decode("utf-8", "replace"))
        if level in (_WARN, _ERROR):
            log.append(text.decode("utf-8", "replace").strip()[:300])

    callback = api.llama_log_callback(on_log)
    api.llama_log_set(callback, None)
    api.llama_backend_init()
    return Native(api, log, importlib.metadata.version("llama-cpp-python"), (callback,), listeners=listeners)


class AbortFlag:
    """Stops a decode from any thread without the GIL.

    llama.cpp polls its abort callback after every graph node; libc's strlen is given as that callback and two bytes as
    its data: an empty string is "go on", a string of one character is "abort".
    """

    def __init__(self, native: Native) -> None:
        self._buffer = ctypes.create_string_buffer(2)
        libc = ctypes.CDLL(None)
        self.callback = ctypes.cast(libc.strlen, native.C.ggml_abort_callback)
        self.data = ctypes.cast(self._buffer, ctypes.c_void_p)

    def raise_flag(self) -> None:
        """Abort the running decode."""
        self._buffer[0] = b"\x01"

    def lower(self) -> None:
        """Let decodes run."""
        self._buffer[0] = b"\x00"


def build_report(native: Native) -> dict[str, Any]:
    """What `doctor` shows of this build: version, features, devices."""
    features = native.C.llama_print_system_info().decode("utf-8", "replace")
    return {
        "llama_cpp_python": native.version,
        "features": " ".join(features.split()),
        "gpu_offload": bool(native.C.llama_supports_gpu_offload()),
    }
