"""Emacs: ghost text in a buffer; what it looks like, and what becomes of it as the user types, accepts and undoes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from editors.emacs_child import Emacs, emacs_child, lisp

WORD, LINE = "lsp-experts-inline--word", "lsp-experts-inline--line"


@pytest.fixture(scope="module")
def emacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emacs]:
    with emacs_child(tmp_path_factory.mktemp("ghost") / "home") as child:
        child.require("lsp-experts")
        yield child


def check(emacs: Emacs, before: str, text: str, *steps: str, replaces: int = 0, screen: str) -> None:
    """`text` is shown at the mark in `before`, in the place of so many characters behind it; then forms are run."""
    emacs.get('(progn (set-buffer (get-buffer-create "ghost")) (buffer-enable-undo) (lsp-experts-ghost-hide) t)')
    emacs.get(f"(progn (driver-place {lisp(before)}) (undo-boundary) t)")
    emacs.get(f"(and (lsp-experts-ghost-show (point) (+ (point) {replaces}) {lisp(text)}) t)")
    for step in steps:
        emacs.get(f"(progn {step} t)")
    assert emacs.get("(driver-screen)") == screen


def typed(text: str) -> str:
    """As a command that inserts text, and what follows a command."""
    return f"(insert {lisp(text)}) (lsp-experts-ghost-follow)"


def accept(part: str = "") -> str:
    return f"(undo-boundary) (lsp-experts-ghost-insert {part}) (undo-boundary)"


@pytest.mark.parametrize(
    ("before", "text", "replaces", "screen"),
    [
        ("a‸", "bc", 0, "a‸[bc]"),
        ("f(‸)", "x)", 1, "f(‸[x])"),  # a closer that stays is not shown twice
        ("f(‸)", "x) + y", 1, "f(‸[x) + y]"),  # one that does not stay is shown where it will be
        ("f(‸);", "x)", 1, "f(‸[x]);"),
        ("a‸\nb", "1\n  2", 0, "a‸[1\n  2]\nb"),
        ("é😀‸", "ü😀", 0, "é😀‸[ü😀]"),
        ("f(‸)", ")", 1, "f(‸)"),  # nothing new
        ("a‸", "", 0, "a‸"),
    ],
)
def test_what_it_looks_like(emacs: Emacs, before: str, text: str, replaces: int, screen: str) -> None:
    check(emacs, before, text, replaces=replaces, screen=screen)


@pytest.mark.parametrize(
    ("text", "keys", "screen"),
    [
        ("bcd", ["b"], "ab‸[cd]"),
        ("bcd", ["b", "c"], "abc‸[d]"),
        ("bcd", ["bc"], "abc‸[d]"),
        ("bcd", ["b", "c", "d"], "abcd‸"),
        ("bcd", ["x"], "ax‸"),
        ("bcd", ["b", "x"], "abx‸"),
        ("😀é", ["😀"], "a😀‸[é]"),
    ],
)
def test_typing_along(emacs: Emacs, text: str, keys: list[str], screen: str) -> None:
    check(emacs, "a‸", text, *map(typed, keys), screen=screen)


@pytest.mark.parametrize(
    ("step", "screen"),
    [
        ("(delete-char -1)", "‸[abc]"),  # back to where it began
        ("(backward-char)", "‸a"),  # the cursor goes elsewhere
        ("(save-excursion (insert \"x\"))", "a‸x"),  # something else changes
        ('(erase-buffer) (insert "q")', "q‸"),
    ],
)  # fmt: skip
def test_other_commands(emacs: Emacs, step: str, screen: str) -> None:
    along = '(insert "a") (lsp-experts-ghost-follow)'
    check(emacs, "‸", "abc", along, f"{step} (lsp-experts-ghost-follow)", screen=screen)


def test_what_stands_before_the_cursor_begins_it(emacs: Emacs) -> None:
    def shown(text: str) -> bool:
        emacs.get('(progn (set-buffer (get-buffer-create "ghost")) (driver-place "fmt.‸") t)')
        return bool(emacs.get(f"(lsp-experts-ghost-show (point-min) (point) {lisp(text)})"))

    assert shown("fmt.Println()")
    assert emacs.get("(driver-screen)") == "fmt.‸[Println()]"
    assert not shown("log.Println()")


@pytest.mark.parametrize(
    ("before", "text", "replaces", "parts", "screen"),
    [
        ("a‸", "b\nc", 0, [""], "ab\nc‸"),
        ("f(‸)", "x)", 1, [""], "f(x)‸"),
        ("f(‸)", "x)", 1, [WORD], "f(x)‸"),  # the last word takes the closer with it
        ("f(‸)", "x, y)", 1, [WORD], "f(x‸[, y])"),
        ("f(‸)", "x) + y", 1, [WORD], "f(x‸[) + y]"),
        ("‸", "if err != nil {", 0, [WORD], "if‸[ err != nil {]"),
        ("‸", "if err != nil {", 0, [WORD] * 3, "if err !=‸[ nil {]"),
        ("‸", "a_b.c", 0, [WORD], "a_b‸[.c]"),
        ("{‸", "\n\tx()\n}", 0, [WORD], "{\n\tx‸[()\n}]"),
        ("{‸", "\n\tx()\n}", 0, [LINE], "{\n\tx()‸[\n}]"),
        ("{‸", "\n\tx()\n}", 0, [LINE, LINE], "{\n\tx()\n}‸"),
        ("‸", "x()\ny()", 0, [LINE], "x()‸[\ny()]"),
        ("‸", "😀é x", 0, [WORD], "😀é‸[ x]"),
    ],
)
def test_accepting(emacs: Emacs, before: str, text: str, replaces: int, parts: list[str], screen: str) -> None:
    check(emacs, before, text, *map(accept, parts), replaces=replaces, screen=screen)


@pytest.mark.parametrize("before", ["f(‸)", "a\nf(‸)\nb"])
def test_accepting_is_undone_in_one_step(emacs: Emacs, before: str) -> None:
    check(emacs, before, "x,\n  y)", accept(), "(undo)", replaces=1, screen=before)


def test_what_is_told_of_an_acceptance(emacs: Emacs) -> None:
    check(emacs, "‸", "ab cd", screen="‸[ab cd]")
    assert emacs.get(f'(format "%S" (lsp-experts-ghost-insert {WORD}))') == "(2)"
    assert emacs.get(f'(format "%S" (lsp-experts-ghost-insert {WORD}))') == "(5 . t)"
