"""A task as steps, by rule: which part of an instruction goes to which file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lsp_experts.actions.tasks.split import MAX_STEPS, Step, Target, split

GO = Target("go", "server.go", "go", (("User", "type User struct"), ("hello", "func hello()")), named=True)
HTML = Target("html", "web/index.html", "html", (("menu", '<nav id="menu">'),), named=True)
CSS = Target("css", "styles.css", "css", (("btn", ".btn"),), named=True)
ALL = (GO, HTML, CSS)


def check(instruction: str, *expected: tuple[str, str], targets: tuple[Target, ...] = ALL) -> None:
    assert split(instruction, targets, "current") == tuple(Step(*each) for each in expected)


def test_files_that_are_named() -> None:
    check(
        "Add a field to server.go, show it in web/index.html and make it red in styles.css.",
        ("go", "Add a field to server.go"),
        ("html", "show it in web/index.html"),
        ("css", "make it red in styles.css."),
    )
    check("Fix INDEX.html", ("html", "Fix INDEX.html"))


def test_languages_that_are_touched() -> None:
    check(
        "Rename x in the HTML and the Go handler",
        *((uri, "Rename x in the HTML and the Go handler") for uri in ("html", "go")),
    )
    check("use golang idioms", ("go", "use golang idioms"))
    check("Go to the start and add a line", ("current", "Go to the start and add a line"))
    check("in the HTML write Made with Go", ("html", "in the HTML write Made with Go"))
    check("make it less loud", ("current", "make it less loud"), targets=(*ALL, Target("less", "a.less", "less")))


def test_of_several_documents_of_a_language_the_likeliest_is_meant() -> None:
    other = Target("about", "about.html", "html", (("team", '<div id="team">'),))
    check("sort the team in the HTML", ("about", "sort the team in the HTML"), targets=(HTML, other))
    check("fix the HTML", ("html", "fix the HTML"), targets=(HTML, other))
    check("fix all HTML files", ("html", "fix all HTML files"), ("about", "fix all HTML files"), targets=(HTML, other))


def test_definitions_that_are_named() -> None:
    check("change function hello and make `btn` red", ("go", "change function hello"), ("css", "make `btn` red"))
    check("say hello to the menu", ("current", "say hello to the menu"))


def test_what_names_nothing_goes_along() -> None:
    check("In index.html add a form and give it a border, and style styles.css",
          ("html", "In index.html add a form. give it a border"), ("css", "style styles.css"))  # fmt: skip
    check("In index.html add a form. Use two columns. Fix server.go",
          ("html", "In index.html add a form. Use two columns."), ("go", "Fix server.go"))  # fmt: skip
    check("Add a search. server.go finds, index.html shows. Use comments everywhere.",
          ("go", "Add a search. server.go finds. Use comments everywhere."),
          ("html", "Add a search. index.html shows. Use comments everywhere."))  # fmt: skip
    check("Make it nicer. And shorter.", ("current", "Make it nicer. And shorter."))
    check("", ("current", ""))


def test_items_of_a_list_are_steps() -> None:
    check(
        "1. Add Age to server.go\n2. Show it in index.html; use a table\n3. Test server.go",
        ("go", "Add Age to server.go"),
        ("html", "Show it in index.html. use a table"),
        ("go", "Test server.go"),
    )


def test_too_many_steps_become_one_for_each_file() -> None:
    instruction = "\n".join(f"{number}. Add rule {number} to styles.css" for number in range(1, MAX_STEPS + 2))
    (step,) = split(instruction, ALL, "current")
    assert step.uri == "css"
    assert step.instruction.count("Add rule") == MAX_STEPS + 1


@pytest.mark.parametrize("paths", [{"go": "a.go", "html": "b.go"}])
def test_the_same_name_with_another_ending_is_another_file(paths: Mapping[str, str]) -> None:
    targets = tuple(replace(target, path=paths[target.uri], language="go") for target in (GO, HTML))
    check("fix b.go", ("html", "fix b.go"), targets=targets)
