"""The Neovim plugin with the real server and two experts that say what a script says, on a real screen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from editors.neovim_process import Neovim

LAUNCHER = Path(__file__).with_name("launch_experts.py")
FILES = {
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\n}\n',
    "index.html": "<html>\n<body>\n<ul>\n\n</ul>\n</body>\n</html>\n",
}
GO, HTML = 'fmt.Println("the Go expert")', "<li>the HTML expert</li>"


@pytest.fixture(scope="module")
def neovim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    folder = tmp_path_factory.mktemp("neovim")
    init = f"""
        vim.g.lsp_experts = {{ cmd = {{ '{sys.executable}', '{LAUNCHER}', 'serve' }} }}
        vim.o.laststatus = 2
        vim.o.statusline = "%f %{{v:lua.require('lsp_experts').statusline()}}"
    """
    environment = {"LSP_EXPERTS_HOME": str(folder / "home"), "OMP_WAIT_POLICY": "passive"}
    with Neovim.start(folder, init, FILES, environment) as found:
        yield found


def at_empty_line(neovim: Neovim, name: str) -> None:
    """Normal mode at the line that the file leaves empty, as it was written."""
    neovim.type("<Esc>")
    neovim.command(f"edit! {name} | edit!")
    neovim.command("$ | call search('^$', 'b')")


def suggestions(neovim: Neovim) -> dict[str, int]:
    answer = "vim.lsp.get_clients()[1]:request_sync('lspExperts/status', vim.empty_dict(), 10000).result"
    return dict(neovim.lua(f"return {answer}.suggestions"))


def test_an_expert_that_loads_shows_up_by_itself(neovim: Neovim) -> None:
    at_empty_line(neovim, "main.go")
    neovim.type("i<Tab>")
    neovim.until_screen("main.go go-carved", GO)


def test_each_language_has_its_expert(neovim: Neovim) -> None:
    at_empty_line(neovim, "main.go")
    neovim.type("i<Tab>fmt.")
    neovim.until_screen(GO)
    assert GO not in neovim.text()
    neovim.type("<Tab>")
    neovim.until("the text", lambda: f"\t{GO}‸\n" in neovim.text())
    at_empty_line(neovim, "index.html")
    neovim.until_screen("index.html html-carved")
    neovim.type("i")
    neovim.until_screen(HTML)
    neovim.type("<Tab>")
    neovim.until("the text", lambda: f"\n{HTML}‸\n" in neovim.text())


def test_the_server_hears_what_was_accepted(neovim: Neovim) -> None:
    before = suggestions(neovim)
    at_empty_line(neovim, "main.go")
    neovim.type("i<Tab>fmt.")
    neovim.until_screen(GO)
    neovim.type("<M-Right>")
    neovim.until("a word", lambda: "fmt.Println‸" in neovim.text())
    neovim.until("it counts", lambda: suggestions(neovim)["acceptedChars"] - before["acceptedChars"] == len("Println"))
    neovim.until_screen(GO)
    neovim.type("<Tab>")
    rest = len(GO) - len("fmt.")
    neovim.until("it counts", lambda: suggestions(neovim)["acceptedChars"] - before["acceptedChars"] == rest)
    assert suggestions(neovim)["accepted"] > before["accepted"]


def test_behind_multi_byte_text(neovim: Neovim) -> None:
    at_empty_line(neovim, "main.go")
    neovim.type('i<Tab>s := "é😀"; fmt.')
    neovim.until_screen("the Go expert")
    neovim.type("<Tab>")
    neovim.until("the text", lambda: f'\ts := "é😀"; {GO}‸\n' in neovim.text())


def test_switched_off_nothing_comes_and_the_status_says_so(neovim: Neovim) -> None:
    at_empty_line(neovim, "main.go")
    neovim.command("LspExperts toggle")
    neovim.until_screen("main.go experts: off")
    neovim.type("i<Tab>fmt.")
    reason = "vim.lsp.get_clients()[1]:request_sync('lspExperts/status', vim.empty_dict(), 10000).result.lastSilence"
    neovim.until("a silence", lambda: neovim.lua(f"return {reason}.reason") == "off")
    assert "the Go expert" not in "\n".join(neovim.screen())
    neovim.command("LspExperts toggle")
    neovim.until_screen("main.go go-carved")
    neovim.type("P")
    neovim.until_screen(GO)


def test_the_status_in_a_window(neovim: Neovim) -> None:
    at_empty_line(neovim, "main.go")
    neovim.until_screen("main.go go-carved")
    neovim.command("LspExperts")
    neovim.until_screen("go-carved HOT", "Memory:")
    neovim.command("only")


def test_a_server_that_is_started_again_goes_on(neovim: Neovim) -> None:
    at_empty_line(neovim, "main.go")
    before = neovim.lua("return vim.lsp.get_clients()[1].id")
    neovim.command("LspExperts restart")
    newest = "local clients = vim.lsp.get_clients(); return #clients > 0 and clients[#clients].id"
    neovim.until("a new client", lambda: neovim.lua(newest) not in (False, before))
    neovim.type("i<Tab>fmt.")
    neovim.until_screen("main.go go-carved", GO)
