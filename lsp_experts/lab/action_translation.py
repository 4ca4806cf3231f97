"""Translating into JavaScript, judged: the translation answers as the Python function's tests say."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence

from lsp_experts.actions import translate
from lsp_experts.lab.action_case import ActionCase, Marks, function_named, mark, place_in, uri_of
from lsp_experts.lab.action_workspace import FOLDER, OpenTexts
from lsp_experts.lab.humaneval import Program
from lsp_experts.lab.node_sandbox import succeeds_in_node
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.tree import SyntaxTree

_INTO = f"{FOLDER}/helpers.js"
_STYLE = "export function twice(value) {\n  return value * 2;\n}\n"
_LEAST_CHECKS = 2
_CHECK = """
const near = (a, b) => typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) < 1e-6 :
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((each, at) => near(each, b[at])) :
  JSON.stringify(a) === JSON.stringify(b);
"""


def translation_case(program: Program, node: Sequence[str]) -> ActionCase | None:
    """`node`: what runs JavaScript (node_sandbox.node_command); without it nothing is judged."""
    function, said = function_named(program.text, program.name), checks(program.test)
    if function is None or len(said) < _LEAST_CHECKS:
        return None
    files = OpenTexts({f"{program.name}.py": program.text, "helpers.js": _STYLE})

    async def judge(texts: Mapping[str, str]) -> Marks:
        if not node:
            return {}
        return {"passed": mark(await succeeds_in_node(node, in_javascript(texts[_INTO], program.name, said)))}

    return ActionCase(translate.ACTION, place_in(files, uri_of(program.name), function.start), files, judge)


def checks(test: str) -> tuple[tuple[str, str], ...]:
    """(arguments, answer) as JSON, of the plain ones among a program's checks."""
    found = []
    for each in ast.walk(ast.parse(test)):
        if not isinstance(each, ast.Assert) or not isinstance(each.test, ast.Compare):
            continue
        call, answer = each.test.left, each.test.comparators[0]
        if isinstance(call, ast.Call) and isinstance(each.test.ops[0], ast.Eq) and not call.keywords:
            try:
                arguments = [ast.literal_eval(one) for one in call.args]
                found.append((json.dumps(arguments, allow_nan=False), json.dumps(ast.literal_eval(answer))))
            except (TypeError, ValueError):
                continue  # sets, bytes, calls: there is no JSON for them
    return tuple(found)


def in_javascript(text: str, name: str, said: Sequence[tuple[str, str]]) -> str:
    """A program that throws unless the function of this name, spelt as JavaScript does, answers so."""
    names = [each.name for each in definitions(SyntaxTree("javascript", text)) if not each.owner and each.name]
    alike = [each for each in names if each.replace("_", "").lower() == name.replace("_", "").lower()]
    called = (*alike, *names[1:], "missing")[0]  # the first one was there before
    asserted = "".join(
        f"if (!near({called}(...{arguments}), {answer})) throw new Error('wrong');\n" for arguments, answer in said
    )
    return text.replace("export ", "") + _CHECK + asserted
