"""How a text documents its functions: by what it does, else by what its language does."""

from __future__ import annotations

import pytest
from syntax.function_samples import SAMPLES

from lsp_experts.syntax.documentation import Convention, convention
from lsp_experts.syntax.tree import SyntaxTree


def said(language: str, text: str) -> str:
    """STYLE: how a one-line comment looks."""
    found = convention(SyntaxTree(language, text))
    assert found is not None
    assert found.above == (found.kind != "docstring")
    return f"{found.style}: {found.opening}|{found.line_prefix}|{found.closing}"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("python", 'google: """||"""'),
        ("go", "godoc: |// |"),
        ("javascript", "jsdoc: /**| * | */"),
        ("typescriptreact", "jsdoc: /**| * | */"),
        ("rust", "rustdoc: |/// |"),
        ("java", "javadoc: /**| * | */"),
        ("kotlin", "kdoc: /**| * | */"),
        ("c", "doxygen: /**| * | */"),
        ("csharp", "xmldoc: |/// |"),
        ("ruby", "yard: |# |"),
        ("php", "phpdoc: /**| * | */"),
        ("lua", "luadoc: |--- |"),
        ("shellscript", "plain: |# |"),
    ],
)
def test_of_a_language(language: str, expected: str) -> None:
    assert said(language, "") == expected


GOOGLE = 'def f(a):\n    """Do.\n\n    Args:\n        a: it\n    """\n'
NUMPY = 'def f(a):\n    """Do.\n\n    Parameters\n    ----------\n    a : int\n    """\n'
SPHINX = 'def f(a):\n    """Do.\n\n    :param a: it\n    """\n'
PLAIN = 'def f(a):\n    """Do."""\n'


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", GOOGLE, 'google: """||"""'),
        ("python", NUMPY, 'numpy: """||"""'),
        ("python", NUMPY.replace("\n", "\r\n"), 'numpy: """||"""'),
        ("python", SPHINX, 'sphinx: """||"""'),
        ("python", PLAIN, 'plain: """||"""'),
        ("python", PLAIN * 3 + SPHINX, 'sphinx: """||"""'),
        ("python", NUMPY * 2 + GOOGLE, 'numpy: """||"""'),
        ("python", PLAIN.replace('"""', "'''"), "plain: '''||'''"),
        ("javascript", "// a\nfunction f() {}\n// b\nfunction g() {}\n/** x */\nfunction h() {}\n", "plain: |// |"),
        ("javascript", "// adds\nfunction f() {}\n/** x */\nfunction g() {}\n/** x */\nfunction h() {}\n",
         "jsdoc: /**| * | */"),
        ("c", "/// Finds.\n/// @param a it\nint f(int a) { return a; }\n", "doxygen: |/// |"),
        ("c", "// Finds.\nint f(int a) { return a; }\n", "plain: |// |"),
        ("cpp", "/*! \\brief Finds. */\nint f(int a) { return a; }\n", "doxygen: /*!| * | */"),
        ("lua", "-- Finds.\nfunction f() end\n", "plain: |-- |"),
        ("rust", "/** Finds. */\nfn f() {}\n", "plain: /**| * | */"),
    ],
)  # fmt: skip
def test_of_a_text(language: str, text: str, expected: str) -> None:
    assert said(language, text) == expected


@pytest.mark.parametrize("language", ["json", "html", "no such language", ""])
def test_a_language_without_functions_has_none(language: str) -> None:
    assert convention(SyntaxTree(language, "{}")) is None


def test_broken_text_has_what_can_be_read_of_it() -> None:
    assert convention(SyntaxTree("python", SPHINX + "def g(:\n")) == Convention(
        "docstring", '"""', "", '"""', False, "sphinx"
    )
    assert said("go", SAMPLES["go"][:-40]) == "godoc: |// |"
