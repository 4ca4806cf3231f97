"""Guesses the language of a document whose editor does not know it, by its beginning. Unsure is no guess."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from lsp_experts.routing.languages import file_name, language_named
from lsp_experts.routing.regions.queries import found
from lsp_experts.syntax.grammars import grammar_name
from lsp_experts.syntax.tree import SyntaxTree

_CHARS = 4000  # what is looked at
_TRIED_CHARS = 500
_NEAR_ERRORS = 0.1
_LEAST_CHARS = 40  # shorter texts are read without error by many grammars
_LEAST_KINDS = 6  # different kinds of nodes: prose that happens to be read without error has fewer
_MOST_ERRORS = 0.01  # share of the text that the right grammar may not understand
_CLEARLY_MORE = 0.03  # share that every other grammar must not understand

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?([\w.+-]+)(?:[ \t]+(?:-\S+[ \t]+|\w+=\S+[ \t]+)*([\w.+-]+))?")
_EMACS = re.compile(r"-\*-\s*(?:.*?\bmode:\s*)?([\w+#.-]+)\s*(?:;.*?)?-\*-", re.I)
_VIM = re.compile(r"\b(?:vim?|ex):\s*(?:set?\s+)?.*?\b(?:ft|filetype|syntax)=([\w+#-]+)", re.I)
_PROGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "bun": "typescript",
        "deno": "typescript",
        "node": "javascript",
        "nodejs": "javascript",
        "rscript": "r",
        "ts-node": "typescript",
        "tsx": "typescript",
        "wish": "tcl",
        "tclsh": "tcl",
        "pwsh": "powershell",
    }
)
# Beginnings that only one language has, tried in order.
_BEGINNINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (language, re.compile(pattern, re.I if language in ("html", "sql") else 0))
    for language, pattern in (
        ("html", r"\s*(?:<!doctype html\b|<html\b)"),
        ("php", r"\s*<\?php\b"),
        ("xml", r"\s*<\?xml\b"),
        ("diff", r"(?:diff --git |--- a/)"),
        ("vue", r"\s*<(?:template|script setup)>\s*\n(?s:.*)</(?:template|script)>"),
        ("go", r"(?:\s*//[^\n]*\n|\s)*package [a-z_]\w*\s*\n(?s:.*?)(?:import|func|type|var|const)\b"),
        ("java", r"(?s:\s*(?:/\*.*?\*/\s*)?)(?:package [\w.]+;|import (?:static )?java[\w.]*;)"),
        ("cpp", r"(?s:.*?)^#include <(?:iostream|vector|string|memory|map|algorithm|cstd\w+)>"),
        ("rust", r"(?:\s*//[^\n]*\n|\s)*(?:use (?:std|crate|super)::|#!\[\w+)"),
        ("perl", r"(?:\s*#[^\n]*\n|\s)*use (?:strict|warnings);"),
        (
            "sql",
            r"(?:\s*--[^\n]*\n|\s)*(?:create (?:table|database|view|index)\b|select\s[^;]*?\sfrom\s|insert into\s)",
        ),
        ("dockerfile", r"(?:\s*#[^\n]*\n|\s)*(?:ARG [^\n]*\n\s*)*FROM [\w./:${}@-]+(?: AS \w+)?\s*\n"),
    )
)
# Whose grammars take nearly any text.
_LAX = (
    "html", "vue", "svelte", "astro", "php", "markdown", "yaml", "shellscript", "perl", "ruby", "css", "csv", "tsv",
    "properties", "latex",
)  # fmt: skip
# What the first reads, the others read too: the first is meant.
_FAMILIES = (
    ("javascript", "javascriptreact", "typescript", "typescriptreact"),
    ("c", "cpp", "objective-c", "objective-cpp", "cuda-cpp"),
    ("json", "jsonc", "javascript", "javascriptreact", "typescript", "typescriptreact", "python", "starlark"),
    ("typescript", "typescriptreact"),
    ("python", "cython", "starlark"),
    ("scss", "less", "sass"),
    ("lua", "luau"),
)


def guess_language(text: str, uri: str, known: Collection[str]) -> str:
    """The language of a text, as routing/languages.py names it; "" if unsure. Takes tens of milliseconds: for once.

    By what the text says of itself (#!, mode lines, <!doctype ...>), by its file's ending, by beginnings that only
    one language has, and by which grammar of the `known` languages reads its first 4,000 characters with clearly the
    fewest errors.
    """
    head = text[:_CHARS].removeprefix("\ufeff").replace("\r\n", "\n")
    return _said(head, text[-500:]) or _by_ending(uri) or _by_beginning(head) or _by_grammar(head, known)


def _said(head: str, tail: str) -> str:
    lines = head.split("\n", 5)[:5]
    shebang = _SHEBANG.match(lines[0])
    if shebang is not None:
        program = (shebang[2] if shebang[1] == "env" and shebang[2] else shebang[1]).lower()
        program = re.sub(r"[\d.]+$", "", program)
        return _readable(_PROGRAMS.get(program, program))
    modes = [_EMACS.search(line) for line in lines[:2]]
    modes += [_VIM.search(line) for line in (*lines, *tail.splitlines()[-5:])]
    return next((language for mode in modes if mode is not None and (language := _readable(mode[1]))), "")


def _readable(name: str) -> str:
    language = language_named(name)
    return language if grammar_name(language) else ""


def _by_ending(uri: str) -> str:
    stem, dot, ending = file_name(uri).rpartition(".")
    # Some grammars are for parts of files, and have names that are endings of anything.
    return (
        _readable(ending) if stem and dot and ending.lower() not in ("test", "query", "comment", "func", "org") else ""
    )


def _by_beginning(head: str) -> str:
    return next((language for language, beginning in _BEGINNINGS if beginning.match(head)), "")


def _by_grammar(head: str, known: Collection[str]) -> str:
    if len(head.strip()) < _LEAST_CHARS:
        return ""
    wanted = sorted(language for language in known if language not in _LAX and grammar_name(language))
    # Reading what is wrong is slow: a grammar that fails at the beginning is not asked for more.
    tried = _whole_lines(head, _TRIED_CHARS)
    near = [language for language in wanted if _errors(SyntaxTree(language, tried)) <= _NEAR_ERRORS]
    trees = {language: SyntaxTree(language, _whole_lines(head, _CHARS - 1)) for language in near}
    errors = {language: _errors(tree) for language, tree in trees.items()}
    if not errors:
        return ""
    fewest = min(errors.values())
    best = [language for language, share in errors.items() if share == fewest]
    winner = next((family[0] for family in _FAMILIES if set(best) <= {*family} and family[0] in best), best[0])
    family = {language for each in _FAMILIES if each[0] == winner for language in each}
    rivals = [share for language, share in errors.items() if language != winner and language not in family]
    clear = fewest <= _MOST_ERRORS and min(rivals, default=1.0) >= _CLEARLY_MORE
    return winner if clear and _kinds(trees[winner]) >= _LEAST_KINDS else ""


def _whole_lines(text: str, most: int) -> str:
    """The first lines of a text, `most` characters or fewer; part of a line where it is longer than that."""
    return text if len(text) <= most else text[: text.rfind("\n", 0, most) + 1] or text[:most]


def _errors(tree: SyntaxTree) -> float:
    """The share of the text that the grammar does not understand."""
    root = tree.root
    if root is None or not root.has_error:
        return 0.0 if root is not None else 1.0
    spans = [tree.span(node) for node in found(tree, "(ERROR) @found")]
    wrong, done = 1, 0
    for start, end in spans:
        wrong += max(end - max(start, done), 0)
        done = max(done, end)
    return wrong / max(len(tree.text), 1)


def _kinds(tree: SyntaxTree) -> int:
    return len({node.type for node in found(tree, "(_) @found")})
