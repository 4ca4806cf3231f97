"""Runs a check's command: no shell, no input, bounded time and output, nothing left behind of its processes.

The environment is the server's own, as a terminal would give it: the command is the user's, and compilers and test
runners need it (PATH, HOME, caches). The project's code can read what is in it, as whenever its tests are run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import psutil

from lsp_experts.errors import ActionRefused

MAX_OUTPUT_BYTES = 256 * 1024  # the tail; what came before is dropped
_CHUNK_BYTES = 64 * 1024
_LAST_WORDS_S = 1.0  # for output that is still in the pipe when the process has ended
_PYTHON_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True)
class Ran:
    """How a command ended. `code` None: it took too long and was killed."""

    code: int | None
    output: str
    seconds: float


def environment(base: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`base` for a command that runs in the copy `folder`.

    In a Python project the copy's own packages come first: an editable install would lead back to the original.
    """
    changed = {**base, "PWD": str(folder)}
    if any((folder / name).exists() for name in _PYTHON_PROJECT):
        own = [str(path) for path in (folder / "src", folder) if path.is_dir()]
        changed["PYTHONPATH"] = os.pathsep.join([*own, *filter(None, [base.get("PYTHONPATH", "")])])
    return changed


async def run_command(
    command: Sequence[str],
    folder: Path,
    timeout_s: float,
    base: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Ran:
    """Run `command` in `folder`; when this returns or is cancelled, its process group is gone.

    ActionRefused if it cannot be started. `base`: the environment, by default this process's.
    """
    reading, writing = os.pipe()  # our own: a process that was left behind and holds it must not keep us waiting
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        started = clock()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=environment(os.environ if base is None else base, folder),
                stdin=DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            what = (error.strerror if isinstance(error, OSError) else "") or str(error)
            raise ActionRefused(
                f"The check {command[0]!r} cannot be started: {what}.",
                remedy="Is it in the PATH of the editor? `lsp-experts check` shows what is set.",
            ) from error
        finally:
            os.close(writing)
        output = _Tail()
        listening = asyncio.create_task(output.read(pipe))
        try:
            try:
                code = await asyncio.wait_for(process.wait(), timeout_s)
            except TimeoutError:
                code = None
            finally:
                seconds = clock() - started
                _kill(process)
            await asyncio.wait((listening,), timeout=_LAST_WORDS_S)
            return Ran(code, output.text, seconds)
        finally:
            listening.cancel()
            await asyncio.gather(process.wait(), listening, return_exceptions=True)


class _Tail:
    """The last MAX_OUTPUT_BYTES of a pipe."""

    def __init__(self) -> None:
        self._data = b""
        self._cut = False

    @property
    def text(self) -> str:
        """What came; whole lines where the first were dropped."""
        _, line_break, rest = self._data.partition(b"\n")
        return (rest if self._cut and line_break else self._data).decode("utf-8", "replace")

    async def read(self, pipe: RawIOBase) -> None:
        """Read to the end, or until cancelled."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while chunk := await reader.read(_CHUNK_BYTES):
                self._data += chunk
                self._cut = self._cut or len(self._data) > MAX_OUTPUT_BYTES
                self._data = self._data[-MAX_OUTPUT_BYTES:]
        finally:
            transport.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    """The process, its group, and children that went off into groups of their own while it lived."""
    children: list[psutil.Process] = []
    if process.returncode is None:  # else its number may be another's by now
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for child in children:
        with contextlib.suppress(psutil.Error):
            child.kill()
