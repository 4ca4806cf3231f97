"""What actions are asked to do with a program, and the judges: each says yes to what is right and no to what is not."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from lsp_experts.actions.outcome import Change
from lsp_experts.errors import UsageError
from lsp_experts.lab.action_case import ActionCase, Marks
from lsp_experts.lab.action_cases import body_case, docstring_case, problem_case, simplify_case, types_case
from lsp_experts.lab.action_tests import mutant_of, with_tests, written_test_case
from lsp_experts.lab.action_translation import checks, in_javascript, translation_case
from lsp_experts.lab.action_workspace import FOLDER, OpenTexts
from lsp_experts.lab.humaneval import Program, load_programs
from lsp_experts.lab.node_sandbox import node_command, succeeds_in_node
from lsp_experts.lab.python_types import types_of, without_types
from lsp_experts.lab.sandbox import succeeds

HEAD = '''\
from typing import List


def below(numbers: List[int], limit: int = 3) -> bool:
    """Whether all numbers are below the limit.
    >>> below([1, 2], 3)
    True
    """
'''
BODY = """\
    result = True
    for number in numbers:
        if number >= limit:
            result = False
    return result
"""
CODE = HEAD + BODY
TEST = """
def check(candidate):
    assert candidate([1, 2], 3) == True
    assert candidate([3], 3) == False
    assert candidate([1], limit=0) == False
    assert candidate([], 0), "nothing"

check(below)
"""
PROGRAM = Program("below", CODE, TEST)
URI = f"{FOLDER}/below.py"


def given(case: ActionCase | None) -> ActionCase:
    assert case is not None
    assert case.action.offers(case.place, case.files)
    return case


async def marks(case: ActionCase, text: str, uri: str = URI) -> Marks:
    return await case.judge({**case.files.texts, uri: text})


def test_each_program_once(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    rows = []
    for at in (len(HEAD), len(HEAD) + len("    result = True\n")):
        end = CODE.index("\n", at) + 1
        blank = "\n" if at == len(HEAD) else ""
        rows.append({"prompt": CODE[:at] + blank, "canonical_solution": CODE[at:end], "suffix": CODE[end:]})
    rows.append({"prompt": "def other():\n", "canonical_solution": "    return 1\n", "suffix": ""})
    data.write_text(
        "".join(json.dumps({**row, "entry_point": "below", "test": TEST, "task_id": "x"}) + "\n" for row in rows)
    )
    first, second = load_programs(data, 9)
    assert (first.name, first.text) == ("below", CODE)
    assert second.text.startswith("def other")
    assert load_programs(data, 1) == (first,)
    data.write_text('{"prompt": "x"}\n')
    with pytest.raises(UsageError, match="is not a HumanEval-Infilling file"):
        load_programs(data, 1)


@pytest.mark.asyncio
async def test_a_body() -> None:
    case = given(body_case(PROGRAM))
    assert case.place.text.strip() == HEAD.strip()
    assert await marks(case, HEAD + "    return all(number < limit for number in numbers)\n") == {"passed": (1, 1)}
    assert await marks(case, HEAD + "    return True\n") == {"passed": (0, 1)}
    assert body_case(Program("below", "x = 1\n", TEST)) is None


@pytest.mark.asyncio
async def test_a_docstring_names_parameters() -> None:
    case = given(docstring_case(PROGRAM))
    assert '"""' not in case.place.text and BODY in case.place.text
    some = CODE.replace("all numbers are below the limit", "all are below the limit")
    assert await marks(case, some.replace("below([1, 2], 3)", "")) == {"parameters named": (1, 2)}
    assert await marks(case, CODE) == {"parameters named": (2, 2)}


@pytest.mark.asyncio
async def test_types() -> None:
    case = given(types_case(PROGRAM))
    assert "def below(numbers, limit = 3):" in case.place.text
    assert await marks(case, CODE) == {"types given": (3, 3), "exact": (3, 3)}
    assert await marks(case, CODE.replace("List[int]", "list").replace(" -> bool", "")) == {
        "types given": (2, 3),
        "exact": (1, 3),
    }
    assert await marks(case, "def below(") == {"types given": (0, 3), "exact": (0, 3)}
    assert types_case(Program("f", "def f(a):\n    return a\n", "")) is None


def test_types_are_taken_out_of_any_header() -> None:
    text = "def é(ä: 'x→y',\n      *, b: dict[str,\n          int] = {}) -> (\n    None):\n    pass\n"
    assert without_types(text, "é").startswith("def é(ä,\n      *, b = {})")
    assert types_of(text, "é") == {"ä": "'x→y'", "b": "dict[str, int]", "return": "None"}
    assert without_types("def f(", "f") == "def f("
    assert types_of("x = 1\n", "f") == {}


@pytest.mark.asyncio
async def test_problems_are_pythons_own() -> None:
    messages = set()
    for seed in range(20):
        case = given(problem_case(PROGRAM, random.Random(seed)))
        (problem,) = case.place.problems
        messages.add(problem.message)
        assert case.place.text != CODE
        assert await marks(case, case.place.text) == {"passed": (0, 1)}
        assert 0 <= problem.start <= problem.end <= len(case.place.text)
    assert "name 'resutl' is not defined" in messages and "expected ':'" in messages
    assert await marks(given(problem_case(PROGRAM, random.Random(1))), CODE) == {"passed": (1, 1)}
    assert problem_case(Program("f", 'def f():\n    """It."""\n    return 1\n', ""), random.Random(1)) is None


@pytest.mark.asyncio
async def test_simpler() -> None:
    case = given(simplify_case(PROGRAM))
    assert await marks(case, CODE) == {"passed": (1, 1)}
    assert await marks(case, CODE.replace(">=", ">")) == {"passed": (0, 1)}


UNITTEST = "import unittest\nfrom below import below\nclass T(unittest.TestCase):\n"
RIGHT = "from below import below\n\n\ndef test_below():\n    assert below([1, 2], 3)\n    assert not below([3], 3)\n"


@pytest.mark.asyncio
async def test_a_test_is_right_and_finds_a_slip() -> None:
    case = given(written_test_case(PROGRAM, random.Random(1)))
    uri = f"{FOLDER}/test_below.py"
    assert (await marks(case, RIGHT, uri))["right"] == (1, 1)
    wrong = await marks(case, RIGHT.replace("not below", "below"), uri)
    assert wrong == {"passed": (0, 1), "right": (0, 1), "finds a slip": (0, 1)}
    useless = await marks(case, "def test_below():\n    assert True\n", uri)
    assert useless == {"passed": (0, 1), "right": (1, 1), "finds a slip": (0, 1)}
    mutant = await mutant_of(PROGRAM, random.Random(1))
    assert mutant not in ("", CODE)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("tests", "right"),
    [
        (RIGHT, True),
        ("def helper():\n    pass\n", False),
        (f"{UNITTEST}    def test_a(self):\n        self.assertTrue(below([], 0))\n", True),
        (f"{UNITTEST}    def test_a(self):\n        self.fail()\n", False),
        ("class TestIt:\n    def test_a(self):\n        assert 1\n", True),
        ("class TestIt:\n    def test_a(self):\n        assert 0\n", False),
        ("import nowhere\n", False),
    ],
)  # fmt: skip
async def test_tests_are_run_as_usual(tests: str, right: bool) -> None:
    assert await succeeds(with_tests("below", CODE, tests)) is right


def test_plain_checks_go_into_javascript() -> None:
    assert checks(TEST) == (("[[1, 2], 3]", "true"), ("[[3], 3]", "false"))
    assert checks("assert candidate({1}) == 2\nassert candidate(f(1)) == 2\nassert candidate((1, None)) == 'a'\n") == (
        ("[[1, null]]", '"a"'),
    )
    assert translation_case(Program("below", CODE, "assert candidate(1) == 2\n"), ()) is None


JAVASCRIPT = """
export function twice(value) { return value * 2; }

export function isLow(number, limit) { return number < limit; }

function below(numbers, limit) { return numbers.every((each) => isLow(each, limit)); }
"""


@pytest.mark.asyncio
async def test_a_translation_answers_alike() -> None:
    node = node_command()
    if not node:
        pytest.skip("no node that can be told to refuse files")
    case = given(translation_case(PROGRAM, node))
    uri = f"{FOLDER}/helpers.js"
    assert await marks(case, JAVASCRIPT, uri) == {"passed": (1, 1)}
    assert await marks(case, JAVASCRIPT.replace("<", "<="), uri) == {"passed": (0, 1)}
    assert await marks(case, "x = (", uri) == {"passed": (0, 1)}
    assert await given(translation_case(PROGRAM, ())).judge({}) == {}
    for program in (
        "require('fs').readdirSync('/')",
        "require('fs').writeFileSync('x', 'y')",
        "require('child_process').execSync('true')",
        "throw 1",
    ):
        assert not await succeeds_in_node(node, program)
    assert await succeeds_in_node(node, "1")
    assert not await succeeds_in_node(node, "for (;;);", timeout_s=0.5)


def test_the_function_is_found_however_it_is_spelt() -> None:
    text = "function twice() {}\nfunction helper() {}\nfunction isBelow() {}\n"
    assert "near(isBelow(...[1]), 2)" in in_javascript(text, "is_below", [("[1]", "2")])
    assert "near(helper(...[1]), 2)" in in_javascript(text, "other", [("[1]", "2")])
    assert "near(missing(...[1]), 2)" in in_javascript("function twice() {}\n", "other", [("[1]", "2")])


@pytest.mark.asyncio
async def test_changes_of_several_documents() -> None:
    files = OpenTexts({"a.py": "one two\n", "b.js": ""})
    a, new = f"{FOLDER}/a.py", f"{FOLDER}/new.py"
    changes = (Change(a, 0, 3, "1"), Change(a, 4, 7, "2"), Change(new, 0, 0, "x\n", creates=True))
    assert files.changed(changes) == {a: "1 2\n", f"{FOLDER}/b.js": "", new: "x\n"}
    assert files.texts[a] == "one two\n"
    assert await files.exists(a) and not await files.exists(new) and await files.named("a.py") == (a,)
    assert [files.language_of(view.uri) for view in files.open()] == ["python", "javascript"]
