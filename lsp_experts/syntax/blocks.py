"""What opens a block at the end of a line in each language, and what closes it. Pure; reads one line, not a tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from lsp_experts.syntax.brackets import CLOSER_OF, Brackets, brackets

COLON_LANGUAGES = frozenset({"python", "starlark", "cython", "gdscript"})
TAG_LANGUAGES = frozenset({"html", "vue", "svelte", "xml", "astro", "php"})
_JSX_LANGUAGES = frozenset({"javascript", "typescript", "javascriptreact", "typescriptreact"})
_ARROW_LANGUAGES = _JSX_LANGUAGES | {"java", "kotlin", "csharp", "scala"}
PROSE_LANGUAGES = frozenset(
    {"plaintext", "text", "markdown", "latex", "tex", "restructuredtext", "rst", "git-commit", "gitcommit"}
)
TEXT_LANGUAGES = TAG_LANGUAGES - {"php"} | PROSE_LANGUAGES  # an apostrophe is no quote

_COLON = re.compile(
    r"\s*(?:(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b.*|[)\]}].*):"
)
_LABEL = re.compile(r"\s*(?:case\b.*|default|public|private|protected)\s*:")
_KEY = re.compile(r"\s*(?:- )*[^\s#].*(?:(?<!:):|:\s*[|>][-+]?\d?)|\s*-")
_TAG = re.compile(r".*<([A-Za-z][\w:.-]*)(?:\s[^<>]*|\s+[^<]*[\"'}])?(?<![/%?-])>", re.DOTALL)
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)[^<>]*?(/?)>")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
_WORDS: Mapping[str, tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = MappingProxyType(
    {
        "ruby": (
            (re.compile(r"\s*(?:\w+ = )?(?:def|class|module|if|unless|while|until|for|case|begin)\b.*"), ("end",)),
            (re.compile(r"\s*(?:else|elsif|ensure|rescue|when|in)\b.*"), ("end",)),
            (re.compile(r".*\bdo(?:\s*\|[^|]*\|)?"), ("end",)),
            (re.compile(r".*\{\s*\|[^|]*\|"), ("}",)),
        ),
        "lua": (
            (re.compile(r"\s*repeat"), ("until",)),
            (re.compile(r".*\b(?:then|do|else)|.*\bfunction\b[^()]*\([^()]*\)"), ("end",)),
        ),
        "shellscript": (
            (re.compile(r"(?:.*[\s;])?(?:then|else)"), ("fi",)),
            (re.compile(r"(?:.*[\s;])?do"), ("done",)),
            (re.compile(r"\s*case\b.*\bin"), ("esac",)),
            (re.compile(r"\s*\(?[^\s(][^()]*\)"), (";;",)),
        ),
        "sql": (
            (re.compile(r"(?i).*\b(?:begin|then|else|loop)"), ("end", "END")),
            (re.compile(r"(?i).*\b(?:as|is|select|values|declare|set)"), ()),
        ),
    }
)
_OTHER_NAMES = MappingProxyType({"bash": "shellscript", "crystal": "ruby", "elixir": "ruby", "julia": "ruby"})
# What goes on with a block at the column of its header.
_MIDDLE = re.compile(r"\s*\}?\s*(?:else|elif|elsif|elseif|except|finally|catch|rescue|ensure|when|case|default|in)\b")
_DIRECTIVE = re.compile(
    r"\s*#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|include|pragma|error|line|region|endregion)\b"
)


def opened_by(line: str, language: str) -> tuple[str, ...] | None:
    """What may close the block that the end of `line` opens: how that line begins. () by dedent; None: opens none."""
    read = brackets(line)
    line = _without_comment(line, read)
    if not line or language in PROSE_LANGUAGES or read.quote:
        return None
    last = line[-1]
    if last in CLOSER_OF:
        return (CLOSER_OF[last],)
    if last == ">" and language in TAG_LANGUAGES | _JSX_LANGUAGES:
        tag = _TAG.fullmatch(line)
        if tag is not None and tag[1].lower() not in _VOID and (language in TAG_LANGUAGES or _is_jsx(line)):
            return (f"</{tag[1]}",)
    if language in COLON_LANGUAGES:
        return () if _COLON.fullmatch(line) and not read.openers else None
    if language == "yaml":
        return () if _KEY.fullmatch(line) else None
    for pattern, closers in _WORDS.get(_OTHER_NAMES.get(language, language), ()):
        if pattern.fullmatch(line):
            return closers
    if language in _ARROW_LANGUAGES and line.endswith(("=>", "->")):
        return ()
    return () if last == ":" and _LABEL.fullmatch(line) else None


def left_open_by(line: str, language: str) -> tuple[str, ...] | None:
    """What may close the block that a line left open, of which only the line below is seen to be deeper."""
    opened = opened_by(line, language)
    if opened is not None or language not in TAG_LANGUAGES:
        return opened
    due: list[str] = []
    for closing, name, end in _ANY_TAG.findall(line):
        if closing and name in due:
            del due[due.index(name) :]
        elif not closing and not end and name.lower() not in _VOID:
            due.append(name)
    return (f"</{due[-1]}",) if due else None


def begins_with(line: str, closers: tuple[str, ...]) -> bool:
    """Whether a line begins with one of `closers` as a whole word."""
    bare = line.strip()
    for closer in closers:
        rest = bare[len(closer) :]
        if bare.startswith(closer) and not (closer[-1:].isalnum() and (rest[:1].isalnum() or rest[:1] == "_")):
            return True
    return False


def goes_on(line: str) -> bool:
    """Whether a line at the column of a block's header goes on with it: `else`, `catch`, `} elif` …"""
    return _MIDDLE.match(line) is not None


def is_directive(line: str) -> bool:
    """Whether a line stands outside all blocks, wherever it stands: `#ifdef` …"""
    return _DIRECTIVE.match(line) is not None


def _without_comment(line: str, read: Brackets) -> str:
    line = (line[: read.comment] if read.comment >= 0 else line).rstrip()
    start, end = read.quoted[-1] if read.quoted else (0, 0)
    return line[:start].rstrip() if end == len(line) and line.startswith(("/*", "<!--"), start) else line


def _is_jsx(line: str) -> bool:
    bare = line.lstrip()
    return bare.startswith("<") or re.search(r"(?:return|=>|[(?&:{]) ?<[A-Za-z]", bare) is not None
