"""Whatever an expert answers, what stands round the function stays letter for letter, and nothing breaks."""

from __future__ import annotations

import asyncio

import pytest
from actions.places import applied, place, run
from actions.scripted import EXPERT, ScriptedGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_experts.actions import add_types, complete_body, write_docstring
from lsp_experts.actions.generator import Said
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.errors import error_count
from lsp_experts.syntax.tree import SyntaxTree

# (language, what stands above, the function with the cursor in it, what stands below)
PLACES = (
    ("python", "# é😀\nimport re\n\n\n", "def f(a, b=1):\n    ‸pass", "\n\n\nx = (1,\n"),
    ("python", "class A:\n\tx = 1\n\n", "\tdef f(self, a):\n\t\t‸pass", "\n\n\ty = 2\n"),
    ("go", "package a\n\n", "func F(a int) int {‸\n}", "\n\nfunc G() {}\n"),
    ("javascript", "const s = '😀';\n", "const f = (a) => {\n  // TODO‸\n};", "\n/* end */\n"),
    ("typescript", "class A {\n", "  f(a, b) {‸}", "\n  g() {}\n}\n"),
    ("php", "<?php\n", "function f($a) {‸\n}", "\n\necho 1;\n"),
    ("ruby", "module M\n", "  def f(a)‸\n  end", "\nend\n"),
)
ACTIONS = (complete_body.ACTION, write_docstring.ACTION, add_types.ACTION)
PIECES = st.sampled_from(
    (
        "return a",
        "\n",
        "    ",
        "\t",
        "}",
        "{",
        "(",
        ")",
        "*/",
        "/*",
        "// ",
        "# ",
        "int",
        "string",
        ": ",
        ",",
        "=",
        "end",
    )
) | st.sampled_from(
    ('"""', "'", "Returns the sum.", "```", "\r\n", "é😀", "\u202e", "\x00", "$a", "def g():", "func G() {", ";", "end")
)
ANSWERS = st.builds(
    lambda text, others, finished: Said(text, finished, EXPERT, tuple(others)),
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=2),
    st.booleans(),
)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
@given(where=st.sampled_from(PLACES), crlf=st.booleans(), answers=st.lists(ANSWERS | PIECES, min_size=2, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_the_function_changes(action, where, crlf, answers) -> None:  # type: ignore[no-untyped-def]
    language, above, function, below = (part.replace("\n", "\r\n") if crlf else part for part in where)
    at = place(language, above + function + below)
    if not action.offers(at, None):
        return
    try:
        text = applied(at.text, asyncio.run(run(action, at, ScriptedGenerator(*answers))))
    except ActionRefused:
        return
    assert text.startswith(above) and text.endswith(below)
    assert text != at.text and not set("\u202e\x00") & set(text)
    assert "\n" not in text.replace("\r\n", "") if crlf else "\r" not in text
    before, after = at.tree.root, SyntaxTree(language, text).root
    assert before is not None and after is not None
    assert error_count(after) <= error_count(before)
