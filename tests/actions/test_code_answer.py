"""The code in an answer, whatever stands round it."""

from __future__ import annotations

import pytest

from lsp_experts.actions.code_answer import block_of, code_of, fence_for, opening_of, stop_of
from lsp_experts.engine.stopping import cut

GO = "func f() int {\n\treturn 1\n}"
PY = "def f():\n    return 1"


def check(language: str, answer: str, expected: str) -> None:
    assert code_of(answer, language) == expected


@pytest.mark.parametrize(
    ("language", "answer", "expected"),
    [
        ("go", GO, GO),
        ("go", f"\n{GO}\n\n", GO),
        ("go", f"{GO}\n```", GO),
        ("go", f"```go\n{GO}\n```", GO),
        ("go", f"go\n{GO}", GO),
        ("shellscript", "bash\necho a", "echo a"),
        ("go", f"Here is the new code:\n\n```go\n{GO}\n```\n\nIt returns one.", GO),
        ("go", f"Here is the new code:\n\n{GO}", GO),
        ("go", f"Sure!\n{GO}", GO),
        ("go", f"{GO}\n\nThis function returns one, as before.", GO),
        ("go", f"{GO}\n\nExplanation:\n- The function returns the number one.\n- It does so at once.", GO),
        ("go", f"{GO}\n```\n\nAnd this is the test of it:\n\n```go\nfunc g() {{}}\n```", GO),
        ("go", f"```\nI have changed nothing here.\n```\n\n```go\n{GO}\n```", GO),
        ("go", f"~~~go\n{GO}\n~~~", GO),
        ("go", GO.replace("\n", "\r\n"), GO),
        ("python", "1  def f():\n2      return 1", PY),
        ("python", "1: def f():\n2:     return 1", PY),
        ("python", "7 | def f():\n8 |     return 1", PY),
        ("python", "1\n2", ""),
        ("python", "1 + a\n3 + b", "1 + a\n3 + b"),
        ("python", f"{PY}  # This is what it returns now.", f"{PY}  # This is what it returns now."),
        ("python", '"""This is what the module is for."""', '"""This is what the module is for."""'),
        ("python", "# Here is the new code:\nx = 1", "# Here is the new code:\nx = 1"),
        ("javascript", "switch (a) {\n  default:\n    b()\n}", "switch (a) {\n  default:\n    b()\n}"),
        ("go", "I cannot simplify this code any further.", ""),
        ("go", "", ""),
        ("go", "```\n```\n", ""),
        ("markdown", "This is a text with several words.\n\nAnd another one of them.", None),
        ("no-such-language", "a = 1", "a = 1"),
    ],
)
def test_code_of_an_answer(language: str, answer: str, expected: str | None) -> None:
    check(language, answer, answer if expected is None else expected)


def test_a_block_that_holds_fences_is_written_with_a_longer_one() -> None:
    """Such an answer is neither cut nor split at the fences that belong to the text."""
    text = "Text\n\n```go\nx := 1\n```\n\nmore"
    assert fence_for(text) == "````"
    assert block_of(text, "markdown") == f"````markdown\n{text}\n````"
    assert opening_of(text, "markdown") == "````markdown\n"
    found = cut(f"{text}\n````", stop_of(text))
    assert found == (text, "text")
    assert code_of(text, "markdown", fence_for(text)) == text


def test_a_block_is_named_as_blocks_are() -> None:
    assert opening_of("x", "shellscript") == "```bash\n"
    assert opening_of("x", "typescriptreact") == "```tsx\n"
    assert opening_of("x", "go") == "```go\n"
