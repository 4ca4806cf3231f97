"""Threads of the server share one heap."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

THREADS = """
import ctypes, sys, threading
if sys.argv[1:]:
    from lsp_experts.server.heap import share_heap
    share_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
everybody = threading.Barrier(5)
def work():
    libc.malloc(ctypes.c_size_t(5000))
    everybody.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
everybody.wait()
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_one_heap() -> None:
    def heaps(*arguments: str) -> int:
        command = [sys.executable, "-c", THREADS, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.count("<heap nr=")

    assert heaps() > 1
    assert heaps("shared") == 1
