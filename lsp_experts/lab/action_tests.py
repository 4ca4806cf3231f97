"""Writing a test, judged: it passes with the right function, and fails with one that has a slip."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from lsp_experts.actions import write_test
from lsp_experts.lab.action_case import ActionCase, Marks, function_named, mark, place_in, uri_of
from lsp_experts.lab.action_workspace import OpenTexts
from lsp_experts.lab.humaneval import Program
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.review_mutations import mutations
from lsp_experts.lab.sandbox import succeeds

_MOST_MUTANTS = 12
# Runs the tests of one file: functions, as pytest finds them, and unittest's classes. Without any it fails.
_RUN = """\
import sys, types, unittest
module = types.ModuleType({name!r})
exec(compile({code!r}, 'code', 'exec'), module.__dict__)
sys.modules[{name!r}] = module
names = {{'__name__': 'tests'}}
exec(compile({tests!r}, 'tests', 'exec'), names)
ran = 0
for name, value in list(names.items()):
    if isinstance(value, type) and issubclass(value, unittest.TestCase):
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(value).run(result)
        assert result.wasSuccessful()
        ran += result.testsRun
    elif isinstance(value, type) and name.startswith('Test'):
        for each in dir(value):
            if each.startswith('test'):
                getattr(value(), each)()
                ran += 1
    elif name.startswith('test') and callable(value):
        value()
        ran += 1
assert ran
"""


def written_test_case(program: Program, rng: random.Random) -> ActionCase | None:
    """The program in a module of its own; pytest itself is not there, so a test that imports it does not pass."""
    function = function_named(program.text, program.name)
    if function is None:
        return None
    files, uri = OpenTexts({f"{program.name}.py": program.text}), uri_of(program.name)

    async def judge(texts: Mapping[str, str]) -> Marks:
        tests = "\n".join(text for name, text in texts.items() if name != uri)
        right = await succeeds(with_tests(program.name, program.text, tests))
        mutant = await mutant_of(program, rng) if right else ""
        finds = bool(mutant) and not await succeeds(with_tests(program.name, mutant, tests))
        return {"passed": mark(right and finds), "right": mark(right), "finds a slip": mark(finds)}

    return ActionCase(write_test.ACTION, place_in(files, uri, function.start), files, judge)


def with_tests(name: str, code: str, tests: str) -> str:
    """A program that ends well if the tests of a module do."""
    return _RUN.format(name=name, code=code, tests=tests)


async def mutant_of(program: Program, rng: random.Random) -> str:
    """The program with a slip that its own tests notice, "" if there is none among a few."""
    file = SourceFile(Path(f"{program.name}.py"), "python", program.text)
    for _, each in islice(mutations([file], rng), _MOST_MUTANTS):
        text = each.applied(program.text)
        if not await succeeds(f"{text}\n{program.test}"):
            return text
    return ""
