"""Simplifying: where it is offered, and that callers need not know."""

from __future__ import annotations

import pytest
from actions.places import applied, place, run, titles
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.simplify import ACTION
from lsp_experts.errors import ActionRefused

LONG = (
    "‸export function greet(person) {\n  if (person.name.length > 0) {\n    return 'Hello, ' + person.name + '!';\n"
    "  } else {\n    return 'Hello, stranger!';\n  }\n}‸\n"
)
PY = 'def f(a, b):\n    """Says it."""\n    if a:‸\n        return True\n    else:\n        return False\n'
SELECTED = "func f(a int) int {\n‸\tb := a\n\treturn b‸\n}\n"


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", PY, ["Simplify f"]),
        ("go", f"package a\n\n{SELECTED}", ["Simplify the selection"]),
        ("python", "x = 1‸\n", []),
        ("python", "x = ‸1‸ + 2\n", []),
        ("markdown", "‸Some text.‸\n", []),
        ("text", "‸Some text.‸\n", []),
        ("html", "‸<p>a</p>‸\n", []),
        ("python", "‸import os\n\n# so‸\n", []),
        ("python", "‸import os\nx = os.sep‸\n", ["Simplify the selection"]),
        ("python", 'def f():\n    ‸"""Says it."""‸\n    return 1\n', []),
        ("python", 'def f():\n    """Says it.\n\n    ‸Or not.‸\n    """\n    return 1\n', []),
        ("python", "def f():\n    pass‸\n", []),
        ("go", '‸package a\n\nimport (\n\t"fmt"\n)‸\n', []),
        ("go", 'package a\n\nimport (\n‸\t"fmt"‸\n)\n', []),
        ("javascript", "‸import a from 'b';‸\n", []),
        ("json", '‸{"a": 1}‸\n', []),
        ("no-such-language", "‸a b c‸\n", ["Simplify the selection"]),
    ],
)
def test_offers(language: str, marked: str, expected: list[str]) -> None:
    assert titles(ACTION, place(language, marked)) == expected


@pytest.mark.asyncio
async def test_a_function_is_simplified() -> None:
    at = place("python", f"import os\n\n{PY}\nprint(f(1, 2))\n")
    answer = 'def f(a, b):\n    """Says it."""\n    return bool(a)'
    outcome = await run(ACTION, at, ScriptedGenerator(answer))
    assert applied(at.text, outcome) == f"import os\n\n{answer}\n\nprint(f(1, 2))\n"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('def f(a):\n    """Says it."""\n    return bool(a)', "it declares f otherwise"),
        ('def f(a, c):\n    """Says it."""\n    return bool(a)', "it declares f otherwise"),
        ('def g(a, b):\n    """Says it."""\n    return bool(a)', "it drops f"),
        ("def f(a, b):\n    return bool(a)", "it drops the documentation of f"),
        ('def f(a, b):\n    """Says it."""\n    if a:\n        return True', "it goes on where the code returned"),
    ],
)
async def test_its_signature_and_documentation_stay(answer: str, reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await run(ACTION, place("python", PY), ScriptedGenerator(answer, answer))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return person.name ? `Hello, ${person.name}!` : 'Hello, stranger!';", ""),
        ("return `Hello, ${person.name}!`;", "it leaves stranger out"),
        ("return `Hello, ${person || 'stranger'}!`;", "it leaves name out"),
        ("console.log(person.name || 'Hello, stranger!');", "it goes on where the code returned"),
    ],
)
async def test_what_the_code_reads_and_says_stays(body: str, reason: str) -> None:
    at, answer = place("javascript", LONG), f"export function greet(person) {{\n  {body}\n}}"
    if reason:
        with pytest.raises(ActionRefused, match=reason):
            await run(ACTION, at, ScriptedGenerator(answer, answer))
    else:
        assert applied(at.text, await run(ACTION, at, ScriptedGenerator(answer))) == f"{answer}\n"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("const greet = (person) => {\n  return person.name || 'Hello, stranger!';\n}", "it declares greet otherwise"),
        (LONG.replace("‸", "").replace(" > ", ">").strip(), "it changes nothing"),
    ],
)
async def test_it_stays_exported_and_blanks_are_no_simplification(answer: str, reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await run(ACTION, place("javascript", LONG), ScriptedGenerator(answer, answer))


@pytest.mark.asyncio
async def test_documentation_stays_as_it_is() -> None:
    marked = (
        "def even(xs):\n"
        '    """The even ones.\n'
        "\n"
        "    >>> even([1, 2])\n"
        '    """\n'
        "    r = []\n"
        "    for x in xs:‸\n"
        "        if x % 2 == 0:\n"
        "            r.append(x)\n"
        "    return r\n"
    )
    answer = 'def even(xs):\n    """Even numbers."""\n    return [x for x in xs if x % 2 == 0]'
    at = place("python", marked)
    outcome = await run(ACTION, at, ScriptedGenerator(answer))
    head, _, _ = at.text.partition("    r = []")
    assert applied(at.text, outcome) == head + "    return [x for x in xs if x % 2 == 0]\n"


@pytest.mark.asyncio
@pytest.mark.parametrize(("body", "reason"), [("len(words(text))", ""), ("len(text.split())", "it leaves words out")])
async def test_the_functions_of_the_file_that_it_calls_stay(body: str, reason: str) -> None:
    helper = "def words(text):\n    return text.lower().split()\n\n\n"
    marked = f"{helper}def many(text):\n    n = 0‸\n    for _ in words(text):\n        n += 1\n    return n\n"
    answer = f"def many(text):\n    return {body}"
    at = place("python", marked)
    if reason:
        with pytest.raises(ActionRefused, match=reason):
            await run(ACTION, at, ScriptedGenerator(answer, answer))
    else:
        assert applied(at.text, await run(ACTION, at, ScriptedGenerator(answer))) == f"{helper}{answer}\n"


@pytest.mark.asyncio
async def test_an_import_that_it_needs_goes_to_the_others() -> None:
    at = place("python", "import os\n\n\ndef many(a):\n    n = {}‸\n    for b in a:\n        n[b] = 1\n    return n\n")
    answer = "from collections import Counter\n\n\ndef many(a):\n    return Counter(a)"
    outcome = await run(ACTION, at, ScriptedGenerator(answer))
    expected = "import os\nfrom collections import Counter\n\n\ndef many(a):\n    return Counter(a)\n"
    assert applied(at.text, outcome) == expected
