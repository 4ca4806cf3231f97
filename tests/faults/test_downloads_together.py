"""Many pulls of one expert into one store, with locks and without: never a wrong file, and no needless download."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_experts.lab.faults.bad_answers import CONTENT, SHA256
from lsp_experts.registry.entry import Entry, FileSource
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store

MANY = 20


def go_tiny(origin: Path) -> Entry:
    origin.write_bytes(CONTENT)
    return Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(FileSource(str(origin), SHA256, len(CONTENT)),))


class Counted(Silent):
    """Remembers each fetch that begins."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def start(self, label: str, total_bytes: int | None) -> None:
        self.begun.append(label)


def at_once(entry: Entry, root: Path) -> tuple[set[str], int]:
    """The hashes that many pulls end with, each as a process would do it, and how many of them fetched."""
    counted = Counted()
    with ThreadPoolExecutor(MANY) as threads:
        done = [threads.submit(pull, entry, Store(root), counted) for _ in range(MANY)]
        return {each.result().sha256 for each in done}, len(counted.begun)


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
@pytest.mark.parametrize("stale", [None, b"", b"999999999\n"], ids=["no file", "empty", "a dead process"])
def test_one_of_many_fetches(tmp_path: Path, stale: bytes | None) -> None:
    """A lock file that is there says nothing: who holds it does, and the dead hold none."""
    root = tmp_path / "models"
    if stale is not None:
        (root / "locks").mkdir(parents=True)
        for name in ("go-tiny", "_commit"):
            (root / "locks" / f"{name}.lock").write_bytes(stale)
    assert at_once(go_tiny(tmp_path / "origin.gguf"), root) == ({SHA256}, 1)
    assert Store(root).verify("go-tiny").sha256 == SHA256


@pytest.mark.skipif(sys.platform == "win32", reason="patches fcntl")
def test_without_locks_all_end_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsp_experts.registry.locks.fcntl.flock", lambda *_: None)
    hashes, fetched = at_once(go_tiny(tmp_path / "origin.gguf"), tmp_path / "models")
    assert hashes == {SHA256} and fetched >= 1
    store = Store(tmp_path / "models")
    assert store.verify("go-tiny").sha256 == SHA256
    assert list((store.root / "temporary").iterdir()) == []


PULLING = """
import sys
from pathlib import Path
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store
entry = Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(None,))
pull(entry, Store(Path(sys.argv[1])), Silent(), say=lambda line: print(line, flush=True))
"""


@contextmanager
def waiting(root: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for the lock of a pull."""
    command = [sys.executable, "-c", PULLING, str(root)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="SIGINT")
def test_who_waits_says_so_and_can_be_stopped(tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    with store.lock("go-tiny", lambda: None), waiting(store.root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go-tiny: another process pulls it, waiting\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in stderr
    assert not (store.root / "temporary").exists()
