"""The memory of builds that crash with extra buffer types."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lsp_experts.engine.extra_bufts import ExtraBuftsMemory, library_and_cpu
from lsp_experts.paths import default_paths


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version":2,"refused":["key"]}', b'{"version":1,"refused":"key"}',
     b'{"version":1}', b"[" * 100_000, b'{"version":1,"refused":[1,null,{}]}'],
)  # fmt: skip
def test_a_damaged_memory_is_ignored_and_rewritten(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "memory.json"
    file.write_bytes(content)
    memory = ExtraBuftsMemory(file, lambda: "key")
    assert not memory.refused
    memory.remember()
    assert json.loads(file.read_bytes()) == {"version": 1, "refused": ["key"]}
    assert ExtraBuftsMemory(file, lambda: "key").refused
    assert not ExtraBuftsMemory(file, lambda: "another build").refused
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["memory.json"]
    memory.forget()
    assert not ExtraBuftsMemory(file, lambda: "key").refused


def test_a_memory_that_cannot_be_written_still_holds_in_this_process(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = ExtraBuftsMemory(tmp_path / "file" / "memory.json", lambda: "key")
    memory.remember()
    assert memory.refused


def test_the_key_names_library_and_cpu_without_importing_it(home: Path) -> None:
    had = "llama_cpp" in sys.modules
    key = library_and_cpu()
    assert key == library_and_cpu()
    assert len(key.split(" ", 2)) == 3
    assert ("llama_cpp" in sys.modules) == had
    assert ExtraBuftsMemory.of(default_paths()).refused is False
