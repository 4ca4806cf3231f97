"""Emacs: when the server is asked, which answers are shown, and what it is told; without a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from editors.emacs_child import Emacs, emacs_child, lisp

FAKE = """
(progn
  (defvar sent nil) (defvar callbacks nil) (defvar status nil)
  (cl-defmethod lsp-experts-request ((_ (eql fake)) method params callback)
    (push (list method params) sent) (push callback callbacks))
  (cl-defmethod lsp-experts-notify ((_ (eql fake)) method params) (push (list method params) sent))
  (cl-defmethod lsp-experts-document ((_ (eql fake))) (list :uri "file:///a.go"))
  (cl-defmethod lsp-experts-position ((_ (eql fake))) (list :line 0 :character (1- (point))))
  (cl-defmethod lsp-experts-point ((_ (eql fake)) position) (1+ (plist-get position :character)))
  (cl-defmethod lsp-experts-last-status ((_ (eql fake))) status)
  (add-hook 'lsp-experts-connection-functions (lambda () 'fake))
  (switch-to-buffer "a.go")
  t)
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emacs]:
    with emacs_child(tmp_path_factory.mktemp("inline") / "home") as child:
        child.require("lsp-experts", "cl-lib")
        child.get(FAKE)
        yield child


@pytest.fixture
def emacs(running: Emacs) -> Emacs:
    """A buffer with the minor mode, and nothing sent yet."""
    running.get('(progn (lsp-experts-mode -1) (buffer-enable-undo) (driver-place "fmt.‸") (lsp-experts-mode 1) t)')
    running.get("(progn (setq sent nil callbacks nil status nil lsp-experts-automatic t) t)")
    return running


def sent(emacs: Emacs) -> list[str]:
    """The methods, the oldest first; forgotten then."""
    return list(reversed(emacs.get("(prog1 (mapcar #'car sent) (setq sent nil))") or []))


def last_params(emacs: Emacs) -> Any:
    return emacs.get("(cadr (car sent))")


def ask(emacs: Emacs) -> None:
    """What the timer does."""
    emacs.get("(progn (lsp-experts-inline--ask-unasked (current-buffer)) t)")


def answer(emacs: Emacs, *texts: str, which: int = 0) -> str:
    """Answer a request, the newest first, with items at column 4; the screen then."""
    items = " ".join(
        f"(list :insertText {lisp(text)} :range '(:start (:line 0 :character 4) :end (:line 0 :character 4))"
        f' :command \'(:title "" :command "lspExperts.accepted" :arguments ["id{number}"]))'
        for number, text in enumerate(texts)
    )
    return str(emacs.get(f"(progn (funcall (nth {which} callbacks) (list :items (vector {items}))) (driver-screen))"))


def key(emacs: Emacs, command: str) -> str:
    """Run a command as a key would; the screen then."""
    return str(emacs.get(f"(progn (driver-command '{command}) (driver-screen))"))


def test_an_answer_is_shown_and_told(emacs: Emacs) -> None:
    ask(emacs)
    assert emacs.get("(plist-get (plist-get (cadr (car sent)) :context) :triggerKind)") == 2
    assert answer(emacs, "Println()") == "fmt.‸[Println()]"
    assert sent(emacs) == ["textDocument/inlineCompletion", "textDocument/didShowCompletion"]


def test_an_answer_for_another_place_is_dropped(emacs: Emacs) -> None:
    ask(emacs)
    emacs.get('(progn (driver-type "x") t)')
    assert answer(emacs, "Println()") == "fmt.x‸"
    ask(emacs)
    emacs.get("(progn (driver-command 'backward-char) t)")
    assert answer(emacs, "Println()") == "fmt.‸x"


def test_only_the_newest_answer_counts(emacs: Emacs) -> None:
    ask(emacs)
    emacs.get('(progn (driver-type "P") t)')
    ask(emacs)
    assert answer(emacs, "Printf()", which=1) == "fmt.P‸"
    assert answer(emacs, "Println()") == "fmt.P‸[rintln()]"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("(setq buffer-read-only t)", "nothing can be typed"),
        ("(setq-local completion-in-region-mode t)", "a popup is open"),
        ('(setq-local company-candidates \'("a"))', "a popup is open"),
        ("(setq-local evil-local-mode t evil-state 'normal)", "nothing is typed in this state"),
        ('(switch-to-buffer "*scratch*")', "the user looks elsewhere"),
    ],
)
def test_nothing_is_asked_where_it_would_be_in_the_way(emacs: Emacs, settings: str, why: str) -> None:
    emacs.get(f"(progn {settings} t)")
    emacs.get('(progn (lsp-experts-inline--ask-unasked (get-buffer "a.go")) t)')
    clean = "(kill-local-variable '{0})"
    names = ("completion-in-region-mode", "company-candidates", "evil-local-mode", "evil-state")
    emacs.get(f'(progn (switch-to-buffer "a.go") (setq buffer-read-only nil) {" ".join(map(clean.format, names))} t)')
    assert sent(emacs) == [], why


@pytest.mark.parametrize(("automatic", "timers"), [("t", True), ("nil", False)])
def test_a_key_asks_later(emacs: Emacs, automatic: str, timers: bool) -> None:
    emacs.get(f'(progn (setq lsp-experts-automatic {automatic}) (driver-type "x") t)')
    assert emacs.get("(and (memq lsp-experts-inline--timer timer-idle-list) t)") is (timers or None)
    assert sent(emacs) == []
    emacs.get("(progn (driver-command 'backward-char) t)")
    assert emacs.get("lsp-experts-inline--timer") is None  # whoever moves on is not asked for


def test_typing_along_asks_nothing(emacs: Emacs) -> None:
    ask(emacs)
    answer(emacs, "Println()")
    sent(emacs)
    assert key(emacs, '(lambda () (interactive) (insert "Pri"))') == "fmt.Pri‸[ntln()]"
    assert emacs.get("lsp-experts-inline--timer") is None
    assert sent(emacs) == []


def test_accepting_all_runs_the_command(emacs: Emacs) -> None:
    ask(emacs)
    answer(emacs, "Println()")
    sent(emacs)
    assert key(emacs, "lsp-experts-accept") == "fmt.Println()‸"
    assert last_params(emacs) == {"command": "lspExperts.accepted", "arguments": ["id0"]}
    assert sent(emacs) == ["workspace/executeCommand"]


def test_accepting_a_word_is_told_in_utf_16(emacs: Emacs) -> None:
    ask(emacs)
    answer(emacs, '😀 = "é"')
    sent(emacs)
    assert key(emacs, "lsp-experts-accept-word") == 'fmt.😀‸[ = "é"]'
    assert last_params(emacs)["acceptedLength"] == 2
    assert key(emacs, "lsp-experts-accept-word") == 'fmt.😀 =‸[ "é"]'
    assert last_params(emacs)["acceptedLength"] == 4
    assert key(emacs, "lsp-experts-accept-line") == 'fmt.😀 = "é"‸'
    assert sent(emacs) == ["textDocument/didPartiallyAcceptCompletion"] * 2 + ["workspace/executeCommand"]


def test_several_suggestions(emacs: Emacs) -> None:
    ask(emacs)
    assert answer(emacs, "A", "B", "C") == "fmt.‸[A]"
    assert key(emacs, "lsp-experts-next") == "fmt.‸[B]"
    assert key(emacs, "lsp-experts-next") == "fmt.‸[C]"
    assert key(emacs, "lsp-experts-next") == "fmt.‸[A]"
    assert key(emacs, "lsp-experts-previous") == "fmt.‸[C]"
    key(emacs, "lsp-experts-accept")
    assert last_params(emacs)["arguments"] == ["id2"]


def test_where_there_is_one_suggestion_next_asks_for_more(emacs: Emacs) -> None:
    ask(emacs)
    answer(emacs, "A")
    sent(emacs)
    key(emacs, "lsp-experts-next")
    assert last_params(emacs)["context"] == {"triggerKind": 1}
    assert answer(emacs, "A", "B", "C") == "fmt.‸[B]"


def test_dismissing(emacs: Emacs) -> None:
    ask(emacs)
    answer(emacs, "A")
    assert key(emacs, "lsp-experts-dismiss") == "fmt.‸"
    assert emacs.get("lsp-experts-inline--timer") is None


def test_the_keys_are_on_while_something_is_shown(emacs: Emacs) -> None:
    def bound() -> object:
        return emacs.get('(eq (key-binding (kbd "TAB")) \'lsp-experts-accept)')

    assert not bound()
    ask(emacs)
    answer(emacs, "A")
    assert bound()
    key(emacs, "lsp-experts-dismiss")
    assert not bound()


def test_asked_by_hand_the_reason_of_a_silence_is_said(emacs: Emacs) -> None:
    key(emacs, "lsp-experts-complete")
    assert last_params(emacs)["context"] == {"triggerKind": 1}
    answer(emacs)
    assert sent(emacs)[-1] == "lspExperts/status"
    emacs.get('(progn (funcall (car callbacks) \'(:lastSilence (:reason "not sure" :detail "0.2"))) t)')
    said = emacs.get("(with-current-buffer (messages-buffer) (buffer-string))")
    assert said.endswith("LSP Experts has no suggestion here: not sure (0.2)\n")


@pytest.mark.parametrize(
    ("state", "silence", "meanwhile", "asks"),
    [
        ("HOT", "loading", "", True),
        ("LOADING", "loading", "", False),
        ("HOT", "not sure", "", False),
        ("HOT", "loading", "(driver-type \"x\")", False),
    ],
)  # fmt: skip
def test_it_asks_again_when_the_expert_has_come(
    emacs: Emacs, state: str, silence: str, meanwhile: str, asks: bool
) -> None:
    ask(emacs)
    answer(emacs)
    sent(emacs)
    status = (
        f'(:lastSilence (:reason {lisp(silence)}) :focused (:experts [(:id "go")])'
        f' :experts [(:id "go" :state {lisp(state)})])'
    )
    emacs.get(f"(progn {meanwhile} (setq status '{status}) t)")
    emacs.get("(progn (with-temp-buffer (run-hook-with-args 'lsp-experts-status-hook 'fake)) t)")
    assert sent(emacs) == ["textDocument/inlineCompletion"] * asks


def test_a_window_that_is_looked_at_is_told(emacs: Emacs) -> None:
    emacs.get("(progn (lsp-experts-mode--looked-at (selected-window)) t)")
    assert last_params(emacs) == {"textDocument": {"uri": "file:///a.go"}}
    assert sent(emacs) == ["textDocument/didFocus"]


def test_toggling(emacs: Emacs) -> None:
    for enabled in (False, True):
        key(emacs, "lsp-experts-toggle")
        assert last_params(emacs) == {"settings": {"lspExperts": {"enabled": enabled}}}


def test_off_leaves_nothing(emacs: Emacs) -> None:
    ask(emacs)
    answer(emacs, "A")
    emacs.get("(progn (lsp-experts-mode -1) t)")
    assert emacs.get("(driver-screen)") == "fmt.‸"
    assert emacs.get("(overlays-in (point-min) (point-max))") is None
    assert emacs.get("(memq 'lsp-experts-inline--after-command post-command-hook)") is None
