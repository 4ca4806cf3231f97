"""Types are written where they are missing, and nothing else changes."""

from __future__ import annotations

import pytest
from actions.places import applied, job, place, run, titles
from actions.scripted import ScriptedGenerator

from lsp_experts.actions.add_types import ACTION
from lsp_experts.actions.outcome import Edited
from lsp_experts.errors import ActionRefused


@pytest.mark.parametrize(
    ("language", "marked", "title"),
    [
        ("python", "def f(a):\n    return ‸a\n", "f"),
        ("python", "def f(a: int):\n    return ‸a\n", "f"),
        ("python", "class A:\n    def f(self, a):‸\n        pass\n", "f"),
        ("typescript", "const f = (a) => ‸a;\n", "f"),
        ("php", "<?php\nfunction f($a) {‸}\n", "f"),
        ("python", "def f(a: int) -> int:\n    return ‸a\n", ""),
        ("javascript", "function f(a) {‸}\n", ""),
        ("go", "package a\n\nfunc F() {‸}\n", ""),
        ("python", "x = ‸1\n", ""),
    ],
)
def test_it_is_offered_where_a_type_is_missing(language: str, marked: str, title: str) -> None:
    assert titles(ACTION, place(language, marked)) == ([f"Add types to {title}"] if title else [])


async def check(language: str, marked: str, answers: list[str], expected: str, note: str = "") -> ScriptedGenerator:
    """`answers`: one for each type, twice where the first is no use."""
    at, generator = place(language, marked), ScriptedGenerator(*answers)
    outcome = await run(ACTION, at, generator)
    assert applied(at.text, outcome) == expected
    assert isinstance(outcome, Edited) and (note in outcome.note if note else not outcome.note)
    assert not generator.answers, "each was asked for"
    return generator


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("language", "marked", "answers", "expected"),
    [
        ("python", "def f(a):\n    return ‸a\n", [" int", " int"], "def f(a: int) -> int:\n    return a\n"),
        ("python", "def f(a):\n    return ‸a\n", [" int, b", " int:\n"], "def f(a: int) -> int:\n    return a\n"),
        (
            "python",
            "def f(a, b: int, c=1, *d, e = None):\r\n    ‸pass\r\n",
            [" dict[str, list[int]]) ->", "int = 1", "str", "bytes | None", "None"],
            "def f(a: dict[str, list[int]], b: int, c: int = 1, *d: str, e: bytes | None = None) -> None:\r\n"
            "    pass\r\n",
        ),
        (
            "python",
            "class A:\n    def f(self, a):  # é😀\n        ‸return None\n",
            ["Optional[List[int]]", "Union[int, Tuple[str, ...]]"],
            "class A:\n    def f(self, a: list[int] | None) -> int | tuple[str, ...] | None:  # é😀\n"
            "        return None\n",
        ),
        (
            "python",
            "from typing import Optional, List\n\nx: Optional[List] = None\ndef f(a):\n    ‸pass\n",
            ["Optional[List[int]]", "None"],
            "from typing import Optional, List\n\nx: Optional[List] = None\ndef f(a: Optional[List[int]]) -> None:\n"
            "    pass\n",
        ),
        (
            "python",
            "import numpy as np\nx = np.zeros(1)\ndef f(a):\n    ‸pass\n",
            ["np.ndarray", "'None'"],
            "import numpy as np\nx = np.zeros(1)\ndef f(a: np.ndarray) -> 'None':\n    pass\n",
        ),
        (
            "typescript",
            "class User {}\nexport const f = (a, b = 1): void => {‸};\n",
            ["User[] | undefined, b: number", "number = 1"],
            "class User {}\nexport const f = (a: User[] | undefined, b: number = 1): void => {};\n",
        ),
        (
            "typescript",
            "async function f(a, b) {‸ a(1); }\n",
            ["(x: number) => Promise<string>) {", "{ id: number; name?: string }[]", "void {"],
            "async function f(a: (x: number) => Promise<string>, b: { id: number; name?: string }[]): Promise<void>"
            " { a(1); }\n",
        ),
        (
            "php",
            "<?php\nfunction f($a, ?int $b = null) {‸}\n",
            ["?string $a", "array {"],
            "<?php\nfunction f(?string $a, ?int $b = null): array {}\n",
        ),
    ],
)
async def test_the_types(language: str, marked: str, answers: list[str], expected: str) -> None:
    await check(language, marked, answers, expected)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "poor", ["", "Any", "object", "Frame", "value", "int(", "1 + 2", "the number", "[int]]", "-> x"]
)
async def test_what_is_no_known_type_is_left_out(poor: str) -> None:
    """After a second try; the note names it."""
    await check(
        "python",
        "def f(value, b):\n    ‸pass\n",
        [poor, poor, "int", "None"],
        "def f(value, b: int) -> None:\n    pass\n",
        note="value",
    )


@pytest.mark.asyncio
async def test_what_the_function_contradicts_is_left_out() -> None:
    await check(
        "python",
        "def f(a):\n    yield ‸a(1)\n\n\ndef Iterator(): pass\n",
        ["int", "str", "int", "Iterator"],
        "def f(a) -> Iterator:\n    yield a(1)\n\n\ndef Iterator(): pass\n",
        note="Without a type: a;",
    )


@pytest.mark.asyncio
async def test_each_type_is_asked_for_behind_those_that_were_found() -> None:
    generator = await check(
        "python", "x = 1\ndef f(a, b=2):\n    return ‸a\n", ["int", "str", "int"],
        "x = 1\ndef f(a: int, b: str = 2) -> int:\n    return a\n",
    )  # fmt: skip
    assert [each.hole.tail for each in generator.filled] == [
        "def f(a:",
        "def f(a: int, b:",
        "def f(a: int, b: str = 2) ->",
    ]
    assert [each.hole.suffix.partition("\n")[0] for each in generator.filled] == [", b=2):", " = 2):", ":"]
    assert all(each.hole.head == "x = 1\n" and each.stop.max_lines == 1 for each in generator.filled)


@pytest.mark.asyncio
async def test_no_type_at_all_is_an_honest_refusal() -> None:
    with pytest.raises(ActionRefused, match=r"No type for f .*: a, the result"):
        await run(ACTION, place("python", "def f(a):\n    ‸pass\n"), ScriptedGenerator("Foo", "Foo", "", ""))
    with pytest.raises(ActionRefused, match="no function here"):
        await ACTION.run(job(place("python", "x = 1‸\n"), ScriptedGenerator("int")))
