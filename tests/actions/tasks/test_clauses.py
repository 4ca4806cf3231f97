"""An instruction taken apart: clauses that can go to files of their own, and the names in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.actions.tasks.clauses import clauses, file_names, names, words


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("Fix it", ["Fix it"]),
        ("In a.html add x and in b.css style it", ["In a.html add x", "in b.css style it"]),
        ("Add x to a.html, style it in b.css", ["Add x to a.html", "style it in b.css"]),
        ("a.go handles it, b.html shows it", ["a.go handles it", "b.html shows it"]),
        ("Rename x in the HTML and the Go handler", ["Rename x in the HTML and the Go handler"]),
        ("Rename x in a.html and b.css", ["Rename x in a.html and b.css"]),
        ("In the HTML and the Go handler, rename x", ["In the HTML and the Go handler, rename x"]),
        ("Add a title and a button", ["Add a title and a button"]),
        ("Add `this and that; or.  so` to it", ["Add `this and that; or.  so` to it"]),
        ('Say "one and two. Three" there', ['Say "one and two. Three" there']),
        ("Use fmt.Println, e.g. for 1.5 of them.", ["Use fmt.Println, e.g. for 1.5 of them."]),
        ("1. Do x\n2) Show it; use a table\r\n- be done", ["Do x", "Show it", "use a table", "be done"]),
        ("do x then write y", ["do x", "write y"]),
        ("", []),
        (" ;, \n", []),
        ("don't break it and don't stop", ["don't break it", "don't stop"]),
    ],
)
def test_clauses(instruction: str, expected: list[str]) -> None:
    assert [clause.text for clause in clauses(instruction)] == expected


def test_clauses_of_a_sentence_know_it() -> None:
    assert [clause.sentence for clause in clauses("Add x and show y. Then write z\nand fix w")] == [0, 0, 1, 2]


@given(st.text(alphabet=st.sampled_from("ab .,;`'\"\n1-)andinthe.html🙂\r"), max_size=200))
def test_no_word_is_lost(instruction: str) -> None:
    assert len(clauses(instruction)) <= len(instruction)
    for clause in clauses(instruction):
        assert clause.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in web/index.html, `styles.css`. See ./a.go", ("web/index.html", "styles.css", "a.go")),
        ("a.test.js and a.test.js", ("a.test.js",)),
        ("call user.name() at a@example.com for .age 1.5", ()),
        ("../up.go", ("../up.go",)),
        ("./../x/a.go", ("../x/a.go",)),
    ],
)
def test_file_names(text: str, expected: tuple[str, ...]) -> None:
    assert file_names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("change function parse to say so", {"parse"}),
        ("call run() and `stop`", {"run", "stop"}),
        ("the listUsers handler, User_Name, #menu and .btn", {"listUsers", "User_Name", "menu", "btn"}),
        ("add a table to the page", set()),
        ("open the class", set()),
    ],
)
def test_names(text: str, expected: set[str]) -> None:
    assert names(text) == expected


def test_words_are_what_says_something() -> None:
    assert words("Add the listUsers handler to my_page, please") == {"list", "users", "handler"}
