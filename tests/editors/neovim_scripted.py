"""Neovim with the plugin and the scripted server of neovim_scripted.lua: what a test does with a suggestion."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cursor import split_cursor
from editors.neovim_process import Neovim

SERVER = Path(__file__).with_name("neovim_scripted.lua")
INLINE = "textDocument/inlineCompletion"
CLIENTS = "return #vim.lsp.get_clients({ name = 'lsp_experts', bufnr = 0 })"
STATUS: Mapping[str, Any] = {
    "enabled": True,
    "version": "1.2",
    "budgetBytes": 2_000_000_000,
    "residentBytes": 300_000_000,
    "focused": {
        "language": "go",
        "experts": [{"id": "go-carved", "reason": "expert"}],
        "skipped": [{"id": "qwen2.5-coder-0.5b", "reason": "not installed"}],
        "excluded": "",
    },
    "experts": [{"id": "go-carved", "state": "HOT", "residentBytes": 300_000_000, "reason": ""}],
    "lastSilence": {"reason": "inside a word", "detail": ""},
    "problems": [],
}


class Scripted:
    """A Neovim whose server says what the test says."""

    def __init__(self, neovim: Neovim) -> None:
        self.neovim = neovim

    def answers(self, *texts: str, right: int = 0) -> None:
        """What every question is answered from now on; `right` characters behind the cursor are replaced."""
        self.neovim.lua("scripted.answer = { texts = ..., right = select(2, ...) }", texts, right)

    def holds(self, hold: bool) -> None:
        """Answers wait until they are let go."""
        self.neovim.lua("scripted.hold = ...; if not scripted.hold then scripted.release() end", hold)

    def told(self, method: str) -> list[Any]:
        return list(self.neovim.lua("return scripted.told(...)", method))

    def status(self, **status: Any) -> None:
        self.neovim.lua("scripted.status(...)", {"enabled": True, "experts": [], **status})

    def visible(self) -> bool:
        return bool(self.neovim.lua("return require('lsp_experts.ghost_text').visible()"))

    def insert(self, marked: str) -> None:
        """Insert mode at the mark; what was told before is forgotten."""
        text, offset = split_cursor(marked)
        before = text[:offset].split("\n")
        row, column = len(before), len(before[-1].encode())
        self.mode("<Esc>", "n")
        self.neovim.request("nvim_buf_set_lines", 0, 0, -1, True, text.split("\n"))
        self.neovim.request("nvim_win_set_cursor", 0, [row, column])
        self.neovim.lua("scripted.heard = {}")
        self.mode("i" if text[offset : offset + 1] not in ("", "\n") else "A", "i")
        self.neovim.until("the first question", lambda: self.told(INLINE))

    def mode(self, keys: str, mode: str) -> None:
        """Type keys that lead to this mode."""
        self.neovim.type(keys)
        self.neovim.until(f"mode {mode}", lambda: self.neovim.request("nvim_get_mode")["mode"] == mode)

    def suggested(self, marked: str, *texts: str, right: int = 0) -> None:
        """Insert mode at the mark, where the first of these texts stands as ghost text."""
        self.answers(*texts, right=right)
        self.insert(marked)
        self.neovim.until("ghost text", self.visible)
        self.answers()

    def typed(self, keys: str, expected: str) -> None:
        """Type, and wait for the text."""
        self.neovim.type(keys)
        self.neovim.until(f"{expected!r}, not {self.neovim.text()!r}", lambda: self.neovim.text() == expected)


@contextlib.contextmanager
def scripted(folder: Path, options: str = "", before: str = "") -> Iterator[Scripted]:
    """`options`: more of setup{}, in Lua; `before`: Lua that runs before the plugin."""
    init = f"""
        {before}
        vim.o.shortmess = vim.o.shortmess .. 'I'
        vim.o.autoindent = false
        require('lsp_experts').setup{{ cmd = dofile('{SERVER}'), debounce_ms = 1, {options} }}
    """
    with Neovim.start(folder, init, {"case.go": "\n", "other.html": "\n"}, {}) as neovim:
        neovim.command("edit case.go")
        neovim.until("a client", lambda: neovim.lua("return #vim.lsp.get_clients({ bufnr = 0 })"))
        yield Scripted(neovim)
