"""Check a registry document against data/registry.schema.json, in words a user understands.

jsonschema is imported inside the function: it costs 0.1 s, and the bundled registry is checked by the tests,
not at each start.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lsp_experts.paths import package_data
from lsp_experts.registry.document import child

VERSION = 1
_MAX_ERRORS = 200


@dataclass(frozen=True)
class Problem:
    """What is wrong at one JSON path, and what to do about it."""

    json_path: str
    problem: str
    remedy: str = ""


def read_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that ships with the package."""
    schema: dict[str, Any] = json.loads((package_data() / "registry.schema.json").read_text(encoding="utf-8"))
    return schema


def schema_problems(document: object) -> tuple[Problem, ...]:
    """Every way in which `document` is not a registry, ordered by path, each said once (of the first 200)."""
    if isinstance(document, Mapping):
        version = document.get("version", VERSION)
        if type(version) is not int or version != VERSION:
            # Said alone: what else seems wrong in another version's file may be right there.
            problem = f"version {_shown(version)} is not known, this program reads version {VERSION}"
            return (Problem("$.version", problem, "Update lsp-experts, or write the file for version 1."),)
    from jsonschema import Draft202012Validator

    schema = read_schema()
    errors = sorted(islice(Draft202012Validator(schema).iter_errors(document), _MAX_ERRORS), key=_order)
    return tuple(dict.fromkeys(problem for error in errors for problem in _problems(error, schema)))


def _order(error: Any) -> tuple[list[tuple[int, str]], bool]:
    path = [(step, "") if isinstance(step, int) else (0, step) for step in error.absolute_path]
    return path, error.validator != "additionalProperties"  # `licens` before the missing `licence`: it names the cause


def _problems(error: Any, whole: Mapping[str, Any]) -> Iterator[Problem]:
    path = "$"
    for step in error.absolute_path:
        path = child(path, step)
    schema, value, wanted = error.schema, error.instance, error.validator_value
    known = list(schema.get("properties", ()))
    if error.validator == "required":
        for name in (name for name in wanted if name not in value):
            what = schema.get("properties", {}).get(name, {})
            yield Problem(child(path, name), "it is missing", _example(_resolved(what, whole)))
    elif error.validator == "additionalProperties" and known:
        for name in (name for name in value if name not in known):
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
            yield Problem(child(path, name) if name else path, "this key is not known", remedy)
    else:
        wish = schema.get("description") or f"what the schema asks for ({error.validator} {_shown(wanted)})"
        remedy = _example(schema) if "examples" in schema or "enum" in schema else "Correct the value."
        yield Problem(path, f"{_shown(value)} is not {wish}", remedy)


def _resolved(schema: Any, whole: Mapping[str, Any]) -> Any:
    reference = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
    return whole["$defs"][reference.removeprefix("#/$defs/")] if reference else schema


def _example(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    if "examples" in schema:
        return f"For example: {json.dumps(schema['examples'][0])}."
    if "enum" in schema:
        return f"One of: {', '.join(map(str, schema['enum']))}."
    return f"It should be {schema['description']}." if "description" in schema else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else text[:57] + "..."
