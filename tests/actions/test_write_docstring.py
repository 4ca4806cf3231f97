"""A comment is written above a function, or a docstring into it, and nothing else."""

from __future__ import annotations

import pytest
from actions.places import applied, job, place, run, titles
from actions.scripted import EXPERT, ScriptedGenerator

from lsp_experts.actions.generator import Said
from lsp_experts.actions.write_docstring import ACTION
from lsp_experts.errors import ActionRefused

GO = "package a\n\n// G stays.\nfunc G() {}\n\nfunc F(a int) int {\n\treturn ‸a\n}\n"
PY = "def f(a, b=1):\n    return ‸a\n"
JS = "const x = 1;\n\nexport function f(items, key) {‸\n  return items[key];\n}\n"
GOOGLE = 'def g(a):\n    """G.\n\n    Args:\n        a: It.\n    """\n\n\n'


@pytest.mark.parametrize(
    ("language", "marked", "title"),
    [
        ("go", GO, "F"),
        ("python", PY, "f"),
        ("javascript", JS, "f"),
        ("python", "class A:\n    def f(self):‸\n        pass\n", "f"),
        ("python", "def f(a):\n    '''Does.'''\n    return ‸a\n", ""),
        ("go", "package a\n\n// F does.\nfunc F() {‸}\n", ""),
        ("python", "def f(a): return ‸a\n", ""),
        ("python", "x = ‸1\n", ""),
        ("css", "a { color: ‸red; }\n", ""),
        ("no-such-language", "def f(a):\n    ‸pass\n", ""),
    ],
)
def test_it_is_offered_where_there_is_no_documentation(language: str, marked: str, title: str) -> None:
    assert titles(ACTION, place(language, marked)) == ([f"Document {title}"] if title else [])


async def check(language: str, marked: str, answer: str, comment: str) -> ScriptedGenerator:
    """`comment` is what was inserted, at the `§` of `marked` (with its cursor mark)."""
    at, generator = place(language, marked.replace("§", "")), ScriptedGenerator(answer)
    expected = marked.replace("‸", "").replace("§", comment)
    assert applied(at.text, await run(ACTION, at, generator)) == expected
    return generator


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("language", "marked", "answer", "comment"),
    [
        (
            "go",
            GO.replace("func F", "§func F"),
            "returns a.\n// It never fails.\nfunc F(",
            "// F returns a.\n// It never fails.\n",
        ),
        ("go", "package a\n\n§func F() {‸}\n", "does it.\n//\n// Examples:\n", "// F does it.\n"),
        ("go", "package a\r\n\r\n§func F() {‸}\r\n", "does é😀.\n// Well.", "// F does é😀.\r\n// Well.\r\n"),
        ("python", "def f(a):§\n    return ‸a\n", 'Return a."""\n    x = 1\n', '\n    """Return a."""'),
        ("python", "def f(a):  # noqa§\n    return ‸a\n", "Return a.", '\n    """Return a."""'),
        ("python", "class A:\r\n\tdef f(self):§\r\n\t\tpass‸\r\n", "Do it.", '\r\n\t\t"""Do it."""'),
        (
            "python",
            GOOGLE + "def f(a, b):§\n    return ‸a\n",
            "Return a.\n\n    Args:\n        a: One.\n            Of two.\n        c (int): Three.\n            More.\n"
            "        b: Two.\n\n    Returns:\n        a.\n    ",
            '\n    """Return a.\n\n    Args:\n        a: One.\n            Of two.\n        b: Two.\n\n'
            '    Returns:\n        a.\n    """',
        ),
        (
            "python",
            "def f(a):§\n    return ‸a\n",
            "Return a.\n\n    Args:\n    a: One.\n        Of two.\n    c: Three.\n\n    Returns:\n    a.\n    ",
            '\n    """Return a.\n\n    Args:\n        a: One.\n            Of two.\n\n'
            '    Returns:\n        a.\n    """',
        ),
        (
            "python",
            GOOGLE + "def f():§\n    return ‸1\n",
            "Return 1.\n\n    Args:\n        c: Three.\n\n    Returns:\n        1.\n    ",
            '\n    """Return 1.\n\n    Returns:\n        1.\n    """',
        ),
        (
            "python",
            'def g(a):\n    """G.\n\n    :param a: It.\n    """\n\n\ndef f(a):§\n    return ‸a\n',
            "Return a.\n\n    :param a: One.\n    :param int c: Three.\n        More.\n    :return: a.",
            '\n    """Return a.\n\n    :param a: One.\n    :return: a.\n    """',
        ),
        (
            "javascript",
            "class A {\n  b = 1;\n\n§  f(items) {‸\n    return items;\n  }\n}\n",
            "Gives back.\n   * @param {Array<string>} items - Some.\n   * @param {number} [c] - None.\n   *   More.\n"
            "   * @returns {Array} items\n   */\n  f(items) {",
            "  /**\n   * Gives back.\n   * @param {Array<string>} items - Some.\n   * @returns {Array} items\n   */\n",
        ),
        ("rust", "§pub fn f() {‸\n    g();\n}\n", "Calls g.\n///\n/// # Examples\n", "/// Calls g.\n"),
        ("java", "class A {\n§  @B\n  int g(int a) {‸ return a; }\n}\n", "Gives a.", "  /**\n   * Gives a.\n   */\n"),
    ],
)  # fmt: skip
async def test_the_comment(language: str, marked: str, answer: str, comment: str) -> None:
    await check(language, marked, answer, comment)


@pytest.mark.asyncio
async def test_the_expert_goes_on_behind_the_opening() -> None:
    generator = await check("go", GO.replace("func F", "§func F"), "returns a.", "// F returns a.\n")
    (asked,) = generator.filled
    assert asked.hole.tail == "// F " and asked.stop.rejoin == "func F(a int) int {"
    assert asked.hole.head.endswith("// G stays.\nfunc G() {}\n\nfunc F(a int) int {\n\treturn a\n}\n\n")
    assert asked.hole.suffix.startswith("\nfunc F(a int) int {\n\treturn a\n}")
    generator = await check("python", "def f(a):§\n    return ‸a\n", "Return a.", '\n    """Return a."""')
    (asked,) = generator.filled
    assert (asked.hole.tail, asked.hole.suffix) == ('def f(a):\n    """', '"""\n    return a\n')


@pytest.mark.asyncio
async def test_a_documented_function_that_is_far_away_is_shown() -> None:
    """Its comment says how they look here."""
    far = "def x():\n    return 1\n\n\n" * 200
    generator = await check(
        "python", f"{GOOGLE}{far}def f(a):§\n    return ‸a\n", "A.\n\n    B.", '\n    """A.\n\n    B.\n    """'
    )
    (asked,) = generator.filled
    assert asked.hole.head.startswith(GOOGLE.rstrip()) and len(asked.hole.head) < 3000


@pytest.mark.asyncio
async def test_a_long_line_is_wrapped() -> None:
    words = [f"word{number:02}" for number in range(39)]
    lines = " ".join(words[:13]), " ".join(words[13:27]), " ".join(words[27:])
    comment = "".join(f"// {line}\n" for line in (f"F {lines[0]}", *lines[1:]))
    await check("go", "package a\n\n§func F() {‸}\n", " ".join(words), comment)


@pytest.mark.asyncio
async def test_what_was_cut_off_loses_its_last_line() -> None:
    at = place("go", "package a\n\nfunc F() {‸}\n")
    outcome = await run(ACTION, at, ScriptedGenerator(Said("does it.\n// And it als", False, EXPERT)))
    assert applied(at.text, outcome) == "package a\n\n// F does it.\nfunc F() {}\n"


@pytest.mark.asyncio
@pytest.mark.parametrize("first", ["", "\n\n", '"""', "f", "\n    return a + b\n    ", "same. " * 50])
async def test_a_poor_answer_is_asked_for_again(first: str) -> None:
    at = place("python", "def f(a, b):\n    return a + b‸\n")
    generator = ScriptedGenerator(first, Said("", True, EXPERT, ("", "Return the sum.")))
    expected = 'def f(a, b):\n    """Return the sum."""\n    return a + b\n'
    assert applied(at.text, await run(ACTION, at, generator)) == expected
    assert [each.choices for each in generator.filled] == [1, 3]


@pytest.mark.asyncio
async def test_code_never_comes_of_it() -> None:
    """Whatever the answer closes, only a comment is inserted."""
    at = place("javascript", "function f(a) {‸\n  return a;\n}\n")
    outcome = await run(ACTION, at, ScriptedGenerator("Gives back. */ evil(); /* x"))
    assert applied(at.text, outcome) == "/**\n * Gives back.\n */\nfunction f(a) {\n  return a;\n}\n"
    at = place("python", "def f(a):‸\n    return a\n")
    refused = ScriptedGenerator("Gives \\", "Gives back \\")
    with pytest.raises(ActionRefused, match="No documentation for f"):
        await run(ACTION, at, refused)


@pytest.mark.asyncio
async def test_a_place_that_changed_is_refused() -> None:
    with pytest.raises(ActionRefused, match="no function without documentation"):
        await ACTION.run(job(place("python", "x = 1‸\n"), ScriptedGenerator("y")))
