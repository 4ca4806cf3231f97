"""Translates the selection into the language of another open document."""

from __future__ import annotations

import pytest
from actions.places import FOLDER, ScriptedFiles, job, place, run, titles, with_changes
from actions.scripted import Answer, ScriptedGenerator

from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.translate import ACTION
from lsp_experts.errors import ActionRefused

ADD = "package a\n\nfunc Ad‸d(a, b int) int {\n\treturn a + b\n}\n"
TOOLS = "import os\n\n\ndef sub(a, b):\n    return a - b\n\n\nif __name__ == '__main__':\n    print(sub(1, 2))\n"


def offered(language: str, marked: str, *opened: str) -> list[str]:
    """The titles, with these documents open."""
    return titles(ACTION, place(language, marked), ScriptedFiles(dict.fromkeys(opened, ""), opened=opened))


async def check(marked: str, into: str, there: str, expected: str, *answers: Answer, language: str = "go") -> None:
    """The other document holds `expected` then, and no other is touched."""
    files = ScriptedFiles({into: there}, opened=[into])
    outcome = await run(ACTION, place(language, marked), ScriptedGenerator(*answers), files=files)
    assert isinstance(outcome, Edited)
    assert {(change.uri, change.version) for change in outcome.changes} == {(f"{FOLDER}/{into}", 1)}
    assert with_changes(there, outcome.changes) == expected


def test_offered_for_the_languages_that_are_open() -> None:
    expected = ["Translate to Python, into b.py", "Translate to TypeScript, into a.ts"]
    assert offered("go", ADD, "b.py", "a.go", "a.ts", "c.py", "a.txt") == expected


def test_into_tests_only_if_no_other_document_is_open() -> None:
    assert offered("go", ADD, "test_b.py", "b.py") == ["Translate to Python, into b.py"]
    assert offered("go", ADD, "test_b.py") == ["Translate to Python, into test_b.py"]


def test_at_most_three_are_offered() -> None:
    assert len(offered("go", ADD, "a.py", "a.ts", "a.rs", "a.rb", "a.js")) == 3


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("plaintext", "so‸me words"),
        ("html", "<p‸>"),
        ("go", "package a\n‸\n"),
        ("go", '‸package a\n\nimport "fmt"‸\n'),
        ("go", "package a\n\nfunc f() {‸\n}\n"),
        ("css", "‸a { color: red }‸"),
        ("", "‸a‸"),
    ],
)
def test_not_offered(language: str, marked: str) -> None:
    assert offered(language, marked, "a.py") == []


@pytest.mark.asyncio
async def test_behind_the_last_definition_with_its_imports() -> None:
    expected = TOOLS.replace("import os\n", "import os\nimport math\n").replace(
        "a - b\n", "a - b\n\n\ndef add(a, b):\n    return math.floor(a + b)\n"
    )
    said = "import math\n\n\ndef add(a, b):\n    return math.floor(a + b)\n```"
    await check(ADD, "tools.py", TOOLS, expected, said)
    await check(ADD, "tools.py", TOOLS, expected, said.removeprefix("import math\n\n\n"))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("", "def add(a, b):\n    return a + b\n"),
        ("x = 1", "x = 1\n\n\ndef add(a, b):\n    return a + b\n"),
        ("def f():\r\n  pass\r\n", "def f():\r\n  pass\r\n\r\n\r\ndef add(a, b):\r\n  return a + b\r\n"),
    ],
)
@pytest.mark.asyncio
async def test_as_the_other_document_is_written(there: str, expected: str) -> None:
    await check(ADD, "t.py", there, expected, "def add(a, b):\n    return a + b\n```")


@pytest.mark.asyncio
async def test_what_the_answer_repeats_of_the_other_document_is_left_out() -> None:
    expected = TOOLS.replace("a - b\n", "a - b\n\n\ndef add(a, b):\n    return a + b\n")
    said = "import os\n\n\ndef sub(a, b):\n    return a - b\n\n\ndef add(a, b):\n    return a + b\n"
    await check(ADD, "tools.py", TOOLS, expected, said)


@pytest.mark.parametrize("extra", ["\n\ndef main():\n    add(1, 2)\n", "\n\n# For example:\nprint(add(1, 2))\n"])
@pytest.mark.asyncio
async def test_an_example_of_its_use_is_left_out(extra: str) -> None:
    said = "def add(a, b):\n    return a + b\n"
    await check(ADD, "tools.py", "x = 1\n", f"x = 1\n\n\n{said}", said + extra)


@pytest.mark.asyncio
async def test_the_package_of_an_answer_is_left_out() -> None:
    there = 'package t\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println()\n}\n'
    said = 'package main\n\nimport (\n\t"strings"\n)\n\nfunc Up(s string) string {\n\treturn strings.ToUpper(s)\n}\n'
    expected = there.replace('"fmt"\n', '"fmt"\nimport "strings"\n') + said[said.index("\nfunc Up") :]
    await check("def u‸p(s):\n    return s.upper()\n", "t.go", there, expected, said, language="python")


@pytest.mark.asyncio
async def test_in_the_class_where_functions_need_one() -> None:
    there = "class A {\n    int one() {\n        return 1;\n    }\n}\n"
    expected = there.removesuffix("}\n") + "\n    static int add(int a, int b) {\n        return a + b;\n    }\n}\n"
    files = ScriptedFiles({"A.java": there}, opened=["A.java"])
    files.language_of = lambda uri: "java"  # type: ignore[method-assign]
    said = "static int add(int a, int b) {\n    return a + b;\n}\n"
    outcome = await run(ACTION, place("go", ADD), ScriptedGenerator(said), files=files)
    assert isinstance(outcome, Edited)
    assert with_changes(there, outcome.changes) == expected


@pytest.mark.asyncio
async def test_the_target_s_expert_is_asked_with_both_languages() -> None:
    files = ScriptedFiles({"tools.py": TOOLS}, opened=["tools.py"])
    generator = ScriptedGenerator("def add(a, b):\n    return a + b\n")
    await run(ACTION, place("go", ADD), generator, files=files)
    asked = generator.followed[0]
    assert asked.language == "python"
    assert all(each in asked.asked for each in ("Go", "Python", "return a + b", "def sub(a, b)"))
    assert asked.answer == "```python\n"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (("def sub(a, b):\n    return a\n", "def sub(a, b):\n    return a\n"), r"it defines sub, which tools\.py does"),
        (("def add(a b):\n", "def add(a b):\n"), "syntax error"),
        (("Here is the translated code for you.", ""), "it is empty"),
    ],
)
@pytest.mark.asyncio
async def test_refused_after_two_flaws(answers: tuple[str, str], reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await check(ADD, "tools.py", TOOLS, "", *answers)


@pytest.mark.parametrize("data", [{}, {"into": 5}, {"into": f"{FOLDER}/a.txt"}, {"into": f"{FOLDER}/gone.py"}])
@pytest.mark.asyncio
async def test_refused_with_data_of_no_use(data: dict[str, object]) -> None:
    with pytest.raises(ActionRefused):
        await ACTION.run(job(place("go", ADD), ScriptedGenerator("x = 1"), data=data))


@pytest.mark.asyncio
async def test_a_locked_document_is_named() -> None:
    files = ScriptedFiles({"tools.py": TOOLS}, opened=["tools.py"], locked=["tools.py"])
    with pytest.raises(ActionRefused, match=r"tools\.py cannot be written"):
        await run(ACTION, place("go", ADD), ScriptedGenerator(), files=files)
