"""Freed blocks go back to the system, whatever was freed before."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

KEPT = """
import ctypes, pathlib, sys
if sys.argv[1:]:
    from lsp_experts.engine.heap import return_large_blocks
    return_large_blocks(128 * 1024)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def block(size):
    at = libc.malloc(ctypes.c_size_t(size))
    ctypes.memset(at, 1, size)
    return ctypes.c_void_p(at)
def resident_kib():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1])
libc.free(block(4_000_000))  # teaches glibc that blocks up to this size are kept
before = resident_kib()
blocks = [block(200_000) for _ in range(100)]
pin = block(100_000)  # what is below it in the heap cannot go back
for each in blocks:
    libc.free(each)
print(resident_kib() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps them")
def test_large_blocks_go_back() -> None:
    def kept_kib(*arguments: str) -> int:
        command = [sys.executable, "-c", KEPT, *arguments]
        return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    assert kept_kib() > 15_000
    assert kept_kib("returned") < 5_000
