"""Emacs: what the mode line and the command lsp-experts-status say of a status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from editors.emacs_child import Emacs, emacs_child, lisp

URI = "file:///w/main.go"


@pytest.fixture(scope="module")
def emacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emacs]:
    with emacs_child(tmp_path_factory.mktemp("status") / "home") as child:
        child.require("lsp-experts", "json")
        yield child


def status(
    state: str = "HOT", *, experts: Sequence[str] = ("go-carved",), excluded: str = "", **more: object
) -> dict[str, Any]:
    return {
        "version": "1",
        "enabled": True,
        "budgetBytes": 2_000_000_000,
        "residentBytes": 345_000_000,
        "focused": {
            "uri": URI,
            "region": "",
            "language": "go",
            "experts": [{"id": expert, "reason": "expert"} for expert in experts],
            "skipped": [{"id": "a", "reason": "not installed"}, {"id": "b", "reason": "not installed"}],
            "excluded": excluded,
        },
        "experts": [{"id": "go-carved", "state": state, "residentBytes": 345_000_000, "reason": ""}],
        "problems": [],
        "lastSilence": None,
        **more,
    }


def read(value: dict[str, Any]) -> str:
    """As both clients read it."""
    text = lisp(json.dumps(value, ensure_ascii=False))
    return f"(json-parse-string {text} :object-type 'plist :null-object nil :false-object :json-false)"


def check(emacs: Emacs, value: dict[str, Any], text: str, *, warns: bool = False) -> None:
    """The mode line's word for a status, and whether it is a warning."""
    found = emacs.get(f"(let ((it (lsp-experts-status-short {read(value)}))) (list (car it) (and (cdr it) t)))")
    assert found == [text, warns or None]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("HOT", "go-carved"),
        ("LOADING", "go-carved…"),
        ("UNPARKING", "go-carved…"),
        ("PARKED", "(go-carved)"),
        ("CACHED", "(go-carved)"),
        ("COLD", "(go-carved)"),
    ],
)
def test_the_experts_state(emacs: Emacs, state: str, text: str) -> None:
    check(emacs, status(state), text)


def test_what_is_a_warning(emacs: Emacs) -> None:
    check(emacs, status(enabled=False), "experts:off", warns=True)
    check(emacs, status(experts=()), "experts:none", warns=True)
    check(emacs, status(excluded="secret file"), "experts:excluded", warns=True)
    check(emacs, {"problems": ["broken"]}, "experts:broken", warns=True)


REMOTE = {"id": "team-go", "host": "a.example", "state": "late", "says": "text of this file goes to a.example"}


def test_a_remote_expert(emacs: Emacs) -> None:
    check(emacs, status(experts=(), remote=REMOTE), "team-go")
    check(emacs, status(experts=(), remote={**REMOTE, "says": ""}), "experts:none", warns=True)
    report = emacs.get(f"(lsp-experts-status-report {read(status(remote=REMOTE))})")
    assert "team-go (late): text of this file goes to a.example" in report.splitlines()


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (None, "no reason is known"),
        ({"reason": "not sure", "detail": ""}, "not sure"),
        ({"reason": "not ready", "detail": "go-carved: no memory"}, "not ready (go-carved: no memory)"),
    ],
)
def test_the_last_silence(emacs: Emacs, last: dict[str, str] | None, says: str) -> None:
    assert emacs.get(f"(lsp-experts-status-silence {read(status(lastSilence=last))})") == says


def test_the_report(emacs: Emacs) -> None:
    report = emacs.get(f"(lsp-experts-status-report {read(status(problems=['a registry is broken']))})")
    assert report.splitlines() == [
        "LSP Experts 1, go-carved",
        "Memory: 345 MB of 2000 MB",
        "Last silence: no reason is known",
        "Problem: a registry is broken",
        "",
        "Here, for go:",
        "  go-carved                    expert",
        "  not installed: a, b",
        "",
        "Experts:",
        "  go-carved                    HOT          345 MB  ",
    ]


def test_the_report_of_a_server_that_knows_nothing(emacs: Emacs) -> None:
    assert "No document has the focus." in emacs.get(f"(lsp-experts-status-report {read({'version': '1'})})")


@pytest.mark.parametrize(
    ("uri", "says"),
    [("file:///w/main.go", " go-carved"), ("file:///w/m%61in.go", " go-carved"), ("file:///w/b.go", " experts")],
)
def test_the_mode_line_is_about_this_buffer(emacs: Emacs, uri: str, says: str) -> None:
    emacs.get(f"(progn (defvar told nil) (setq told {read(status())}) t)")
    emacs.get("(progn (cl-defmethod lsp-experts-last-status ((_ (eql fake))) told) t)")
    emacs.get(f"(progn (cl-defmethod lsp-experts-document ((_ (eql fake))) (list :uri {lisp(uri)})) t)")
    emacs.get("(progn (setq lsp-experts-connection-functions (list (lambda () 'fake))) t)")
    assert emacs.get("(substring-no-properties (lsp-experts-status-mode-line))") == says
    emacs.get("(progn (setq lsp-experts-connection-functions nil) t)")
    assert emacs.get("(substring-no-properties (lsp-experts-status-mode-line))") == " experts:no server"
