"""A disk that will not have a download: one message, nothing left behind, and what was there before still serves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_experts.errors import StoreError
from lsp_experts.lab.faults.bad_answers import CONTENT, SHA256, published, whole
from lsp_experts.lab.faults.bad_host import BadHost
from lsp_experts.registry.entry import Entry, FileSource, HubSource
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store

IN_A_DISK_OF_ITS_OWN = """
import hashlib, os, subprocess, sys
from pathlib import Path
from lsp_experts.errors import ExpertsError
from lsp_experts.registry.entry import Entry, FileSource
from lsp_experts.registry.pull import pull
from lsp_experts.registry.store import Store

disk, origin, size, trouble = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", disk], check=True)
store = Store(Path(disk) / "models")
with store.temporary() as path:
    path.write_bytes(b"GGUF old")
    sha256 = hashlib.sha256(b"GGUF old").hexdigest()
    store.adopt("old-tiny", path, sha256=sha256, size=8, source="test")
if trouble == "read-only":
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

class Filling:
    def start(self, label, total): print("fetching")
    def advance(self, done):
        with open(Path(disk) / "another program's", "ab", buffering=0) as file:
            while trouble == "fills up" and file.write(bytes(1 << 20)): pass
    def finish(self): pass

entry = Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(FileSource(origin), FileSource(origin)))
try:
    pull(entry, store, Filling(), say=print)
except ExpertsError as error:
    print(type(error).__name__, error)
except OSError as error:
    print("filled", error)
print(store.check("old-tiny").size, list(store.installed()), os.listdir(store.root / "temporary"))
"""


def namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not namespaces_work(), reason="no user namespaces here: a disk of its own cannot be mounted")
@pytest.mark.parametrize(
    ("size", "trouble", "before", "said"),
    [
        ("1m", "", [], "MB are needed. Free some space"),
        ("48m", "", [], "no space left for"),  # the file is larger than anybody said, and 32 MB are there
        ("80m", "fills up", ["fetching"], "no space left for"),
        ("80m", "read-only", [], "on a read-only disk"),
    ],
    ids=["too small", "too small for what comes", "fills up under way", "read-only"],
)
def test_one_message_and_nothing_left(tmp_path: Path, size: str, trouble: str, before: list[str], said: str) -> None:
    disk, origin = tmp_path / "disk", tmp_path / "model.gguf"
    disk.mkdir()
    with origin.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(60 << 20)
    command = ["unshare", "-rm", sys.executable, "-c", IN_A_DISK_OF_ITS_OWN, str(disk), str(origin), size, trouble]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    *first, message, after = done.stdout.splitlines()
    assert first == before  # no source is tried after the disk refused
    assert message.startswith("StoreError")
    assert said in message and "LSP_EXPERTS_HOME" in message
    assert after == "8 ['old-tiny'] []"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may enter, which those of pytest are not."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere, so the test is somebody else meanwhile."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_store_that_may_not_be_written(open_folder: Path) -> None:
    store = Store(open_folder / "models")
    origin = open_folder / "model.gguf"
    origin.write_bytes(CONTENT)
    entry = Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(FileSource(str(origin)),))
    pull(entry, store, Silent())
    for path in (store.root, *store.root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with as_nobody():
        with pytest.raises(StoreError, match=r"may not be written.*LSP_EXPERTS_HOME"):
            pull(entry, store, Silent(), again=True)
        assert store.check("go-tiny").sha256 == SHA256
    for path in (store.root, *store.root.rglob("*")):
        path.chmod(0o700)


def test_what_a_hub_says_of_the_size_is_asked_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """huggingface_hub warns of a disk that is too small, and writes on."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    def huge(asked: object) -> list[bytes]:
        (head,) = published(asked)  # type: ignore[arg-type]
        return [head.replace(b"X-Linked-Size: %d" % len(CONTENT), b"X-Linked-Size: %d" % (1 << 60))]

    with BadHost.serving(lambda asked: huge(asked) if asked.method == "HEAD" else whole(asked)) as host:
        monkeypatch.setenv("HF_ENDPOINT", host.url)
        entry = Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(HubSource("owner/model", "model.gguf"),))
        with pytest.raises(StoreError, match="no space left"):
            pull(entry, Store(tmp_path / "models"), Silent())
    assert [asked.method for asked in host.asked] == ["HEAD"]
