"""The body of a function is written in its place, and nothing else changes."""

from __future__ import annotations

import pytest
from actions.places import ScriptedFiles, applied, job, place, run, titles
from actions.scripted import EXPERT, ScriptedGenerator

from lsp_experts.actions.complete_body import ACTION
from lsp_experts.actions.generator import Said
from lsp_experts.errors import ActionRefused

GO = "package a\n\n// F adds.\nfunc F(a, b int) int {‸\n}\n\nfunc g() {\n\treturn\n}\n"
PY = "import re\n\n\ndef f(a):\n    ‸pass\n\n\nx = 1\n"


@pytest.mark.parametrize(
    ("language", "marked", "title"),
    [
        ("go", GO, "F"),
        ("go", "package a\n\nfunc (s *S) F() error {\n\tpanic(\"not impl‸emented\")\n}\n", "F"),
        ("python", PY, "f"),
        ("python", "class A:\n    def f(self):\n        '''Do‸c.'''\n", "f"),
        ("python", "def f(a):\n    ‸", "f"),
        ("python", "def f(a):\n    ‸pass\n    ‸", "f"),
        ("javascript", "const f = (a) => {\n  // TODO‸\n};\n", "f"),
        ("ruby", "def f(a)‸\nend\n", "f"),
        ("go", "package a\n\nfunc F(a int) int {\n\ta++\n\t‸\n}\n", "F"),
        ("python", "def f(a):\n    a += 1\n    ‸\n\n\nx = 1\n", "f"),
        ("python", "def f(a):\n    return ‸a\n", ""),
        ("python", "def f(a):\n    b = a\n    ‸\n    return b\n", ""),
        ("python", "def f(a):\n‸    b = a\n    return b\n‸", ""),
        ("python", "x = ‸1\n", ""),
        ("java", "interface A {\n  int f(‸int a);\n}\n", ""),
        ("no-such-language", "def f(a):\n    ‸\n", ""),
        ("python", "‸", ""),
    ],
)  # fmt: skip
def test_it_is_offered_on_what_is_unfinished(language: str, marked: str, title: str) -> None:
    assert titles(ACTION, place(language, marked)) == ([f"Complete the body of {title}"] if title else [])


async def check(language: str, marked: str, answer: str, expected: str) -> ScriptedGenerator:
    """`expected`: the whole document afterwards, the same text but for the body."""
    at, generator = place(language, marked), ScriptedGenerator(answer)
    assert applied(at.text, await run(ACTION, at, generator)) == expected
    return generator


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("language", "marked", "answer", "expected"),
    [
        (
            "go",
            GO,
            "\treturn a + b\n}\n\nfunc h() {",
            "package a\n\n// F adds.\nfunc F(a, b int) int {\n\treturn a + b\n}\n\nfunc g() {\n\treturn\n}\n",
        ),
        ("go", "package a\n\nfunc F(a B) {‸}\n", "    a.b()", "package a\n\nfunc F(a B) {\n\ta.b()\n}\n"),
        ("python", PY, "    return a\n\n\ndef g():\n", "import re\n\n\ndef f(a):\n    return a\n\n\nx = 1\n"),
        ("python", "def f(a): pass‸\n", "\n    return a", "def f(a):\n    return a\n"),
        ("python", "def f(a):‸", "return a", "def f(a):\n    return a"),
        ("python", "def f(a):\n    ‸\n\nx = 1\n", "    return a", "def f(a):\n    return a\n\nx = 1\n"),
        ("python", "def f(a):  # noqa\n    ‸pass\n", "    return a", "def f(a):  # noqa\n    return a\n"),
        (
            "python",
            "class A:\n\tdef f(self, a):\n\t\t'''Doc.'''\n\t\t# first a\n\t\tpass  # TODO: do it‸\n\n\tb = 1\n",
            "\t\tif a:\n\t\t\treturn 1\n\t\treturn 2\n\n\tdef g(self):\n",
            "class A:\n\tdef f(self, a):\n\t\t'''Doc.'''\n\t\t# first a\n"
            "\t\tif a:\n\t\t\treturn 1\n\t\treturn 2\n\n\tb = 1\n",
        ),
        (
            "python",
            "def f(a):\r\n    # é😀 stays\r\n    ...‸\r\nx = 1\r\n",
            "    b = a\n    return b\n",
            "def f(a):\r\n    # é😀 stays\r\n    b = a\r\n    return b\r\nx = 1\r\n",
        ),
        (
            "javascript",
            "class A {\n  f(a) {‸}\n  g() { return 1; }\n}\n",
            "    return a.map((b) => {\n      return b;\n    });\n  }\n  h() {",
            "class A {\n  f(a) {\n    return a.map((b) => {\n      return b;\n    });\n  }\n  g() { return 1; }\n}\n",
        ),
        (
            "javascript",
            "function f(a) {\n  throw new Error('not implemented'); // TODO‸\n}\n",
            "  return a;",
            "function f(a) {\n  return a;\n}\n",
        ),
        ("ruby", "def f(a)\n  # a first‸\nend\n", "  a + 1\nend\n", "def f(a)\n  # a first\n  a + 1\nend\n"),
        (
            "go",
            "package a\n\nfunc F(a int) int {\n\ta++\n\n\t‸\n}\n",
            "\treturn a\n}",
            "package a\n\nfunc F(a int) int {\n\ta++\n\treturn a\n}\n",
        ),
        ("python", "def f(a):\n    a()\n    ‸\n\nx = 1\n", "    return", "def f(a):\n    a()\n    return\n\nx = 1\n"),
        ("go", "package a\n\nfunc F(a int) int {‸", "\treturn a", "package a\n\nfunc F(a int) int {\n\treturn a\n}"),
    ],
)  # fmt: skip
async def test_the_body(language: str, marked: str, answer: str, expected: str) -> None:
    await check(language, marked, answer, expected)


@pytest.mark.asyncio
async def test_the_expert_goes_on_behind_signature_and_documentation() -> None:
    generator = await check("go", GO, "\treturn a + b", GO.replace("‸\n", "\n\treturn a + b\n"))
    (asked,) = generator.filled
    assert asked.hole.head == "package a\n\n"
    assert asked.hole.tail == "// F adds.\nfunc F(a, b int) int {\n"
    assert asked.hole.suffix.startswith("\n}\n\nfunc g()")
    assert asked.choices == 1 and asked.heal and asked.stop.dedent_below == 4 and asked.stop.balance


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "first",
    [
        "",
        "\treturn -1",  # uses no parameter
        "\treturn (a + b",
        "The function returns the sum of both.",
        "\ta = b\n" * 8,
        "\t// TODO",
        "\tpanic(\"not implemented\")",
        Said("\treturn a +", finished=False, expert=EXPERT),
        "\treturn a\n" + "\n".join(f"\tb += {number}" for number in range(70)),
    ],
)  # fmt: skip
async def test_a_poor_answer_is_asked_for_again(first: str | Said) -> None:
    """The second time for several choices without what follows; the first one that is fit is taken."""
    second = Said("", True, EXPERT, ("\treturn )", "\treturn a + b", "\treturn b + a"))
    at, generator = place("go", GO), ScriptedGenerator(first, second)
    assert applied(at.text, await run(ACTION, at, generator)) == GO.replace("‸\n", "\n\treturn a + b\n")
    assert [(each.choices, bool(each.hole.suffix)) for each in generator.filled] == [(1, True), (3, False)]


@pytest.mark.asyncio
async def test_an_answer_without_parameters_is_better_than_none() -> None:
    at = place("go", GO)
    outcome = await run(ACTION, at, ScriptedGenerator("\treturn -1", ""))
    assert applied(at.text, outcome) == GO.replace("‸\n", "\n\treturn -1\n")


@pytest.mark.asyncio
async def test_no_fit_answer_is_an_honest_refusal() -> None:
    at = place("go", GO)
    with pytest.raises(ActionRefused, match=r"No body for F .*it is prose, not code") as refused:
        await run(ACTION, at, ScriptedGenerator("It returns the sum of a and b.", "\treturn ("))
    assert refused.value.remedy


@pytest.mark.asyncio
async def test_a_place_that_changed_is_refused() -> None:
    with pytest.raises(ActionRefused, match="no unfinished function"):
        await ACTION.run(job(place("python", "x = 1‸\n"), ScriptedGenerator("y"), files=ScriptedFiles()))
