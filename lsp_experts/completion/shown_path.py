"""How a document is named to a model: no more of the user's folders than it needs, and never another language's
ending. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from types import MappingProxyType

from lsp_experts.completion.exclusion import path_of

_ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "c": "c", "cpp": "cpp", "css": "css", "go": "go", "html": "html", "java": "java", "javascript": "js",
        "json": "json", "kotlin": "kt", "less": "less", "lua": "lua", "markdown": "md", "php": "php", "python": "py",
        "ruby": "rb", "rust": "rs", "sass": "sass", "scss": "scss", "shellscript": "sh", "sql": "sql",
        "typescript": "ts", "yaml": "yaml",
    }
)  # fmt: skip
_HASH_COMMENTS = frozenset({"python", "ruby", "shellscript", "yaml", "dockerfile", "makefile", "elixir", "r", "perl"})
_DASH_COMMENTS = frozenset({"sql", "lua", "haskell", "elm"})


def short_path(uri: str) -> str:
    """The last folder and the name of a URI's path."""
    parts = [part for part in path_of(uri).replace("\\", "/").split("/") if part]
    return "/".join(parts[-2:])


def shown_path(uri: str, language: str, path: str = "") -> str:
    """`path` (in the workspace; "" if it is outside) or the short path of `uri`, one line.

    A part of a document (a region, a notebook's cell: there is a "#" in its URI) has the ending of its own language:
    index.html#script:0 is index.js.
    """
    shown = " ".join((path or short_path(uri)).split())
    if "#" in uri and language in _ENDINGS:
        return f"{posixpath.splitext(shown)[0]}.{_ENDINGS[language]}"
    return shown


def line_comment(language: str) -> str:
    """How a comment of one line begins."""
    if language in _HASH_COMMENTS:
        return "#"
    return "--" if language in _DASH_COMMENTS else "//"
