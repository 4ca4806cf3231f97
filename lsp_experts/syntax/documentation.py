"""How a text documents its functions, so that a new comment looks like those that are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from lsp_experts.syntax.functions import functions
from lsp_experts.syntax.tree import SyntaxTree


@dataclass(frozen=True)
class Convention:
    """How a comment that documents a function is written: `opening`, then lines that begin with `line_prefix`, then
    `closing`. `opening` and `closing` are "" for line comments.
    """

    kind: Literal["docstring", "line", "block"]
    opening: str  # '"""', "/**"
    line_prefix: str  # "", "// ", " * "
    closing: str  # '"""', " */"
    above: bool  # above the definition; False: at the start of its body
    style: str  # "google", "numpy", "sphinx", "plain"; "jsdoc", "godoc", "javadoc", "rustdoc", "kdoc", ...


def _block(style: str, opening: str = "/**") -> Convention:
    return Convention("block", opening, " * ", " */", True, style)


def _lines(style: str, mark: str) -> Convention:
    return Convention("line", "", mark + " ", "", True, style)


_DOCSTRING = Convention("docstring", '"""', "", '"""', False, "google")
_USUAL: Mapping[str, Convention] = MappingProxyType(
    {
        **dict.fromkeys(("python", "starlark", "cython"), _DOCSTRING),
        "gdscript": _lines("plain", "##"),
        "go": _lines("godoc", "//"),
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _block("jsdoc")),
        "rust": _lines("rustdoc", "///"),
        "java": _block("javadoc"),
        "kotlin": _block("kdoc"),
        "scala": _block("scaladoc"),
        "php": _block("phpdoc"),
        **dict.fromkeys(("c", "cpp", "cuda-cpp", "objective-c", "objective-cpp"), _block("doxygen")),
        "csharp": _lines("xmldoc", "///"),
        "swift": _lines("swiftdoc", "///"),
        "ruby": _lines("yard", "#"),
        "lua": _lines("luadoc", "---"),
        "shellscript": _lines("plain", "#"),
    }
)
_MARK = re.compile(r"/\*[*!]?|//[/!]?|#+|--+|'''|\"\"\"")
_TAGS = re.compile(r"^[\s*/#!-]*[@\\](?:param|return|throws|brief|tparam|retval|property)\b", re.MULTILINE)
_STYLES = (  # of a docstring: by what its sections look like
    ("numpy", re.compile(r"^\s*(?:Parameters|Returns|Raises|Yields)\s*\n\s*-{3,}", re.MULTILINE)),
    ("sphinx", re.compile(r"^\s*[:@](?:param|return|returns|raises|rtype|type)\b", re.MULTILINE)),
    ("google", re.compile(r"^\s*(?:Args|Arguments|Returns|Raises|Yields):\s*$", re.MULTILINE)),
)


def usual_convention(language: str) -> Convention | None:
    """How functions of a language usually are documented; None: it has no usage."""
    return _USUAL.get(language)


def convention(tree: SyntaxTree) -> Convention | None:
    """How the functions of this text are documented, else how its language usually does; None: it has no usage.

    The mark that most of them have decides, and of docstrings the sections that most have that have any.
    """
    usual = _USUAL.get(tree.language)
    if usual is None:
        return None
    found = [tree.text[slice(*each.documentation)] for each in functions(tree) if each.documentation is not None]
    marks = Counter(match.group() for each in found if (match := _MARK.search(each)) is not None)
    if not marks:
        return usual
    mark = marks.most_common(1)[0][0]
    if usual.kind == "docstring":
        style = Counter(_style(each) for each in found)
        del style["plain"]
        return replace(usual, opening=mark, closing=mark, style=style.most_common(1)[0][0] if style else "plain")
    style_here = usual.style
    if mark != (usual.opening or usual.line_prefix.strip()) and not any(_TAGS.search(each) for each in found):
        style_here = "plain"
    return _block(style_here, mark) if mark.startswith("/*") else _lines(style_here, mark)


def _style(docstring: str) -> str:
    return next((name for name, pattern in _STYLES if pattern.search(docstring)), "plain")
