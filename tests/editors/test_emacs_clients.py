"""Emacs with eglot and with lsp-mode, each with the real server: started, asked, told, switched off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from editors.emacs_child import SERVER, Emacs, emacs_child, lisp

MAIN = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tx := "é😀"; fmt.\n}\n'
PAGE = "<ul>\n  <li>é😀</li>\n  \n</ul>\n"

START = {
    "eglot": "(progn (require 'eglot) (setq eglot-sync-connect t eglot-connect-timeout 120)"
    " (lsp-experts-eglot-stand-in 'go-mode 'html-mode)"
    " (defun start () (unless (eglot-managed-p) (apply #'eglot--connect (eglot--guess-contact)))) t)",
    "lsp-mode": "(progn (require 'lsp-mode) (defalias 'start 'lsp)"
    " (setq lsp-auto-guess-root t lsp-restart 'ignore lsp-client-packages nil) t)",
}


@pytest.fixture(scope="module", params=list(START))
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def emacs(client: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emacs]:
    """Both files are open; the server has answered once."""
    folder = tmp_path_factory.mktemp(client) / "work"
    (folder / ".git").mkdir(parents=True)
    (folder / "main.go").write_text(MAIN, encoding="utf-8")
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    with emacs_child(folder.parent / "home") as child:
        child.require("lsp-experts", client)
        child.get(f"(progn (setq lsp-experts-command {lisp(SERVER)}) t)")
        child.get(START[client])
        for name in ("index.html", "main.go"):
            child.get(f"(progn (driver-open {lisp(str(folder / name))}) (start) t)")
            assert child.get("(driver-wait (lambda () lsp-experts-mode))"), f"{name} is not served"
        yield child


def open_at(emacs: Emacs, name: str, text: str) -> None:
    """Show the buffer, with its first text again, and put point behind `text`."""
    emacs.get(f"(progn (switch-to-buffer {lisp(name)}) (lsp-experts-inline--forget) (erase-buffer) t)")
    emacs.get(f"(progn (insert {lisp(MAIN if name == 'main.go' else PAGE)}) (goto-char (point-min)) t)")
    emacs.get(f"(progn (search-forward {lisp(text)}) (lsp-experts-mode--looked-at (selected-window)) t)")


def line(emacs: Emacs) -> str:
    """The line of the cursor as it looks."""
    screen: str = emacs.get("(driver-screen)")
    return next(line for line in screen.splitlines() if "‸" in line)


def status(emacs: Emacs) -> dict[str, Any]:
    """What the server answers now."""
    emacs.get("(progn (defvar answer nil) (setq answer nil) t)")
    ask = '(lsp-experts-request (lsp-experts-connection) "lspExperts/status" nil (lambda (it) (setq answer it)))'
    emacs.get(f"(progn {ask} (driver-wait (lambda () answer)) t)")
    found: dict[str, Any] = emacs.get("answer")
    return found


def until(emacs: Emacs, condition: str) -> None:
    """Wait until a form about the status that the server sent last is non-nil."""
    form = f"(let ((it (lsp-experts-last-status (lsp-experts-connection)))) {condition})"
    assert emacs.get(f"(and (driver-wait (lambda () {form})) t)"), emacs.get(
        "(lsp-experts-last-status (lsp-experts-connection))"
    )


def test_ghost_text_from_each_languages_expert(emacs: Emacs) -> None:
    open_at(emacs, "main.go", "fmt.")
    emacs.get("(progn (driver-ask) t)")
    assert line(emacs) == '\tx := "é😀"; fmt.‸[Println("the Go expert")]'
    open_at(emacs, "index.html", "😀</li>")
    emacs.get('(progn (driver-type "\\n") (driver-ask) t)')
    assert line(emacs).lstrip() == "‸[<li>the HTML expert</li>]"


def test_unasked(emacs: Emacs) -> None:
    open_at(emacs, "main.go", "fmt.")
    emacs.get("(progn (driver-ask) (lsp-experts-inline--forget) t)")  # the expert is there
    emacs.get('(progn (driver-command (lambda () (interactive) (delete-char -1))) (driver-type ".") t)')
    emacs.get("(progn (lsp-experts-inline--ask-unasked (current-buffer)) t)")
    emacs.get("(progn (driver-wait (lambda () lsp-experts-ghost--shown)) t)")
    assert line(emacs) == '\tx := "é😀"; fmt.‸[Println("the Go expert")]'


def test_what_was_accepted_is_known_to_the_server(emacs: Emacs) -> None:
    open_at(emacs, "main.go", "fmt.")
    before = status(emacs)["suggestions"]
    emacs.get('(progn (driver-ask) (driver-type "Pri") (driver-command \'lsp-experts-accept-word) t)')
    assert line(emacs) == '\tx := "é😀"; fmt.Println‸[("the Go expert")]'
    emacs.get("(progn (driver-command 'lsp-experts-accept) t)")
    assert line(emacs) == '\tx := "é😀"; fmt.Println("the Go expert")‸'
    until(emacs, f"(> (lsp-experts-at it :suggestions :accepted) {before['accepted']})")
    assert status(emacs)["suggestions"]["shown"] > 0
    emacs.get("(progn (driver-command 'undo) t)")
    assert line(emacs) == '\tx := "é😀"; fmt.Println‸'


@pytest.mark.parametrize(("name", "expert"), [("main.go", "go-carved"), ("index.html", "html-carved")])
def test_the_focus_is_told_and_the_status_comes(emacs: Emacs, name: str, expert: str) -> None:
    open_at(emacs, name, "\n")
    until(emacs, f"(equal (lsp-experts-status-short it) '({lisp(expert)}))")
    assert emacs.get("(substring-no-properties (lsp-experts-status-mode-line))") == f" {expert}"
    assert status(emacs)["focused"]["language"] == ("go" if name == "main.go" else "html")


def test_the_status_is_shown(emacs: Emacs) -> None:
    open_at(emacs, "main.go", "fmt.")
    emacs.get('(progn (lsp-experts-status) (driver-wait (lambda () (get-buffer "*LSP Experts*"))) t)')
    assert "go-carved" in emacs.get('(with-current-buffer "*LSP Experts*" (buffer-string))')


def test_off_and_on_again(emacs: Emacs) -> None:
    open_at(emacs, "main.go", "fmt.")
    emacs.get("(progn (lsp-experts-toggle) t)")
    until(emacs, '(equal (car (lsp-experts-status-short it)) "experts:off")')
    # A client that has no settings to tell makes the server ask for ours.
    pushed = '"workspace/didChangeConfiguration" (list :settings (make-hash-table))'
    emacs.get(f"(progn (lsp-experts-notify (lsp-experts-connection) {pushed}) t)")
    emacs.get("(progn (lsp-experts-complete) t)")
    assert status(emacs)["enabled"] in (False, None)
    assert line(emacs) == '\tx := "é😀"; fmt.‸'
    emacs.get("(progn (lsp-experts-toggle) t)")
    until(emacs, "(eq (plist-get it :enabled) t)")


def test_popups_are_left_to_the_languages_own_server(client: str, emacs: Emacs) -> None:
    if client == "eglot":
        pytest.skip("eglot has no other server")
    open_at(emacs, "main.go", "fmt.")
    assert emacs.get('(lsp-feature? "textDocument/completion")') is None
    assert emacs.get('(and (lsp-feature? "textDocument/codeAction") t)')


def test_without_its_server_the_mode_goes(client: str, tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    file = tmp_path / "work" / "main.go"
    file.write_text(MAIN, encoding="utf-8")
    with emacs_child(tmp_path / "home") as child:
        child.require("lsp-experts", client)
        child.get(f"(progn (setq lsp-experts-command {lisp(SERVER)}) t)")
        child.get(START[client])
        child.get(f"(progn (driver-open {lisp(str(file))}) (start) (driver-wait (lambda () lsp-experts-mode)) t)")
        assert child.get("lsp-experts-mode")
        stop = "(eglot-shutdown (eglot-current-server))" if client == "eglot" else "(lsp-disconnect)"
        child.get(f"(progn {stop} t)")
        assert child.get("(driver-wait (lambda () (not lsp-experts-mode)))")


def test_a_missing_server_stops_nothing(client: str, tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    file = tmp_path / "work" / "main.go"
    file.write_text(MAIN, encoding="utf-8")
    with emacs_child(tmp_path / "home") as child:
        child.require("lsp-experts", client)
        child.get('(progn (setq lsp-experts-command (list "no-such-server" "serve")) t)')
        child.get(START[client])
        child.get(f"(progn (driver-open {lisp(str(file))}) (ignore-errors (start)) t)")
        assert "no-such-server" in child.get('(with-current-buffer "*Warnings*" (buffer-string))')
        assert child.get("lsp-experts-mode") is None
