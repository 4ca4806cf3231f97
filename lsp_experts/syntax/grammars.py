"""Which tree-sitter grammar reads a language. Grammars ship with the package; none is ever fetched."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from tree_sitter import Language
from tree_sitter_language_pack import SupportedLanguage, get_language

# LSP language ids, and the names routing/languages.py makes of them, whose grammar has another name.
_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cuda-cpp": "cuda",
        "emacs-lisp": "elisp",
        "git-commit": "gitcommit",
        "ipynb": "json",
        "javascriptreact": "javascript",
        "jsonc": "json",
        "less": "scss",
        "lisp": "commonlisp",
        "makefile": "make",
        "mdx": "markdown",
        "objective-c": "objc",
        "objective-cpp": "objc",
        "proto3": "proto",
        "protobuf": "proto",
        "qml": "qmljs",
        "quarto": "markdown",
        "rmd": "markdown",
        "sass": "scss",
        "shellscript": "bash",
        "systemverilog": "verilog",
        "tex": "latex",
        "typescriptreact": "tsx",
        "viml": "vim",
    }
)
# Their scanners never come back from some texts, and the server with them: "{" in COBOL, "q#" at the end of Perl.
_ENDLESS = frozenset({"cobol", "perl"})
_NAMES = frozenset(get_args(SupportedLanguage)) - _ENDLESS


def grammar_name(language: str) -> str:
    """The name of the grammar for a language id; "" if there is none."""
    name = _OTHER_NAMES.get(language, language)
    return name if name in _NAMES else ""


@functools.cache
def grammar(name: str) -> Language:
    """The grammar of this name (grammar_name). Loading one takes a millisecond."""
    return get_language(name)  # type: ignore[arg-type]  # one of SupportedLanguage, which the caller asked
