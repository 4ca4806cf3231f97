"""What begins the next thing at the left margin, by language: a block never runs into it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ALWAYS = ("\n\n\n",)
_FENCE = ("\n```",)  # chat-shaped models end their code so
_SCRIPT = ("function ", "class ", "export ", "import ")
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": ("def ", "class ", "async def ", "import ", "from ", "if __name__"),
        "go": ("func ", "type ", "package ", "import "),
        "javascript": _SCRIPT,
        "typescript": (*_SCRIPT, "interface ", "type ", "declare "),
        "rust": ("fn ", "pub ", "impl ", "struct ", "enum ", "trait ", "mod ", "use "),
        "java": ("public ", "class ", "import ", "package "),
        "kotlin": ("fun ", "class ", "import ", "package "),
        "php": ("function ", "class ", "namespace ", "use ", "?>"),
        "ruby": ("def ", "class ", "module ", "require "),
        "lua": ("function ", "local function "),
        "c": ("int main(", "static ", "struct ", "typedef "),
        "cpp": ("int main(", "class ", "struct ", "namespace ", "template"),
        "shellscript": ("function ",),
        "sql": ("CREATE ", "INSERT ", "SELECT ", "UPDATE ", "DELETE ", "ALTER ", "DROP "),
        "html": ("</html>", "</body>"),
    }
)
_BRACKET_FREE = frozenset({"html", "vue", "svelte", "xml", "astro", "yaml", "shellscript", "markdown", "plaintext"})
# What closes the statement of several lines that is written at the left margin.
TOP_LEVEL_CLOSERS = ("}", ")", "]", "end", "fi", "done", "esac", "</")


def stop_words(language: str, *, top_level: bool) -> tuple[str, ...]:
    """Texts that end a block in `language`; at top level only those that end it there too."""
    fence = () if language == "markdown" else _FENCE
    words = () if top_level else tuple(f"\n{word}" for word in _WORDS.get(language, ()))
    return _ALWAYS + fence + words


def brackets_balance(language: str) -> bool:
    """Whether a closing bracket in `language` always has an opening one: not in prose, nor in a shell's `case`."""
    return language not in _BRACKET_FREE
