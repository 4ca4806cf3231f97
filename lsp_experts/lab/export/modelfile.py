"""Ollama's Modelfiles as text, and back. Pure.

Grammar: parser/parser.go of Ollama (ParseFile, quote, unquote, isValidCommand); parameters: docs/modelfile.mdx.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lsp_experts.errors import UsageError

Command = tuple[str, str]  # name in lower case, or that of a parameter; its argument

_NAMES = frozenset({"from", "adapter", "template", "license"})
_PARAMETERS = frozenset({"num_ctx", "temperature", "repeat_penalty", "stop"})
_COMMENT_OR_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*(?:[\r\n]|\Z))+")
_NAME = re.compile(r"([A-Za-z]+)[ \t]+")
_PARAMETER = re.compile(r"([A-Za-z0-9_]+)[ \t]+")
_VALUE = re.compile(r'"""(.*?)"""[ \t]*(?:[\r\n]|\Z)|"([^"\r\n]*)"[ \t]*(?:[\r\n]|\Z)|([^"\r\n][^\r\n]*)', re.DOTALL)


def modelfile_text(commands: Sequence[Command], remark: str) -> str:
    """The file with `remark` at its head. UsageError for what the format cannot say."""
    lines = [f"# {line}" for line in remark.splitlines()]
    for name, value in commands:
        if not value or not all(character.isprintable() or character == "\n" for character in value):
            raise UsageError(f"A Modelfile cannot say {name} {value!r:.200}.")
        head = name.upper() if name in _NAMES else f"PARAMETER {name}"
        lines.append(f"{head} {_quoted(value)}")
    text = "\n".join(lines) + "\n"
    if parse_modelfile(text) != tuple(commands):
        raise UsageError("The Modelfile cannot be written so that Ollama would read it.")
    return text


def parse_modelfile(text: str) -> tuple[Command, ...]:
    """Its commands, as Ollama reads them. UsageError for what it would refuse, or for a command that we never write."""
    return tuple(_commands(text))


def _commands(text: str) -> Iterable[Command]:
    at, seen_model = 0, False
    while True:
        if blank := _COMMENT_OR_BLANK.match(text, at):
            at = blank.end()
        if at == len(text):
            break
        name, at = _match(_NAME, text, at)
        name = name.lower()
        if name == "parameter":
            name, at = _match(_PARAMETER, text, at)
            if name not in _PARAMETERS:
                raise UsageError(f"A Modelfile has no parameter {name!r:.80}.")
        elif name not in _NAMES:
            raise UsageError(f"A Modelfile has no command {name!r:.80}.")
        seen_model |= name == "from"
        value, at = _match(_VALUE, text, at)
        yield name, value
    if not seen_model:
        raise UsageError("A Modelfile needs a FROM.")


def _match(pattern: re.Pattern[str], text: str, at: int) -> tuple[str, int]:
    found = pattern.match(text, at)
    if found is None:
        raise UsageError(f"The Modelfile's line {text.count(chr(10), 0, at) + 1} cannot be read.")
    value = next(group for group in found.groups() if group is not None)
    return value.strip(" \t") if found[0] and found[0][0] != '"' else value, found.end()


def _quoted(value: str) -> str:
    """As Ollama's own quote(), and quoted too where a blank or a mark stands in it: nothing is left to guess."""
    if '"' in value or "\n" in value:
        return f'"""{value}"""'
    return f'"{value}"' if re.search(r"[\s#{}<>|]", value) else value
