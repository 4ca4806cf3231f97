"""Definitions in a document, found line by line with simple patterns: enough to tell a model what exists. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lsp_experts.completion.key_material import looks_secret

MAX_SYMBOLS = 200  # of one document
_SCANNED_CHARS = 100_000
_LINE_CHARS = 160

# Repetitions are bounded: a line of 20,000 characters must not take a second.
_MODIFIERS = (
    r"(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|async|override|open|sealed"
    r"|data|inline|suspend|pub(?:\([^)\n]{0,40}\))?|unsafe|extern|virtual|constexpr) +)*"
)
_ANY = (
    rf"^[ \t]*{_MODIFIERS}(?:func(?:tion)?|fun|fn|def|class|struct|interface|enum|trait|impl|type|module|record|object)"
    r"\b[* \t]+(?:\([^)\n]*\) *)?(?P<name>[A-Za-z_$][\w$]*)"
)
_CONSTANT = rf"^{_MODIFIERS}(?:const|let|var|val)[ \t]+(?:mut +)?(?P<name2>[A-Za-z_$][\w$]*)"
_BY_LANGUAGE: Mapping[str, str] = MappingProxyType(
    {
        "html": r"""\b(?:id|class)=["'](?P<name>[\w-]+)""",
        "css": r"^[^@{;\n]{0,80}?(?<=[.#])(?P<name>[A-Za-z_-][\w-]*)[^{;\n]{0,120}\{"
        r"|^[ \t]*(?P<name2>--[\w-]+)[ \t]*:",
        "python": r"^[ \t]*(?:async +)?(?:def|class) +(?P<name>\w+)|^(?P<name2>[A-Za-z_]\w*)(?: *:[^=\n]+)? *=[^=]",
        "c": r"^[ \t]*#[ \t]*define[ \t]+(?P<name>\w+)|^(?:typedef +)?(?:struct|enum|union|class) +(?P<name2>\w+)"
        r"|^[A-Za-z_][\w \t*&:<>,]{0,80}?[ \t*&](?P<name3>\w+) *\([^;\n]{0,120}\{?$",
        "java": rf"^[ \t]*{_MODIFIERS}(?:class|interface|enum|record) +(?P<name>\w+)"
        r"|^[ \t]+(?:(?:public|private|protected|static|final) +)+[\w<>\[\], ]{1,80} (?P<name2>\w+) *[(=;]",
        "sql": r"^[ \t]*(?i:create(?: +or +replace)? +(?:table|view|function|procedure|index|type)"
        r"(?: +if +not +exists)?) +(?P<name>[\w.\"]+)",
        "shellscript": r"^[ \t]*(?:function +)?(?P<name>[A-Za-z_][\w-]*) *\(\)|^(?P<name2>[A-Z_][A-Z0-9_]*)=",
    }
)
_SAME_AS: Mapping[str, str] = MappingProxyType(
    {"cpp": "c", "cuda-cpp": "c", "objective-c": "c", "objective-cpp": "c", "scss": "css", "less": "css", "sass": "css",
     "vue": "html", "svelte": "html", "astro": "html", "cython": "python", "starlark": "python", "fish": "shellscript"}
)  # fmt: skip
_COMPILED: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {language: re.compile(pattern, re.MULTILINE) for language, pattern in _BY_LANGUAGE.items()}
)
_OTHER = re.compile(f"{_ANY}|{_CONSTANT}", re.MULTILINE)


@dataclass(frozen=True)
class Symbol:
    """A name that a document defines, and the line that does it."""

    name: str
    line: str


def definitions(text: str, language: str) -> tuple[Symbol, ...]:
    """The definitions in the first 100,000 characters of `text`, at most 200, lines with key material left out."""
    pattern = _COMPILED.get(_SAME_AS.get(language, language), _OTHER)
    found: dict[str, Symbol] = {}
    for match in pattern.finditer(text, 0, _SCANNED_CHARS):
        name = next(group for group in match.groups() if group is not None)
        if name in found:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.end())
        line = text[start : end if end >= 0 else len(text)].strip()
        if len(line) > _LINE_CHARS or looks_secret(line):
            continue
        found[name] = Symbol(name, line)
        if len(found) == MAX_SYMBOLS:
            break
    return tuple(found.values())
