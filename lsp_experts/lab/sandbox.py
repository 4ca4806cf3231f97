"""Running what a model wrote: a child process that can compute and answer with its exit code, and nothing else.

A new session and an empty folder; an interpreter without environment, site packages and user settings; standard input
closed, output thrown away; limits on processor time, memory, file size, processes and core dumps; no new privileges;
a network namespace of its own where the kernel gives one to this user; and in any case an audit hook that refuses
sockets, processes, libraries and writing. The hook is a fence inside the interpreter, not a wall: code that sets out
to get past it may. The whole process group is killed at the time limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE

TIMEOUT_S = 10.0
_CPU_S, _MEMORY_BYTES = 8, 1 << 30

# Runs first in the child. Its names are gone before the program starts.
_GUARD = f"""
def guard():
    import ctypes, resource, sys
    kept = ["isolated interpreter", "empty environment", "empty folder", "killed with its group"]
    limits = [("processor time", "CPU", {_CPU_S}), ("memory", "AS", {_MEMORY_BYTES}), ("file size", "FSIZE", 0),
              ("processes", "NPROC", 0), ("core dumps", "CORE", 0)]
    for name, limit, most in limits:
        try:
            resource.setrlimit(getattr(resource, "RLIMIT_" + limit), (most, most))
            kept.append("limit on " + name)
        except (AttributeError, OSError, ValueError):
            pass
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) == 0:  # PR_SET_NO_NEW_PRIVS
            kept.append("no new privileges")
        new_user, new_network = 0x10000000, 0x40000000
        if libc.unshare(new_network) == 0 or libc.unshare(new_user | new_network) == 0:
            kept.append("no network (namespace)")
    except (AttributeError, OSError):
        pass
    refused = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill",
               "os.putenv", "ctypes.", "shutil.", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod",
               "os.link", "os.symlink", "os.truncate", "pty.", "ftplib.", "urllib.")
    def hook(event, arguments):
        if event.startswith(refused):
            raise PermissionError(event)
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & 3):
                raise PermissionError(event)
    sys.addaudithook(hook)
    kept.append("audit hook: no sockets, processes, libraries, writing")
    return kept

kept = guard()
del guard
"""
_PROGRAM = "import sys as _sys\nexec(compile(_sys.argv[1], 'program', 'exec'), {'__name__': '__main__'})\n"


async def succeeds(program: str, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether `program` ends by itself, with exit code 0, within `timeout_s`."""
    code, _ = await _run(_GUARD + "del kept\n" + _PROGRAM, program, timeout_s, want_output=False)
    return code == 0


async def protections() -> tuple[str, ...]:
    """What is in force in the children of this process, as the guard found it; () if it could not even start."""
    code, output = await _run(_GUARD + "import json\nprint(json.dumps(kept))\n", "", TIMEOUT_S, want_output=True)
    return tuple(json.loads(output)) if code == 0 else ()


async def _run(guard: str, program: str, timeout_s: float, *, want_output: bool) -> tuple[int | None, str]:
    """(exit code, what it printed); the code is None at the time limit."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-B", "-c", guard, program,
            cwd=folder, env={}, stdin=DEVNULL, stdout=PIPE if want_output else DEVNULL, stderr=DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(), timeout_s)
            return process.returncode, (output or b"").decode("utf-8", "replace")
        except TimeoutError:
            return None, ""
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what it may have left behind, too
            await process.wait()
