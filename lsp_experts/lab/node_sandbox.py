"""Running what a model wrote in JavaScript: Node with its permission model, in a child process as lab/sandbox.py makes.

Node refuses files, processes, workers and add-ons by `--permission`; a network namespace of its own where the kernel
gives one to this user. It is a fence, not a wall, as there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence

TIMEOUT_S = 10.0
_CPU_S = 8
_GUARD = f"""
import ctypes, os, resource, sys
for limit, most in (("CPU", {_CPU_S}), ("FSIZE", 0), ("CORE", 0)):
    resource.setrlimit(getattr(resource, "RLIMIT_" + limit), (most, most))
try:
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    libc.unshare(0x40000000) == 0 or libc.unshare(0x50000000)
except (AttributeError, OSError):
    pass
os.execv(sys.argv[1], sys.argv[1:])
"""
_PERMISSIONS = ("--permission", "--experimental-permission")  # since Node 23, since 20


def node_command() -> tuple[str, ...]:
    """How to start a Node that is told to refuse files and processes; () without one that can be."""
    node = shutil.which("node")
    for option in _PERMISSIONS if node else ():
        try:
            done = subprocess.run([str(node), option, "-e", "0"], capture_output=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.SubprocessError):
            break
        if done.returncode == 0:
            return str(node), option
    return ()


async def succeeds_in_node(node: Sequence[str], program: str, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether `program` ends by itself, with exit code 0, within `timeout_s`. `node` as node_command gives it."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-B", "-c", _GUARD, *node, "--no-warnings", "-e", program,
            cwd=folder, env={}, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            return await asyncio.wait_for(process.wait(), timeout_s) == 0
        except TimeoutError:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what it may have left behind, too
            await process.wait()
