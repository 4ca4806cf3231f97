"""Files really come into the page cache, and stop coming when nobody wants them."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lsp_experts.pool.page_cache import CHUNK_BYTES, PageCache, PageCachePort, cached_fraction, drop

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is in the page cache")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Three reads of four MiB and a bit: over what is looked at page by page."""
    path = tmp_path / "model.gguf"
    path.write_bytes(os.urandom(1 << 20) * 13 + b"bit")
    os.utime(path)
    return path


def dropped(path: Path) -> None:
    """Out of the page cache, or the test is skipped: tmpfs and overlays on it keep all."""
    drop(path)
    if cached_fraction(path) > 0.0:
        pytest.skip(f"the file system of {path.parent} keeps its files in the page cache")


Done = asyncio.Queue[tuple[str, bool]]


@asynccontextmanager
async def page_cache(
    read: Callable[[io.FileIO, memoryview], int | None] = io.FileIO.readinto, available_bytes: int = 1 << 40
) -> AsyncIterator[tuple[PageCache, Done]]:
    """A page cache that tells its loop what is done, closed at the end."""
    loop, done = asyncio.get_running_loop(), Done()

    def on_done(path: Path, whole: bool) -> None:
        loop.call_soon_threadsafe(done.put_nowait, (path.name, whole))

    cache = PageCache(on_done=on_done, available_bytes=lambda: available_bytes, read=read)
    try:
        yield cache, done
    finally:
        await asyncio.wait_for(cache.close(), 10)


async def next_of(done: Done) -> tuple[str, bool]:
    return await asyncio.wait_for(done.get(), 10)


@linux_only
@pytest.mark.parametrize("size", [3, 1 << 20, (20 << 20) + 1])
def test_fraction_of_files_of_all_sizes(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(size))
    path.read_bytes()
    assert cached_fraction(path) == 1.0
    dropped(path)
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # no read-ahead
        os.pread(file.fileno(), size // 2, 0)
    assert cached_fraction(path) == pytest.approx(1.0 if size < 4096 * 2 else 0.5, abs=0.02)


def test_unknown_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "fifo")
    for name in ("empty", "fifo", "absent", "."):
        assert cached_fraction(tmp_path / name) == 0.0


@linux_only
def test_unknown_where_the_kernel_does_not_say(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model.read_bytes()
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(model).st_uid + 1)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cached_fraction(model) == 0.0


@linux_only
@pytest.mark.asyncio
async def test_a_file_comes_in(model: Path) -> None:
    dropped(model)
    async with page_cache() as (cache, done):
        port: PageCachePort = cache
        port.start(model)
        assert await next_of(done) == ("model.gguf", True)
        assert port.cached_fraction(model) == 1.0


@linux_only
@pytest.mark.asyncio
async def test_what_is_there_is_not_read_again(model: Path) -> None:
    model.read_bytes()
    async with page_cache(read=lambda file, buffer: pytest.fail("read")) as (cache, done):
        cache.start(model)
        assert await next_of(done) == ("model.gguf", True)


class Gate:
    """A reader that stands still in its second read until it is let go."""

    def __init__(self) -> None:
        self.reads = 0
        self.reached, self.go = threading.Event(), threading.Event()
        self.threads: list[int] = []

    def __call__(self, file: io.FileIO, buffer: memoryview) -> int | None:
        self.reads += 1
        self.threads.append(threading.get_native_id())
        if self.reads == 2:
            self.reached.set()
            assert self.go.wait(10)
        return file.readinto(buffer)

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 10)


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is in the page cache, whatever the file system does."""
    monkeypatch.setattr("lsp_experts.pool.page_cache.cached_fraction", lambda path: 0.0)


@pytest.mark.asyncio
async def test_cancelled_between_two_reads(model: Path, cold: None) -> None:
    gate = Gate()
    async with page_cache(gate) as (cache, done):
        cache.start(model)
        await gate.wait()
        cache.cancel()
        gate.go.set()
        assert await next_of(done) == ("model.gguf", False)
        assert gate.reads == 2
        cache.start(model)  # and it can be wanted again
        assert await next_of(done) == ("model.gguf", True)


@pytest.mark.asyncio
async def test_the_newest_wins_and_the_same_one_goes_on(model: Path, tmp_path: Path, cold: None) -> None:
    gate = Gate()
    other, newest = tmp_path / "other", tmp_path / "newest"
    for path in (other, newest):
        path.write_bytes(bytes(CHUNK_BYTES))
    async with page_cache(gate) as (cache, done):
        cache.start(model)
        await gate.wait()
        cache.start(model)
        cache.start(other)
        cache.start(newest)
        gate.go.set()
        ended = [await next_of(done) for _ in range(3)]
        assert ended == [("model.gguf", False), ("other", False), ("newest", True)]
        assert gate.reads == 2 + 1


@pytest.mark.asyncio
async def test_closing_does_not_wait_for_the_rest(model: Path, cold: None) -> None:
    gate = Gate()
    async with page_cache(gate) as (cache, done):
        cache.start(model)
        await gate.wait()
        closing = asyncio.create_task(cache.close())
        await asyncio.sleep(0)
        gate.go.set()
        await asyncio.wait_for(closing, 10)
        assert await next_of(done) == ("model.gguf", False)
        assert gate.reads == 2
        cache.start(model)
        assert done.empty()


@pytest.mark.asyncio
async def test_nothing_is_read_that_others_would_leave_for(model: Path, cold: None) -> None:
    async with page_cache(lambda *_: pytest.fail("read"), available_bytes=2 * model.stat().st_size - 2) as (
        cache,
        done,
    ):
        cache.start(model)
        assert await next_of(done) == ("model.gguf", False)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["fifo", "absent", "folder"])
async def test_only_regular_files_are_read_and_the_thread_survives(
    model: Path, tmp_path: Path, name: str, cold: None
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    async with page_cache() as (cache, done):
        cache.start(tmp_path / name)
        assert await next_of(done) == (name, False)
        cache.start(model)
        assert await next_of(done) == ("model.gguf", True)


@pytest.mark.asyncio
async def test_a_file_that_is_cut_or_fails_while_it_is_read(model: Path, cold: None) -> None:
    def fails(file: io.FileIO, buffer: memoryview) -> int | None:
        raise OSError(5, "Input/output error")

    for read in (fails, lambda file, buffer: 0):
        async with page_cache(read) as (cache, done):
            cache.start(model)
            assert await next_of(done) == ("model.gguf", False)


@linux_only
@pytest.mark.asyncio
async def test_the_thread_gives_way_and_the_process_does_not(model: Path, cold: None) -> None:
    nice_before, gate = os.getpriority(os.PRIO_PROCESS, 0), Gate()
    async with page_cache(gate) as (cache, _):
        cache.start(model)
        await gate.wait()
        assert os.getpriority(os.PRIO_PROCESS, gate.threads[0]) == 19
        assert os.getpriority(os.PRIO_PROCESS, 0) == nice_before
        gate.go.set()


@pytest.mark.asyncio
async def test_closing_what_never_started(model: Path) -> None:
    async with page_cache():
        pass


@pytest.mark.asyncio
async def test_a_loop_that_is_gone_hurts_nobody(model: Path, cold: None) -> None:
    told = threading.Event()

    def on_done(path: Path, whole: bool) -> None:
        told.set()
        raise RuntimeError("Event loop is closed")

    cache = PageCache(on_done=on_done)
    cache.start(model)
    assert await asyncio.to_thread(told.wait, 10)
    await asyncio.wait_for(cache.close(), 10)
