"""Vim with ALE, for real: the server is started, ghost text appears, is accepted, and ALE's own popup inserts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cursor import MARK, split_cursor
from editors.vim_driver import Vim

EDITOR = Path(__file__).parents[2] / "editors" / "vim"
SERVER = [sys.executable, str(Path(__file__).with_name("launch_experts.py")), "serve"]
GO = f"package main\n\nfunc main() {{\n\t{MARK}\n}}\n"
GO_SAYS, HTML_SAYS = 'fmt.Println("the Go expert")', "<li>the HTML expert</li>"
VISIBLE = "lsp_experts#ghost_text#visible()"
WANTED = "exe has('textprop') && has('patch-9.0.0185') && !empty(globpath(&rtp, 'autoload/ale.vim')) ? 'qa!' : 'cq'"

Start = Callable[..., Vim]


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    vim = shutil.which("vim")
    if vim is None:
        pytest.skip("Vim is not installed: apt-get install vim-nox vim-ale")
    if subprocess.run([vim, "-es", "-u", "NONE", "--cmd", "packadd! ale", "--cmd", WANTED]).returncode:
        pytest.skip("Vim has no ALE, or is older than 9.0.0185: apt-get install vim-nox vim-ale")


@pytest.fixture
def start(tmp_path: Path, home: Path) -> Start:
    """Vim with ALE on a Go file; `says` is what the Go expert says."""

    def started(marked: str, *vimrc: str, says: object = GO_SAYS, server: list[str] = SERVER) -> Vim:
        file = tmp_path / "main.go"
        file.write_text(split_cursor(marked)[0])
        ours = [
            f"set runtimepath^={EDITOR}",
            "packadd! ale",
            "filetype plugin indent on",
            f"let g:lsp_experts_command = {json.dumps(server)}",
        ]
        texts = json.dumps({"go-carved": says, "html-carved": HTML_SAYS})
        variables = {"LSP_EXPERTS_HOME": str(home), "LSP_EXPERTS_FAKE_TEXT": texts}
        return Vim(tmp_path, [*ours, *vimrc], file, variables)

    return started


def insert_at(vim: Vim, marked: str) -> None:
    """Insert mode at the mark."""
    text, offset = split_cursor(marked)
    before = text[:offset].split("\n")
    vim.ask(f"cursor({len(before)}, {len(before[-1].encode()) + 1})")
    vim.keys("A" if text[offset] == "\n" else "i")
    vim.wait("mode()", "i".__eq__)


def wait_for_status(vim: Vim, wanted: str) -> None:
    """Until :LspExpertsStatus says so."""
    last = "split(execute('messages'), '\\n')[-1]"
    vim.wait(f"[execute('LspExpertsStatus'), {last}][1]", lambda said: said.startswith(f"LSP Experts: {wanted}"))


def ghost(vim: Vim) -> str:
    """What the screen shows behind the cursor, once there is ghost text."""
    vim.wait(VISIBLE)
    return screen(vim)


def screen(vim: Vim, rows_below: int = 0, wanted: Callable[[str], object] = lambda _: True) -> str:
    """What the screen shows behind the cursor, or on a row below it, once it is as wanted."""
    columns = f"range({1 if rows_below else 'screencol()'}, &columns)"
    row = f"trim(join(map({columns}, 'screenstring(screenrow() + {rows_below}, v:val)'), ''), ' ', 2)"
    return str(vim.wait(f"[execute('redraw'), {row}][1]", wanted))


def line(vim: Vim, wanted: Callable[[str], object]) -> str:
    """The cursor's line, once it is as wanted."""
    return str(vim.wait("getline('.')", wanted))


def test_ghost_text_of_the_expert_of_each_language(start: Start, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<ul>\n  \n</ul>\n")
    with start(GO) as vim:
        insert_at(vim, GO)
        vim.keys("fmt.")  # the expert is not in memory yet: it is asked again until it is
        assert ghost(vim) == GO_SAYS.removeprefix("fmt.")

        vim.keys("\t")
        assert line(vim, "\tfmt.".__ne__) == f"\t{GO_SAYS}"
        assert screen(vim) == ""
        vim.keys("\x1bu")
        assert line(vim, lambda text: GO_SAYS not in text) == "\t", "one step"

        vim.keys(":edit! index.html\r2GA<")
        assert ghost(vim) == HTML_SAYS.removeprefix("<")
        vim.keys("\x1b:buffer! main.go\r")
        wait_for_status(vim, "go: go-carved")


def test_tab_is_a_tab_and_what_is_shown_goes_with_the_next_key(start: Start) -> None:
    with start(GO) as vim:
        insert_at(vim, GO)
        vim.keys("\tfmt.")
        assert line(vim, lambda text: text.endswith("fmt.")) == "\t\tfmt."
        ghost(vim)
        vim.keys("\x1b")
        vim.wait(VISIBLE, lambda shown: not shown)
        vim.keys("a;")
        line(vim, lambda text: text.endswith(";"))
        assert screen(vim) == ""


def test_a_word_a_line_then_all_behind_multi_byte_text(start: Start) -> None:
    marked = f"package main\n\nfunc é😀() {{\n\t/* é😀 */ {MARK}\n}}\n"
    keys = ["imap <C-L> <Plug>(lsp-experts-accept-word)", "imap <C-J> <Plug>(lsp-experts-accept-line)"]
    with start(marked, *keys, says="if true {\n\t\treturn\n\t}") as vim:
        insert_at(vim, marked)
        wait_for_status(vim, "go: go-carved HOT")
        vim.keys("i")
        assert ghost(vim) == "f true {"

        vim.keys("\x0c")
        assert line(vim, lambda text: text.endswith("if")) == "\t/* é😀 */ if"
        assert ghost(vim) == " true {", "the rest is shown again"
        vim.keys("\n")
        line(vim, lambda text: text.endswith("{"))
        ghost(vim)
        assert screen(vim, 1).strip() == "return"
        vim.keys("\t")
        vim.wait("getline(6)", "\t}".__eq__)
        assert vim.ask("getline(3, 7)") == ["func é😀() {", "\t/* é😀 */ if true {", "\t\treturn", "\t}", "}"]


def test_what_stands_right_of_the_cursor_is_not_doubled(start: Start) -> None:
    marked = f"package main\n\nfunc main() {{\n\tfmt.Println({MARK})\n}}\n"
    with start(marked, says='fmt.Println("é😀")') as vim:
        insert_at(vim, marked)
        wait_for_status(vim, "go: go-carved HOT")
        vim.keys('"')
        assert ghost(vim).startswith("é😀")
        vim.keys("\t")
        assert line(vim, lambda text: "é" in text) == '\tfmt.Println("é😀")'


def test_the_next_of_several_choices_is_shown_when_asked_by_hand(start: Start) -> None:
    keys = ["imap <C-G>a <Plug>(lsp-experts-ask)", "imap <C-G>n <Plug>(lsp-experts-next)"]
    with start(GO, *keys, says=["first()", "second()"]) as vim:
        insert_at(vim, GO)
        wait_for_status(vim, "go: go-carved HOT")
        vim.keys("\x07a")
        assert ghost(vim) == "first()"
        vim.keys("\x07n")
        assert screen(vim, wanted="first()".__ne__) == "second()"


def test_ales_popup_asks_the_server_and_inserts(start: Start) -> None:
    popup = [
        "let g:ale_completion_enabled = 1",
        "let g:ale_linters = {'go': ['lsp_experts']}",
        "let g:lsp_experts_ghost_text = 0",
    ]
    with start(GO, *popup) as vim:
        insert_at(vim, GO)
        wait_for_status(vim, "go: go-carved HOT")
        vim.keys("fmt.P")
        vim.wait("pumvisible()")
        items = vim.ask("complete_info(['items']).items")
        assert [(item["word"], item["menu"]) for item in items] == [("Println", "go-carved")], "ALE cuts it at ("
        vim.keys("\x0e\x19")  # CTRL-N selects, CTRL-Y takes
        assert line(vim, "\tfmt.P".__ne__) == "\tfmt.Println"


def test_settings_reach_the_server_and_the_status_names_them(start: Start) -> None:
    with start(GO, "let g:lsp_experts_settings = {'enabled': v:false}") as vim:
        insert_at(vim, GO)
        vim.keys("fmt.")
        wait_for_status(vim, 'off, by the setting "enabled"')
        assert screen(vim) == ""


def test_a_missing_server_is_named_once(start: Start) -> None:
    with start(GO, server=["lsp-experts-is-not-here"]) as vim:
        insert_at(vim, GO)
        vim.keys("fmt.\x1bofmt.\x1b")
        vim.wait("mode()", "n".__eq__)
        said = vim.messages()
        assert said.count("lsp-experts-is-not-here was not found: pipx install . in a checkout") == 1
        assert "Error" not in said


# vim-lsp is in no package registry: its documented functions, as far as they are called.
VIM_LSP = {
    "lsp.vim": """
        function! lsp#register_server(server) abort
            let g:registered = a:server
        endfunction
        function! lsp#send_request(name, request) abort
            let g:asked = [a:name, a:request.method, get(a:request.params, 'context', {})]
            let l:item = {'insertText': 'Go()', 'range': {'end': {'character': 1}}}
            call a:request.on_notification({'response': {'result': {'items': [l:item]}}})
        endfunction
    """,
    "lsp/utils.vim": """
        function! lsp#utils#path_to_uri(path) abort
            return 'file://' . a:path
        endfunction
    """,
}


def test_vim_lsp_is_told_what_it_documents(tmp_path: Path) -> None:
    for name, script in VIM_LSP.items():
        path = tmp_path / "vim-lsp" / "autoload" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
    file = tmp_path / "a b" / "main.go"
    file.parent.mkdir()
    file.write_text("\n")
    vimrc = [
        f"set runtimepath={EDITOR},{tmp_path / 'vim-lsp'},$VIMRUNTIME",
        "let g:lsp_experts_command = ['vim', 'serve']",
        "filetype plugin on",
    ]
    with Vim(tmp_path, vimrc, file, {}) as vim:
        vim.ask("execute('doautocmd User lsp_setup')")
        assert vim.ask("g:registered.name") == "lsp-experts"
        assert vim.ask("g:registered.cmd({})") == ["vim", "serve"]
        assert vim.ask("g:registered.root_uri({})") == f"file://{file.parent}"
        assert "go" in vim.ask("g:registered.allowlist")
        vim.keys("ix")
        assert ghost(vim) == "Go()"
        assert vim.ask("g:asked") == ["lsp-experts", "textDocument/inlineCompletion", {"triggerKind": 2}]
        assert vim.ask("lsp_experts#text#uri()") == f"file://{tmp_path}/a%20b/main.go"
