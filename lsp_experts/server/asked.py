"""What a command or a menu's entry is asked to work on: one JSON object, checked by hand since any JSON may arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcInvalidParams

from lsp_experts.server.raw_params import text_at, value_at

_MOST_CHARS = 20_000  # of an instruction: more is no instruction
_FORM = (
    '{"textDocument": {"uri": "file:///a.py"}, '
    '"range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}'
)


@dataclass(frozen=True)
class Asked:
    """A range of a document; `version` None: as it is now; `span` None: all of it."""

    uri: str
    version: int | None = None
    span: t.Range | None = None
    data: Mapping[str, Any] | None = None  # of the offer that was chosen
    instruction: str = ""
    title: str = ""  # what the user chose
    diagnostics: Sequence[t.Diagnostic] = ()


def argument_of(arguments: Sequence[Any], command: str, *, instruction: bool = False, whole: bool = False) -> Asked:
    """The argument of `command`; `instruction`: it needs one; `whole`: the range may be left out.

    JsonRpcInvalidParams shows the right form.
    """
    form = _FORM + (', "instruction": "..."}' if instruction else "}")
    wrong = JsonRpcInvalidParams(f"{command} takes one object: {form}")
    argument = arguments[0] if len(arguments) == 1 else None
    if not isinstance(argument, Mapping):
        raise wrong
    uri, version = value_at(argument, "textDocument", "uri"), value_at(argument, "textDocument", "version")
    data, span, said = argument.get("data"), _span(argument.get("range")), text_at(argument, "instruction")
    if (
        not isinstance(uri, str)
        or not (version is None or type(version) is int)
        or not (data is None or isinstance(data, Mapping))
        or (span is None and not (whole and argument.get("range") is None))
        or (instruction and not said.strip())
        or len(said) > _MOST_CHARS
    ):
        raise wrong
    found = argument.get("diagnostics")
    diagnostics = [each for each in map(_diagnostic, found if isinstance(found, list) else ()) if each is not None]
    return Asked(uri, version, span, data, said.strip(), text_at(argument, "title"), diagnostics)


def argument_for(asked: Asked) -> dict[str, Any]:
    """The JSON that `argument_of` reads."""
    written: dict[str, Any] = {"textDocument": {"uri": asked.uri, "version": asked.version}, "title": asked.title}
    if asked.span is not None:
        written["range"] = _span_json(asked.span)
    if asked.data is not None:
        written["data"] = dict(asked.data)
    if asked.diagnostics:
        written["diagnostics"] = [
            {"range": _span_json(each.range), "message": each.message, "source": each.source, "code": each.code}
            for each in asked.diagnostics
        ]
    return written


def _span(value: object) -> t.Range | None:
    start, end = _position(value_at(value, "start")), _position(value_at(value, "end"))
    return t.Range(start, end) if start is not None and end is not None else None


def _position(value: object) -> t.Position | None:
    line, character = value_at(value, "line"), value_at(value, "character")
    if type(line) is not int or type(character) is not int:
        return None
    return t.Position(line, character) if 0 <= line < 1 << 31 and 0 <= character < 1 << 31 else None


def _span_json(span: t.Range) -> dict[str, Any]:
    return {
        name: {"line": place.line, "character": place.character}
        for name, place in (("start", span.start), ("end", span.end))
    }


def _diagnostic(value: object) -> t.Diagnostic | None:
    span, code = _span(value_at(value, "range")), value_at(value, "code")
    if span is None:
        return None
    return t.Diagnostic(
        span,
        text_at(value, "message"),
        source=text_at(value, "source") or None,
        code=code if isinstance(code, int | str) else None,
    )
