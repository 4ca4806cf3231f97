"""A real Vim in a terminal of its own: keys go in as a user types them, and its state is asked over a channel."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

DEADLINE_S = 60.0
_POLL_S = 0.02
_ROWS_AND_COLUMNS = "set lines=40 columns=120"


class Vim:
    """Vim with `vimrc` (lines of Vim script) and `file` open; use it as a context manager."""

    def __init__(self, folder: Path, vimrc: list[str], file: Path, variables: Mapping[str, str]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE_S)
        channel = f"let g:test_channel = ch_open('127.0.0.1:{self._listener.getsockname()[1]}')"
        script = folder / "vimrc"
        script.write_text("\n".join(["set nocompatible", _ROWS_AND_COLUMNS, *vimrc, channel, ""]))
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            ["vim", "-N", "-n", "-i", "NONE", "-u", str(script), str(file)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", "HOME": str(folder), **variables},
            start_new_session=True,
        )
        os.close(theirs)
        threading.Thread(target=self._drain, daemon=True).start()
        self._number = 0

    def __enter__(self) -> Self:
        self._channel, _ = self._listener.accept()
        self._channel.settimeout(DEADLINE_S)
        self._answers = self._channel.makefile("r")
        return self

    def __exit__(self, *_: object) -> None:
        self.keys("\x1b:qall!\r")
        try:
            self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._channel.close()
        self._answers.close()
        self._listener.close()
        os.close(self._terminal)

    def keys(self, typed: str) -> None:
        """Type into the terminal."""
        os.write(self._terminal, typed.encode())

    def ask(self, expression: str) -> Any:
        """The value of a Vim expression."""
        self._number -= 1
        self._channel.sendall(json.dumps(["expr", expression, self._number]).encode() + b"\n")
        while True:
            number, value = json.loads(self._answers.readline())
            if number == self._number:
                return value

    def messages(self) -> str:
        """What Vim has told its user."""
        return str(self.ask("execute('messages')"))

    def wait(self, expression: str, wanted: Callable[[Any], object] = bool) -> Any:
        """The value of an expression once it is as wanted."""
        deadline = time.monotonic() + DEADLINE_S
        while not wanted(value := self.ask(expression)):
            assert time.monotonic() < deadline, f"{expression} stayed {value!r}; Vim says: {self.messages()}"
            time.sleep(_POLL_S)
        return value

    def _drain(self) -> None:
        # A terminal that nobody reads fills up, and Vim would wait for it.
        try:
            while os.read(self._terminal, 65536):
                pass
        except OSError:
            pass
