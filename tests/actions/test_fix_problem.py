"""Fixing what other servers reported."""

from __future__ import annotations

import pytest
from actions.places import ScriptedFiles, applied, job, place, run
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.fix_problem import ACTION, stretch_round
from lsp_experts.actions.place import Place, Problem
from lsp_experts.actions.rewriting import MOST_CHARS
from lsp_experts.errors import ActionRefused

GO = "package a\r\n\r\nfunc f(word int) int {\r\n\treturn wrd\r\n}\r\n\r\nfunc g() {}\r\n"


def with_problems(language: str, text: str, *problems: tuple[str, str], source: str = "other") -> Place:
    """A place with problems (what they lie on, the message)."""
    found = [Problem(text.index(at), text.index(at) + len(at), message, source, "E1") for at, message in problems]
    return place(language, f"‸{text}", problems=found)


def test_each_message_is_offered_once_and_three_at_most() -> None:
    at = with_problems(
        "go", GO, ("wrd", "undefined:\nwrd"), ("wrd", "undefined: wrd"), ("word", "undefined: wrd"), ("f(", "b"),
        ("g(", "c"), ("f(", "d"), ("f(", " "),
    )  # fmt: skip
    offers = ACTION.offers(at, ScriptedFiles())
    assert [(offer.title, offer.kind, offer.fixes) for offer in offers] == [
        ("Fix: undefined: wrd", "quickfix", (0, 1)),
        ("Fix: b", "quickfix", (3,)),
        ("Fix: c", "quickfix", (4,)),
    ]


def test_what_this_server_said_itself_is_left_to_its_own_fixes() -> None:
    assert ACTION.offers(with_problems("go", GO, ("wrd", "x"), source="LSP Experts"), ScriptedFiles()) == ()


def test_a_long_message_is_shortened() -> None:
    title = ACTION.offers(with_problems("go", GO, ("wrd", "word " * 50)), ScriptedFiles())[0].title
    assert len(title) < 70
    assert title.endswith("…")


@pytest.mark.asyncio
async def test_the_function_is_rewritten_with_the_message_and_its_line() -> None:
    at = with_problems("go", GO, ("wrd", "undefined: wrd"))
    generator = ScriptedGenerator("func f(word int) int {\n\treturn word\n}")
    outcome = await run(ACTION, at, generator)
    assert applied(at.text, outcome) == GO.replace("wrd", "word")
    assert "Fix this error in line 2: undefined: wrd (E1)" in generator.followed[0].asked
    assert "func g" not in generator.followed[0].asked


@pytest.mark.asyncio
@pytest.mark.parametrize("data", [{}, {"message": 7}, {"message": "what nobody said"}])
async def test_a_problem_that_is_gone_is_refused(data: dict[str, object]) -> None:
    at = with_problems("go", GO, ("wrd", "undefined: wrd"))
    with pytest.raises(ActionRefused, match="no longer there"):
        await ACTION.run(job(at, ScriptedGenerator("x"), data=data))


@pytest.mark.asyncio
async def test_a_function_is_not_written_anew() -> None:
    text = "def f(a):\n    b = 1\n    for c in a:\n        b += c\n    b = b * 2\n    return wrd\n"
    short = "def f(a):\n    return 2 * sum(a)"
    with pytest.raises(ActionRefused, match="it changes more than the problem"):
        await run(ACTION, with_problems("python", text, ("wrd", "undefined: wrd")), ScriptedGenerator(short, short))


@pytest.mark.asyncio
async def test_outside_of_functions_only_the_statement_of_the_problem_changes() -> None:
    at = with_problems("python", "import os\nimport sys\n\nprint(sys.argv)\n", ("os", "`os` imported but unused"))
    outcome = await run(ACTION, at, ScriptedGenerator("import os", "import sys"))
    assert applied(at.text, outcome) == "import sys\n\nprint(sys.argv)\n"
    with pytest.raises(ActionRefused, match="it uses sys and no longer imports it"):
        await run(ACTION, at, ScriptedGenerator("import re", "import re"))
    at = with_problems("python", "import os\nx = 1\n\nprint(x)\n", ("os", "`os` imported but unused"))
    with pytest.raises(ActionRefused, match="it changes another line, x = 1"):
        await run(ACTION, at, ScriptedGenerator("x = 2", "x = 2"))


def test_the_stretch_is_the_function_else_the_paragraph_else_the_statement() -> None:
    def stretch(language: str, text: str, at: str) -> str:
        found = with_problems(language, text, (at, "wrong"))
        of = stretch_round(found, found.problems[0])
        return text[of.start : of.end]

    assert stretch("go", GO, "wrd") == "func f(word int) int {\r\n\treturn wrd\r\n}"
    assert stretch("python", "@wrong\ndef f():\n    return 1\n", "wrong") == "@wrong\ndef f():\n    return 1"
    assert stretch("python", "a = 1\n\nb = 2\nc = d\n\ne = 3\n", "d") == "b = 2\nc = d"
    long = "".join(f"    x{number} = {number}\n" for number in range(MOST_CHARS // 6))
    assert (
        stretch("python", f"def f():\n{long}\n    y = wrong\n    return y\n", "wrong") == "    y = wrong\n    return y"
    )
    assert stretch("python", f"x0 = wrong\n{long.replace(' ', '')}", "wrong") == "x0 = wrong"
    assert stretch("no-such-language", "a b\n\nc d\ne f\n", "d") == "c d\ne f"
