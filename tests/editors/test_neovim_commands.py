"""The Neovim plugin's commands and status line, in a real Neovim with a scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from editors.neovim_scripted import CLIENTS, STATUS, Scripted, scripted

REMOTE = {"id": "team-cobol", "state": "late", "reason": "too late", "says": "text of this file goes to a.example"}
Start = Callable[..., AbstractContextManager[Scripted]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return lambda options="": scripted(tmp_path, options)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "go-carved"),
        ({"enabled": False}, "experts: off"),
        ({"focused": None}, "experts"),
        ({"experts": [{"id": "go-carved", "state": "LOADING"}]}, "go-carved loading"),
        ({"experts": [{"id": "go-carved", "state": "COLD"}]}, "go-carved not loaded"),
        ({"focused": {"language": "cobol", "experts": [], "excluded": ""}}, "no expert for cobol"),
        ({"focused": {"language": "cobol", "experts": [], "excluded": ""}, "remote": None}, "no expert for cobol"),
        ({"focused": {"language": "cobol", "experts": [], "excluded": ""}, "remote": REMOTE}, "team-cobol"),
        (
            {"focused": {"language": "env", "experts": [], "excluded": "a file of secrets"}},
            "experts: a file of secrets",
        ),
    ],
)
def test_the_status_line(editor: Scripted, change: Mapping[str, Any], expected: str) -> None:
    editor.neovim.lua("vim.o.laststatus = 2; vim.o.statusline = \"<%{v:lua.require('lsp_experts').statusline()}>\"")
    editor.status(**{**STATUS, **change})
    editor.neovim.until_screen(f"<{expected}>")


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    with scripted(tmp_path_factory.mktemp("neovim")) as found:
        yield found


@pytest.mark.parametrize(
    ("experts", "expected"),
    [
        (STATUS["focused"]["experts"], ["LSP Experts 1.2: go-carved", "- go-carved HOT, 300 MB"]),
        (
            [],
            [
                "LSP Experts 1.2: team-cobol",
                "- qwen2.5-coder-0.5b skipped: not installed",
                "- team-cobol (late: too late): text of this file goes to a.example",
            ],
        ),
    ],
)
def test_status_shows_experts_memory_and_the_last_silence(
    editor: Scripted, experts: list[Any], expected: list[str]
) -> None:
    status = {**STATUS, "remote": REMOTE, "focused": {**STATUS["focused"], "experts": experts}}
    editor.neovim.lua("scripted.known_status = ...", status)
    editor.neovim.command("LspExperts")
    editor.neovim.until_screen(*expected, "Memory: 300 MB of 2000 MB", "Last silence: inside a word")
    editor.neovim.command("LspExperts | fclose!")


def test_toggle_switches_the_server_off_and_on(start: Start) -> None:
    with start("settings = { maxTokens = 9 }") as editor:
        editor.suggested("x‸", "ghost")
        editor.neovim.command("LspExperts toggle")
        editor.status(enabled=False)
        assert not editor.visible()
        editor.neovim.command("LspExperts toggle")
        told = editor.told("workspace/didChangeConfiguration")
        assert [each["settings"]["lspExperts"] for each in told] == [
            {"maxTokens": 9, "enabled": False},
            {"maxTokens": 9, "enabled": True},
        ]


def test_what_was_switched_off_stays_off_after_a_restart(start: Start) -> None:
    with start() as editor:
        editor.neovim.command("LspExperts toggle")
        editor.neovim.lua("scripted.heard = {}")
        editor.neovim.command("LspExperts restart")
        editor.neovim.until("a new server", lambda: editor.told("workspace/didChangeConfiguration"))
        assert [len(editor.told(method)) for method in ("shutdown", "exit", "initialize")] == [1, 1, 1]
        assert editor.told("workspace/didChangeConfiguration")[0]["settings"] == {"lspExperts": {"enabled": False}}
        editor.neovim.until("a client", lambda: editor.neovim.lua(CLIENTS))


def test_log_shows_the_log(start: Start) -> None:
    with start() as editor:
        editor.neovim.command("LspExperts log")
        assert editor.neovim.request("nvim_buf_get_name", 0).endswith("lsp.log")


def test_commands_are_completed_and_wrong_ones_named(start: Start) -> None:
    with start() as editor:
        found = editor.neovim.request("nvim_call_function", "getcompletion", ["LspExperts ", "cmdline"])
        assert found == ["log", "restart", "status", "toggle"]
        editor.neovim.type(":LspExperts dance<CR>")
        editor.neovim.until_screen("`dance` is none of log, restart, status, toggle")
