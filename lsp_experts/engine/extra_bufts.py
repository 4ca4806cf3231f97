"""Remembers which build of llama.cpp crashes with repacked weights on which CPU.

Some builds die at the first batch on a CPU with AMX. The crash is met once; then every load of that
library on that CPU starts without `use_extra_bufts`. Another build or another CPU is another key.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import platform
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from lsp_experts.paths import Paths
from lsp_experts.registry.disk import read_private, replace_private

_MAX_KEYS = 32


class ExtraBuftsMemory:
    """One JSON file: {"version": 1, "refused": [key, ...]}. A damaged or unwritable file only costs one more crash."""

    def __init__(self, file: Path, key: Callable[[], str]) -> None:
        self._file, self._make_key = file, key

    @classmethod
    def of(cls, paths: Paths) -> ExtraBuftsMemory:
        """The memory of this user for the installed library and this CPU."""
        return cls(paths.state / "extra_bufts.json", library_and_cpu)

    @cached_property
    def _key(self) -> str:
        return self._make_key()

    @cached_property
    def _refused(self) -> set[str]:
        return set(self._read())

    @property
    def refused(self) -> bool:
        """True if this library crashed on this CPU with extra buffer types before."""
        return self._key in self._refused

    def remember(self) -> None:
        """This library crashed on this CPU with extra buffer types, and works without."""
        self._refused.add(self._key)
        others = [key for key in self._read() if key != self._key]  # another server may have written since
        content = json.dumps({"version": 1, "refused": [*others, self._key][-_MAX_KEYS:]}, indent=1)
        with contextlib.suppress(OSError):
            replace_private(self._file, content)

    def forget(self) -> None:
        """Try extra buffer types again (after a repair of the library that kept its size and time)."""
        self._refused.discard(self._key)
        keys = [key for key in self._read() if key != self._key]
        with contextlib.suppress(OSError):
            replace_private(self._file, json.dumps({"version": 1, "refused": keys}, indent=1))

    def _read(self) -> list[str]:
        try:
            content = json.loads(read_private(self._file))
            keys = content["refused"]
            if content["version"] != 1 or not isinstance(keys, list):
                return []
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []
        return [key for key in keys if isinstance(key, str)]


def library_and_cpu() -> str:
    """A key for the installed llama.cpp (version, native files' sizes and times) and this CPU; nothing is imported."""
    try:
        version = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        version = "none"
    digest = hashlib.sha256(repr(_native_files()).encode()).hexdigest()[:16]
    return f"{version} {digest} {_cpu_model()}"


def _native_files() -> list[tuple[str, int, int]]:
    spec = importlib.util.find_spec("llama_cpp")
    found: list[tuple[str, int, int]] = []
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in sorted((Path(folder) / "lib").glob("*")):
            if file.is_file() and any(part in file.name for part in ("llama", "ggml")):
                status = file.stat()
                found.append((file.name, status.st_size, status.st_mtime_ns))
    return found


def _cpu_model() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
