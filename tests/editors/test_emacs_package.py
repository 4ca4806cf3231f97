"""Emacs: the package compiles and reads as Emacs wants it, loads without a client, and says what is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from editors.emacs_child import PACKAGE, Emacs, emacs_arguments, emacs_child, emacs_environment

FILES = sorted(PACKAGE.glob("*.el"))


def run_emacs(home: Path, *forms: str) -> str:
    """What Emacs says; it must end well."""
    evaluated = [argument for form in forms for argument in ("--eval", form)]
    done = subprocess.run(
        [*emacs_arguments("--batch"), *evaluated],
        env=emacs_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_it_compiles_without_a_warning(tmp_path: Path) -> None:
    with emacs_child(tmp_path / "home") as emacs:
        emacs.require("eglot", "lsp-mode")
    forms = ["(setq byte-compile-error-on-warn t)"]
    forms += [f'(setq byte-compile-dest-file-function (lambda (f) (concat "{tmp_path}/" (file-name-base f) ".elc")))']
    forms += [f'(unless (byte-compile-file "{file}") (kill-emacs 1))' for file in FILES]
    run_emacs(tmp_path, *forms)
    assert {file.stem for file in tmp_path.glob("*.elc")} == {file.stem for file in FILES}


def test_checkdoc_finds_nothing(tmp_path: Path) -> None:
    said = run_emacs(tmp_path, *(f'(checkdoc-file "{file}")' for file in FILES))
    assert [line for line in said.splitlines() if ".el:" in line] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_has_the_shape_of_a_library(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(f";;; {file.name} --- ")
    assert lines[0].endswith("-*- lexical-binding: t; -*-")
    assert {";;; Commentary:", ";;; Code:", f"(provide '{file.stem})"} <= set(lines)
    assert lines[-1] == f";;; {file.name} ends here"
    assert len(lines) <= 400
    assert [line for line in lines[1:] if len(line) > 80] == []


def test_loading_it_loads_no_client(tmp_path: Path) -> None:
    with emacs_child(tmp_path / "home") as emacs:
        emacs.require("lsp-experts")
        assert emacs.get("(or (featurep 'eglot) (featurep 'lsp-mode))") is None


def missing(emacs: Emacs) -> str:
    """The warnings after the server was looked for twice."""
    emacs.get('(progn (setq lsp-experts-command (list "no-such-server" "serve")) t)')
    for _ in range(2):
        assert emacs.get("(lsp-experts-server-there-p)") is None
    return str(emacs.get('(with-current-buffer "*Warnings*" (buffer-string))'))


def test_a_missing_server_is_told_once(tmp_path: Path) -> None:
    with emacs_child(tmp_path / "home") as emacs:
        emacs.require("lsp-experts")
        said = missing(emacs)
    assert said.count("no-such-server") == 1
    assert "pipx install ." in said
    assert "lsp-experts-command" in said
