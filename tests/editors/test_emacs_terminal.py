"""Emacs in a terminal: type, see ghost text, accept it, go to a file of another language, switch off."""

from __future__ import annotations

from pathlib import Path

import pytest
from editors.emacs_child import SERVER, emacs_child, lisp
from editors.emacs_terminal import Terminal, emacs_terminal

GHOST = 'fmt.Println("the Go expert")'
START = """
(setq inhibit-startup-screen t ring-bell-function #'ignore enable-recursive-minibuffers t
      make-backup-files nil create-lockfiles nil auto-save-default nil
      native-comp-async-report-warnings-errors nil) ; a window of its own, over the one that is looked at
(define-derived-mode go-mode prog-mode "Go")
(add-to-list 'auto-mode-alist '("\\\\.go\\\\'" . go-mode))
(require 'lsp-experts)
(setq lsp-experts-command {server})
"""
CLIENTS = {
    "eglot": """
(setq eglot-connect-timeout 120)
(lsp-experts-eglot-stand-in 'go-mode 'html-mode)
(dolist (hook '(go-mode-hook mhtml-mode-hook)) (add-hook hook #'eglot-ensure))
""",
    "lsp-mode": """
(require 'lsp-mode)
(setq lsp-auto-guess-root t lsp-restart 'ignore lsp-client-packages nil lsp-headerline-breadcrumb-enable nil)
(dolist (hook '(go-mode-hook mhtml-mode-hook)) (add-hook hook #'lsp-deferred))
""",
}


def type_at_end(terminal: Terminal, line: str) -> None:
    """Type a line's text at the end of the first line."""
    terminal.press("M-<", "C-e", "Enter")
    terminal.type(line)


@pytest.mark.parametrize("client", list(CLIENTS))
def test_a_user_works_in_two_languages(client: str, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    main, page, start = work / "main.go", work / "index.html", tmp_path / "start.el"
    main.write_text("package main\n", encoding="utf-8")
    page.write_text("<ul>\n</ul>\n", encoding="utf-8")
    start.write_text(START.replace("{server}", lisp(SERVER)) + CLIENTS[client], encoding="utf-8")
    with emacs_child(home) as emacs:
        emacs.require(client)

    with emacs_terminal(home, start, main) as terminal:
        terminal.wait_for(" go-carved")

        # Ghost text comes by itself; the cursor stands before it; what is typed along stays; nothing is in the buffer.
        type_at_end(terminal, "fmt.")
        screen = terminal.wait_for(GHOST)
        assert terminal.cursor() == (len("fmt."), screen.index(GHOST))
        terminal.type("Pr")
        terminal.wait("the cursor behind Pr", lambda _: terminal.cursor()[0] == len("fmt.Pr"))
        terminal.wait("the ghost text behind it", lambda screen: GHOST in screen)
        terminal.press("C-x", "C-s")
        terminal.wait_for("Wrote")
        assert main.read_text(encoding="utf-8") == "package main\nfmt.Pr\n"

        # Another language: its expert comes with the window, and its suggestions.
        terminal.press("C-x", "4", "C-f")
        terminal.type(f"{page}\n")
        terminal.wait_for(" html-carved")
        type_at_end(terminal, "<")
        terminal.wait_for("<li>the HTML expert</li>")
        terminal.press("C-g")
        terminal.wait_without("the HTML expert")
        terminal.press("C-x", "o")
        terminal.wait_for(" go-carved")  # the focus is told when a window is selected

        # Tab accepts, one undo takes it back.
        terminal.press("BSpace")
        terminal.wait_for(GHOST)
        terminal.press("Tab")
        terminal.wait("the cursor behind it", lambda _: terminal.cursor()[0] == len(GHOST))
        terminal.press("C-x", "C-s")
        terminal.wait("the file", lambda _: main.read_text(encoding="utf-8") == f"package main\n{GHOST}\n")
        terminal.press("C-x", "u")
        terminal.wait("the cursor back", lambda _: terminal.cursor()[0] == len("fmt.P"))
        terminal.press("C-x", "C-s")
        terminal.wait("the file", lambda _: main.read_text(encoding="utf-8") == "package main\nfmt.P\n")

        # Off: nothing comes, and the mode line says so.
        terminal.press("M-x")
        terminal.type("lsp-experts-toggle\n")
        terminal.wait_for("experts:off")
        type_at_end(terminal, "fmt.")
        terminal.press("M-x")
        terminal.type("lsp-experts-complete\n")
        terminal.wait_for("LSP Experts has no suggestion here: off")
        assert GHOST not in terminal.screen()
