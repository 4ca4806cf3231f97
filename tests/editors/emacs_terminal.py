"""An Emacs in a terminal, as a user sees it: keys in, the screen out. The terminal is tmux."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from editors.emacs_child import emacs_arguments, emacs_environment

_DEADLINE_S = 120.0
_POLL_S = 0.05
_COLUMNS, _LINES = 120, 24


class Terminal:
    """`press` sends keys as tmux names them, `type` sends text, `screen` is what stands there."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def screen(self) -> list[str]:
        return self.tmux("capture-pane", "-p").splitlines()

    def cursor(self) -> tuple[int, int]:
        """(column, line), from 0."""
        column, line = self.tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(column), int(line)

    def wait(self, what: str, seen: Callable[[list[str]], bool]) -> list[str]:
        """The screen, once it is as it should be."""
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            screen = self.screen()
            if seen(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}; the screen:\n" + "\n".join(screen))
            time.sleep(_POLL_S)

    def wait_for(self, text: str) -> list[str]:
        """The screen, once this stands on it."""
        return self.wait(f"no {text!r}", lambda screen: text in "\n".join(screen))

    def wait_without(self, text: str) -> list[str]:
        """The screen, once this does not stand on it."""
        return self.wait(f"still {text!r}", lambda screen: text not in "\n".join(screen))


@contextmanager
def emacs_terminal(home: Path, start: Path, file: Path) -> Iterator[Terminal]:
    """Emacs with the Lisp file `start` loaded and `file` open."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: apt-get install tmux")
    environment = emacs_environment(home)
    command = [*emacs_arguments("-nw"), "-l", str(start), str(file)]
    assignments = [f"{name}={environment[name]}" for name in ("HOME", "LSP_EXPERTS_HOME", "OMP_WAIT_POLICY", "LC_ALL")]
    terminal = Terminal(home / "tmux")
    terminal.tmux(
        "new-session", "-d", "-x", str(_COLUMNS), "-y", str(_LINES), shlex.join(["env", *assignments, *command])
    )
    try:
        yield terminal
    finally:
        subprocess.run(["tmux", "-S", str(home / "tmux"), "kill-server"], capture_output=True, check=False)
