"""The store keeps what it was given, and nothing else gets through `check`."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_experts.errors import ModelRejected, NotInstalled, StoreError
from lsp_experts.registry.store import Installed, Store

CONTENT = b"GGUF" + bytes(range(256)) * 64
SHA256 = hashlib.sha256(CONTENT).hexdigest()
DAY_S = 86400.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a folder with ünicode 🐹")


def put(store: Store, expert: str = "go-tiny", content: bytes = CONTENT) -> Installed:
    with store.temporary() as path:
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        return store.adopt(
            expert, path, sha256=sha256, size=len(content), source="test", licence="MIT", provenance={"why": "a test"}
        )


def files_of(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.glob("*.gguf"))


def test_what_is_adopted_is_found_again(store: Store) -> None:
    installed = put(store)
    assert installed.path == store.root / f"{SHA256}.gguf"
    assert installed.path.read_bytes() == CONTENT
    again = Store(store.root)
    assert again.find("go-tiny") == again.check("go-tiny") == again.verify("go-tiny") == installed
    assert again.installed() == {"go-tiny": installed}
    assert (installed.licence, installed.source, installed.provenance) == ("MIT", "test", {"why": "a test"})


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX thing")
def test_nobody_else_may_read_the_store(store: Store) -> None:
    put(store)
    for path in (store.root, *store.root.rglob("*")):
        assert stat.S_IMODE(path.lstat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_an_empty_store_is_no_error(store: Store) -> None:
    assert store.installed() == {}
    assert not store.root.exists()
    with pytest.raises(NotInstalled, match="lsp-experts pull go-tiny"):
        store.check("go-tiny")


def outside_link(path: Path) -> None:
    outside = path.parent.parent / "outside.gguf"
    outside.write_bytes(CONTENT)
    path.symlink_to(outside)


BAD_FILES: list[tuple[str, Callable[[Path], object]]] = [
    ("truncated", lambda path: path.write_bytes(CONTENT[:-1])),
    ("empty", lambda path: path.write_bytes(b"")),
    ("trailing byte", lambda path: path.write_bytes(CONTENT + b"\0")),
    ("zero-filled", lambda path: path.write_bytes(bytes(len(CONTENT)))),
    ("zero-filled tail", lambda path: path.write_bytes(CONTENT[:100] + bytes(len(CONTENT) - 100))),
    ("one bit", lambda path: path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))),
    ("folder", lambda path: path.mkdir()),
    ("FIFO", lambda path: os.mkfifo(path)),
    ("link that leads outside", outside_link),
    ("link to nothing", lambda path: path.symlink_to("gone")),
    ("link to itself", lambda path: path.symlink_to(path.name)),
    ("link to a device", lambda path: path.symlink_to("/dev/zero")),
]


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and links")
@pytest.mark.parametrize(("make_bad"), [make for _, make in BAD_FILES], ids=[name for name, _ in BAD_FILES])
def test_a_bad_file_is_rejected_and_can_be_put_right(store: Store, make_bad: Callable[[Path], object]) -> None:
    path = put(store).path
    path.unlink()
    make_bad(path)
    for look in (store.check, store.verify):
        with pytest.raises(ModelRejected) as caught:
            look("go-tiny")
        assert "lsp-experts pull" in str(caught.value) or "pull again" in str(caught.value)
    try:
        put(store)
    except StoreError:  # what leads outside, or is a folder, is the user's to delete: the message says so
        path.unlink() if path.is_symlink() else path.rmdir()
    put(store)
    assert store.verify("go-tiny").path.read_bytes() == CONTENT


def test_a_file_that_is_gone_is_not_installed(store: Store) -> None:
    put(store).path.unlink()
    with pytest.raises(NotInstalled, match="is gone"):
        store.check("go-tiny")
    assert store.installed() == {}
    assert store.recorded("go-tiny") is not None


BAD_RECORDS = {
    "empty": b"",
    "half": b'{"version": 1, "expert": "go-ti',
    "a list": b"[]",
    "not text": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "another version": b'{"version": 2}',
    "no hash": b'{"version": 1, "expert": "go-tiny", "size": 1}',
    "a hash with a path": json.dumps(
        {"version": 1, "expert": "go-tiny", "sha256": "../../etc/passwd", "size": 1}
    ).encode(),
    "an upper-case hash": json.dumps({"version": 1, "expert": "go-tiny", "sha256": SHA256.upper(), "size": 1}).encode(),
    "a size in words": json.dumps({"version": 1, "expert": "go-tiny", "sha256": SHA256, "size": "1"}).encode(),
    "another expert": json.dumps({"version": 1, "expert": "other", "sha256": SHA256, "size": 1}).encode(),
    "huge": b" " * (2 << 20),
}


@pytest.mark.parametrize("raw", BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_a_bad_record_means_not_installed(store: Store, raw: bytes) -> None:
    put(store)
    put(store, "other-tiny", CONTENT + b"more")
    record = store.root / "records" / "go-tiny.json"
    record.write_bytes(raw)
    with pytest.raises(NotInstalled, match="lsp-experts pull go-tiny"):
        store.check("go-tiny")
    assert list(store.installed()) == ["other-tiny"]
    assert store.recorded_ids() == ["go-tiny", "other-tiny"]
    assert store.remove("go-tiny") == 0
    assert not record.exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["FIFO", "folder"])
def test_a_record_that_is_no_file_does_not_hang(store: Store, make: Callable[[Path], None]) -> None:
    put(store)
    record = store.root / "records" / "go-tiny.json"
    record.unlink()
    make(record)
    with pytest.raises(NotInstalled):
        store.find("go-tiny")


def test_hashing_is_remembered_until_the_file_changes(store: Store) -> None:
    path = put(store).path
    before = path.stat()
    path.write_bytes(bytes(len(CONTENT)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    store.check("go-tiny")  # same inode, size and time: taken at its word, which is what makes it quick
    with pytest.raises(ModelRejected, match="damaged"):
        store.verify("go-tiny")
    path.write_bytes(CONTENT)
    os.utime(path, ns=(1, 1))
    store.check("go-tiny")
    record = store.recorded("go-tiny")
    assert record is not None
    assert record.verified is not None
    assert record.verified.mtime_ns == 1


BAD_NAMES = ["", ".", "..", "../x", "a/b", "a\\b", "C:x", "\\\\host\\x", "a\0b", "%2e%2e/x", "a.", "-a", "A", "a" * 200]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_name_leads_out_of_the_store(store: Store, name: str) -> None:
    for call in (store.find, store.check, store.verify, store.remove, put_as(store)):
        with pytest.raises(StoreError):
            call(name)
    assert not (store.root.parent / "x.json").exists()


def put_as(store: Store) -> Callable[[str], object]:
    return lambda name: put(store, name)


@pytest.mark.parametrize("sha256", ["", SHA256[:-1], SHA256 + "0", SHA256.upper(), "../" + SHA256[3:], SHA256 + "\n"])
def test_no_hash_leads_out_of_the_store(store: Store, sha256: str) -> None:
    with pytest.raises(StoreError, match="not a sha256"):
        store.model_path(sha256)


def test_a_records_folder_that_leads_outside_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    store.root.mkdir()
    (store.root / "records").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelRejected, match="leads out of the store"):
        put(store)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_store_behind_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "models").symlink_to(tmp_path / "big disk")
    store = Store(tmp_path / "models")
    put(store)
    assert store.verify("go-tiny").size == len(CONTENT)


def test_a_shared_file_stays_until_its_last_expert_goes(store: Store) -> None:
    put(store, "one")
    put(store, "two")
    assert files_of(store) == [f"{SHA256}.gguf"]
    assert store.remove("one") == 0
    assert store.check("two").path.exists()
    assert store.remove("two") == len(CONTENT)
    assert files_of(store) == []
    with pytest.raises(NotInstalled):
        store.remove("two")


def test_what_an_expert_had_before_goes_once_it_has_the_new_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "one")
    put(store, "two")
    newer = put(store, "one", b"GGUF newer")
    assert files_of(store) == sorted([newer.path.name, f"{SHA256}.gguf"])  # the older one is still another's
    put(store, "two", b"GGUF newer")
    assert files_of(store) == [newer.path.name]

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("lsp_experts.registry.store.write_record", killed)
        with pytest.raises(SystemExit):
            put(store, "one", b"GGUF newest")
    assert store.verify("one").sha256 == newer.sha256  # an expert is never without a file


def test_a_right_file_stays_and_a_damaged_one_is_replaced(store: Store) -> None:
    path = put(store).path
    inode = path.stat().st_ino
    put(store)
    assert path.stat().st_ino == inode
    path.write_bytes(bytes(len(CONTENT)))
    put(store)
    assert path.read_bytes() == CONTENT


def test_reuse_takes_only_a_right_file(store: Store) -> None:
    assert store.reuse("two", SHA256, len(CONTENT), source="test") is None
    path = put(store, "one").path
    assert store.reuse("two", SHA256, len(CONTENT), source="test") == store.check("two")
    path.write_bytes(bytes(len(CONTENT)))
    assert store.reuse("three", SHA256, len(CONTENT), source="test") is None


def test_adopt_refuses_another_size(store: Store) -> None:
    with store.temporary() as path:
        path.write_bytes(CONTENT)
        with pytest.raises(ModelRejected):
            store.adopt("go-tiny", path, sha256=SHA256, size=3, source="test")
    assert files_of(store) == []


def test_temporary_paths_are_unique_and_go(store: Store) -> None:
    with store.temporary() as one, store.temporary() as two:
        assert one != two
        one.write_bytes(b"x")
        assert one.is_relative_to(store.root)
    with pytest.raises(KeyboardInterrupt), store.temporary_folder() as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"x")
        raise KeyboardInterrupt
    assert list((store.root / "temporary").iterdir()) == []


def test_sweep_takes_only_what_is_a_day_old(store: Store) -> None:
    store = Store(store.root, now=lambda: 10 * DAY_S)
    put(store)
    ages = {"old": 8.9, "new": 9.1, "old folder, growing file": 9.1}
    for name, day in ages.items():
        folder = store.root / "temporary" / name
        folder.mkdir()
        (folder / "model.gguf").write_bytes(b"x")
        os.utime(folder / "model.gguf", (day * DAY_S, day * DAY_S))
        folder_day = 1.0 if "folder" in name else day
        os.utime(folder, (folder_day * DAY_S, folder_day * DAY_S))
    half_record = store.root / "records" / ".go-tiny.json.abc.new"
    half_record.write_bytes(b"{")
    os.utime(half_record, (DAY_S, DAY_S))
    store.sweep()
    assert sorted(path.name for path in (store.root / "temporary").iterdir()) == ["new", "old folder, growing file"]
    assert not half_record.exists()
    store.check("go-tiny")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EDQUOT, "no space left"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "LSP_EXPERTS_HOME"),
    ],
)
def test_what_a_disk_refuses_is_one_message_with_a_remedy(store: Store, number: int, said: str) -> None:
    with pytest.raises(StoreError) as caught, store.disk_errors():
        raise OSError(number, os.strerror(number))
    assert said in str(caught.value)
    assert "LSP_EXPERTS_HOME" in caught.value.remedy


def test_a_file_where_the_store_should_be(tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"")
    with pytest.raises(StoreError, match="LSP_EXPERTS_HOME"):
        put(Store(tmp_path / "models"))


def test_a_full_disk_is_refused_before_anything_is_written(store: Store) -> None:
    full = Store(store.root, free_bytes=lambda _folder: 1_000_000)
    full.require_space(1_000_000)
    with pytest.raises(StoreError, match="1 MB free, and 2 MB are needed"):
        full.require_space(2_000_000)


HOLDER = """
import sys, time
from pathlib import Path
from lsp_experts.registry.store import Store
with Store(Path(sys.argv[1])).lock("go-tiny", lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_a_lock_is_waited_for_and_dies_with_its_process(store: Store) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        waited: list[str] = []

        def waiting() -> None:
            waited.append("once")
            holder.send_signal(signal.SIGKILL)

        with store.lock("go-tiny", waiting):
            pass
        assert waited == ["once"]


def test_a_wait_for_a_lock_can_be_broken_off(store: Store) -> None:
    def waiting() -> None:
        raise KeyboardInterrupt

    with store.lock("go-tiny", lambda: None):
        with pytest.raises(KeyboardInterrupt), store.lock("go-tiny", waiting):
            pytest.fail("two hold one lock")
        with store.lock("another", waiting):
            pass
    with store.lock("go-tiny", waiting):
        pass
