"""What actions are asked to do with a HumanEval program, and whether they did it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

from lsp_experts.actions import add_types, complete_body, fix_problem, simplify, write_docstring
from lsp_experts.actions.action import Action
from lsp_experts.actions.place import Problem
from lsp_experts.lab.action_case import ActionCase, Marks, function_named, mark, place_in, uri_of
from lsp_experts.lab.action_workspace import OpenTexts
from lsp_experts.lab.humaneval import Program
from lsp_experts.lab.python_types import types_of, without_types
from lsp_experts.lab.sandbox import succeeds


def body_case(program: Program) -> ActionCase | None:
    """The body is gone, the docstring is left; passed: the tests do."""
    function = function_named(program.text, program.name)
    if function is None or function.documentation is None:
        return None
    text = program.text[: function.documentation[1]] + "\n" + program.text[function.body_end :]
    return _case(program, text, complete_body.ACTION, function.start)


def simplify_case(program: Program) -> ActionCase | None:
    """The whole function; passed: the tests still do."""
    function = function_named(program.text, program.name)
    return _case(program, program.text, simplify.ACTION, function.start) if function is not None else None


def docstring_case(program: Program) -> ActionCase | None:
    """The docstring is gone; counted is which parameters the new one names."""
    function = function_named(program.text, program.name)
    if function is None or function.documentation is None:
        return None
    start, end = function.documentation
    text = program.text[:start] + program.text[end:].removeprefix("\n")
    files, uri = OpenTexts({f"{program.name}.py": text}), uri_of(program.name)

    async def judge(texts: Mapping[str, str]) -> Marks:
        now = function_named(texts[uri], program.name)
        said = texts[uri][slice(*now.documentation)] if now is not None and now.documentation else ""
        named = sum(re.search(rf"\b{re.escape(each.name)}\b", said) is not None for each in function.parameters)
        return {"parameters named": (named, len(function.parameters))}

    return ActionCase(write_docstring.ACTION, place_in(files, uri, function.start), files, judge)


def types_case(program: Program) -> ActionCase | None:
    """The annotations are gone; counted is which come back letter for letter."""
    written = types_of(program.text, program.name)
    if not written:
        return None
    text = without_types(program.text, program.name)
    function = function_named(text, program.name)
    if function is None:
        return None
    files, uri = OpenTexts({f"{program.name}.py": text}), uri_of(program.name)

    async def judge(texts: Mapping[str, str]) -> Marks:
        now = types_of(texts[uri], program.name)
        exact = sum(now.get(name) == each for name, each in written.items())
        return {"types given": (sum(name in now for name in written), len(written)), "exact": (exact, len(written))}

    return ActionCase(add_types.ACTION, place_in(files, uri, function.start), files, judge)


def problem_case(program: Program, rng: random.Random) -> ActionCase | None:
    """A slip that Python itself complains of, with its own words; passed: the tests do."""
    slips = [each for each in _slips(program) if each is not None]
    if not slips:
        return None
    text, problem = rng.choice(slips)
    return _case(program, text, fix_problem.ACTION, problem.start, (problem,))


def _case(program: Program, text: str, action: Action, at: int, problems: tuple[Problem, ...] = ()) -> ActionCase:
    """Of an action after which the program's tests are to pass."""
    files, uri = OpenTexts({f"{program.name}.py": text}), uri_of(program.name)

    async def judge(texts: Mapping[str, str]) -> Marks:
        return {"passed": mark(await succeeds(f"{texts[uri]}\n{program.test}"))}

    return ActionCase(action, place_in(files, uri, at, problems), files, judge)


def _slips(program: Program) -> Iterator[tuple[str, Problem] | None]:
    """A colon or a bracket less, and each local name misspelt where it is used last."""
    function = function_named(program.text, program.name)
    if function is None or function.documentation is None:
        return
    text, first = program.text, function.documentation[1]
    for found in re.finditer(r"[:)](?=\n)", text[first : function.body_end]):
        at = first + found.start()
        yield _complained_of(text[:at] + text[at + 1 :])
    given = set(re.findall(r"\b([a-z]\w{3,}) = ", text[first : function.body_end]))
    for name in sorted(given):
        *_, used = re.finditer(rf"\b{name}\b(?! =)", text[: function.body_end])
        wrong = name[:-2] + name[-1] + name[-2]
        if used.start() > first and wrong != name and wrong not in text:
            changed = text[: used.start()] + wrong + text[used.end() :]
            yield changed, Problem(used.start(), used.end(), f"name '{wrong}' is not defined", "python")


def _complained_of(text: str) -> tuple[str, Problem] | None:
    """The text and what Python's compiler says of it; None if nothing."""
    try:
        compile(text, "program", "exec", dont_inherit=True)
    except SyntaxError as error:
        lines = text.splitlines(keepends=True)
        number = min(max(1, error.lineno or 1), len(lines))
        start = sum(map(len, lines[: number - 1]))
        return text, Problem(start, start + len(lines[number - 1].rstrip("\n")), error.msg, "python")
    return None
