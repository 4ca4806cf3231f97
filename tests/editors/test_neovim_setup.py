"""The Neovim plugin around ghost text: options, keys, a missing server, health, help, other versions of Neovim."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from editors.neovim_process import PLUGIN, Neovim
from editors.neovim_scripted import CLIENTS, INLINE, SERVER, STATUS, Scripted, scripted


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., AbstractContextManager[Scripted]]:
    return lambda options="", before="": scripted(tmp_path, options, before)


Start = Callable[..., AbstractContextManager[Scripted]]


def health(neovim: Neovim) -> str:
    neovim.command("checkhealth lsp_experts")
    return "\n".join(neovim.request("nvim_buf_get_lines", 0, 0, -1, True))


# -- options and keys -------------------------------------------------------------------------------------------------


def test_without_setup_the_options_of_vim_g_count(tmp_path: Path) -> None:
    init = f"vim.g.lsp_experts = {{ cmd = dofile('{SERVER}') }}"
    with Neovim.start(tmp_path, init, {"a.go": ""}, {}) as neovim:
        neovim.command("edit a.go")
        neovim.until("a client", lambda: neovim.lua(CLIENTS))


def test_an_option_that_is_not_known_is_named(start: Start) -> None:
    with start("debounce = 7, keys = { akzept = 'x' }") as editor:
        assert editor.neovim.messages() == ["LSP Experts: unknown options: debounce, keys.akzept"]


@pytest.mark.parametrize(
    ("options", "before", "key", "expected"),
    [
        pytest.param("", "vim.keymap.set('i', '<Tab>', 'mine')", "<Tab>", "x mine‸", id="a key of yours is left alone"),
        pytest.param("keys = { accept = '<C-l>' }", "", "<C-l>", "x ghost‸", id="a key that you name"),
        pytest.param(
            "keys = { accept = '<Tab>' }",
            "vim.keymap.set('i', '<Tab>', 'mine')",
            "<Tab>",
            "x ghost‸",
            id="named, taken",
        ),
        pytest.param("keys = { accept = false }", "", "<Tab>", "x \t‸", id="no key"),
    ],
)
def test_keys(start: Start, options: str, before: str, key: str, expected: str) -> None:
    with start(options, before) as editor:
        editor.suggested("x ‸", "ghost")
        editor.typed(key, expected)


def test_tab_still_jumps_in_a_snippet(start: Start) -> None:
    with start() as editor:
        editor.insert("‸")
        editor.neovim.lua("vim.snippet.expand('if $1 then$2')")
        editor.typed("x<Tab>", "if x then‸")


def test_utf16_positions(start: Start) -> None:
    with start() as editor:
        editor.neovim.lua("scripted.encoding = 'utf-16'")
        editor.neovim.command("LspExperts restart")
        editor.neovim.until("a client", lambda: editor.neovim.lua(CLIENTS))
        editor.suggested("f('é😀', ‸);", "ß)", right=1)
        assert editor.told(INLINE)[-1]["position"]["character"] == 9
        editor.typed("<Tab>", "f('é😀', ß)‸;")


@pytest.mark.parametrize(
    ("options", "items"), [("", False), ("completion_items = true", True), ("ghost_text = 'off'", True)]
)
def test_suggestions_in_completion_menus(start: Start, options: str, items: bool) -> None:
    with start(options) as editor:
        found = "return vim.lsp.get_clients()[1].server_capabilities.completionProvider ~= nil"
        assert editor.neovim.lua(found) == items


# -- a missing server, health, help -----------------------------------------------------------------------------------


def test_a_missing_server_is_told_once_with_its_remedy(tmp_path: Path) -> None:
    init = "vim.g.lsp_experts = { cmd = { 'no-program' } }"
    with Neovim.start(tmp_path, init, {"a.go": "", "b.go": ""}, {}) as neovim:
        assert neovim.messages() == []
        for name in ("a.go", "b.go"):
            neovim.command(f"edit {name}")
            neovim.until_screen(name)
        assert [line for line in neovim.messages() if "No `" in line] == [
            "No `no-program`: see :help lsp-experts, then :LspExperts restart"
        ]
        assert not neovim.request("nvim_get_mode")["blocking"], "it waits for a key"
        neovim.command("LspExperts status")
        assert len([told for told in neovim.messages() if "see :help lsp-experts" in told]) == 2
        assert "`no-program` is not executable" in health(neovim)
        assert neovim.lua("return #vim.lsp.get_clients()") == 0


def test_a_server_that_was_missing_is_found_by_restart(tmp_path: Path) -> None:
    init = "vim.g.lsp_experts = { cmd = { 'no-program' } }"
    with Neovim.start(tmp_path, init, {"a.go": ""}, {}) as neovim:
        neovim.command("edit a.go")
        neovim.lua("vim.lsp.config('lsp_experts', { cmd = dofile(...) })", str(SERVER))
        neovim.command("LspExperts restart")
        neovim.until("a client", lambda: neovim.lua(CLIENTS))


def test_health(start: Start) -> None:
    before = "vim.keymap.set('i', '<Tab>', 'mine', { desc = 'my tab' })"
    with start(before=before) as editor:
        editor.status(**STATUS)
        said = health(editor.neovim)
        for part in ("ghost text by this plugin", "go-carved HOT, 300 MB", "<Tab> (accept) is taken: my tab"):
            assert part in said
        assert "ERROR" not in said


def test_health_without_an_expert_says_how_to_get_one(start: Start) -> None:
    with start() as editor:
        editor.status(**{**STATUS, "experts": []})
        assert "lsp-experts pull ID" in health(editor.neovim)


def test_help_is_found_and_names_every_option(tmp_path: Path) -> None:
    with Neovim.start(tmp_path, "vim.g.lsp_experts = { autostart = false }", {}, {}) as neovim:
        text = (PLUGIN / "doc" / "lsp_experts.txt").read_text(encoding="utf-8")
        (tmp_path / "doc").mkdir()
        (tmp_path / "doc" / "lsp_experts.txt").write_text(text, encoding="utf-8")
        neovim.command(f"helptags {tmp_path}/doc | set runtimepath+={tmp_path} | help lsp-experts-options")
        for link in set(re.findall(r"\|(lsp-experts-[a-z]+)\|", text)):
            neovim.command(f"help {link}")
        for name in neovim.lua("return vim.tbl_keys(require('lsp_experts.options').get())"):
            assert f" {name} = " in text
        assert [line for line in text.splitlines() if len(line) > 79] == []


# -- other versions ---------------------------------------------------------------------------------------------------


def test_the_configuration_alone_is_enough_for_vim_lsp_enable(tmp_path: Path) -> None:
    init = "vim.g.loaded_lsp_experts = true"  # as with a copy of lsp/lsp_experts.lua and no plugin
    with Neovim.start(tmp_path, init, {"a.go": ""}, {}) as neovim:
        config = neovim.lua("return vim.lsp.config.lsp_experts")
        assert config == {"name": "lsp_experts", "cmd": ["lsp-experts", "serve"], "root_markers": [".git"]}


def test_neovim_0_10_has_no_vim_lsp_config(start: Start) -> None:
    with start(before="vim.lsp.config, vim.lsp.enable = nil, nil") as editor:
        editor.suggested("fmt.‸", "Println(1)")
        editor.typed("<Tab>", "fmt.Println(1)‸")
        (shown, *_) = editor.told("textDocument/didShowCompletion")
        editor.neovim.command("LspExperts restart")
        editor.neovim.until("a client", lambda: editor.neovim.lua(CLIENTS))
        assert len(editor.told("initialize")) == 1
        assert shown["item"]["insertText"] == "Println(1)"


BUILTIN = """
_G.called = {}
vim.lsp.inline_completion = {
  enable = function(on, filter) table.insert(called, { 'enable', on, filter.bufnr == vim.fn.bufnr() }) end,
  get = function(options) table.insert(called, { 'get', options ~= nil }); return _G.shown end,
  select = function(options) table.insert(called, { 'select', options.count }) end,
}
"""


def test_neovim_0_12_draws_ghost_text_itself(start: Start) -> None:
    with start(before=BUILTIN + "_G.shown = true") as editor:
        editor.mode("i", "i")
        editor.neovim.type("x<Tab><C-]><M-]><M-[>")
        expected = [["enable", True, True], ["get", False], ["get", True], ["select", 1], ["select", -1]]
        editor.neovim.until("five calls", lambda: editor.neovim.lua("return called") == expected)
        assert not editor.told(INLINE)
        assert "ghost text by vim.lsp.inline_completion" in health(editor.neovim)


def test_neovim_0_12_without_ghost_text_leaves_tab_alone(start: Start) -> None:
    with start(before=BUILTIN) as editor:
        editor.mode("i", "i")
        editor.typed("x<Tab>", "x\t‸")


def test_our_ghost_text_is_to_be_had_in_neovim_0_12(start: Start) -> None:
    with start("ghost_text = 'own'", BUILTIN) as editor:
        editor.suggested("fmt.‸", "Println(1)")
        assert editor.neovim.lua("return #called") == 0
