"""Fuzzing: JSON from clients. Parameters of requests, and settings."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lsprotocol import types as t

from lsp_experts.server.converter import strict_converter, structure_params
from lsp_experts.server.raw_params import item_id, text_at, value_at
from lsp_experts.settings import Settings, from_options, json_name

FUZZ = settings(derandomize=True, deadline=None, database=None, max_examples=200)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
CONVERTER = strict_converter()
GROUPS = ("general", "window", "workspace", "textDocument", "notebookDocument", "experimental", "made up")
WORDS = ("completion", "synchronization", "positionEncodings", "applyEdit", "inlineCompletion", "contextSupport")
NAMES = [json_name(one.name) for one in fields(Settings)]
SOUND = st.sampled_from([True, False, 0, 1, 4, 80, 500, 0.5, -1.0, "smart", "never", "off", {"go": "go-carved"}])


@FUZZ
@given(JSON, JSON)
def test_a_position_is_two_whole_numbers_or_is_refused(line: Any, character: Any) -> None:
    params = {"textDocument": {"uri": "untitled:a"}, "position": {"line": line, "character": character}}
    if all(type(value) is int and 0 <= value < 2**31 for value in (line, character)):
        position = structure_params(CONVERTER, t.TEXT_DOCUMENT_COMPLETION, params).position
        assert (position.line, position.character) == (line, character)
    else:
        with pytest.raises(Exception):  # noqa: B017  # cattrs and lsprotocol raise many kinds
            structure_params(CONVERTER, t.TEXT_DOCUMENT_COMPLETION, params)


@FUZZ
@given(st.sampled_from([t.TEXT_DOCUMENT_DID_CHANGE, t.TEXT_DOCUMENT_DID_OPEN, t.WORKSPACE_EXECUTE_COMMAND,
                        t.TEXT_DOCUMENT_CODE_ACTION, t.NOTEBOOK_DOCUMENT_DID_CHANGE]), JSON)  # fmt: skip
def test_no_text_of_a_client_becomes_another_text_or_number(method: str, value: Any) -> None:
    """What is taken goes back to the client as it came."""
    params = {
        "textDocument": {"uri": "untitled:a", "languageId": "go", "version": 1, "text": value},
        "contentChanges": [{"text": value}], "command": value, "arguments": [value], "id": value,
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": value}},
        "context": {"diagnostics": []}, "notebookDocument": {"uri": "untitled:b", "version": value}, "change": {},
    }  # fmt: skip
    try:
        structured = structure_params(CONVERTER, method, params)
    except Exception:
        return
    back = CONVERTER.unstructure(structured)
    assert all(json.dumps(back[name]) == json.dumps(params[name]) for name in set(back) & {"contentChanges", "command"})


@settings(FUZZ, max_examples=50)
@example({"notebookDocument": {}}, None)
@given(st.dictionaries(st.sampled_from(GROUPS), JSON | st.dictionaries(st.sampled_from(WORDS), JSON)), JSON)
def test_no_capability_costs_the_server(capabilities: dict[str, Any], other: Any) -> None:
    params = {"processId": other, "rootUri": None, "clientInfo": other, "capabilities": capabilities}
    assert isinstance(structure_params(CONVERTER, t.INITIALIZE, params), t.InitializeParams)


@FUZZ
@given(JSON, st.lists(st.text(max_size=6) | st.integers(-3, 3), max_size=3))
def test_a_place_in_any_json_holds_something_or_nothing(params: Any, path: list[str | int]) -> None:
    assert isinstance(text_at(params, *path), str)
    assert isinstance(item_id(params), str)
    assert item_id({"item": {"command": {"arguments": [params]}}}) == (params if isinstance(params, str) else "")
    assert value_at([params], 0) is params


def usable(chosen: Settings) -> bool:
    """Whether settings can be given as options, and are then the same without a word."""
    options = {json_name(name): value for name, value in asdict(chosen).items()}
    return from_options(options) == (chosen, ())


@FUZZ
@given(st.dictionaries(st.sampled_from(NAMES), JSON | SOUND), st.dictionaries(st.sampled_from(NAMES), SOUND))
def test_settings_are_usable_whatever_a_client_sends(options: dict[str, Any], before: dict[str, Any]) -> None:
    """And each value is taken, or named in one sentence while what was there stays."""
    base, _ = from_options(before)
    chosen, problems = from_options(options, base)
    assert usable(base) and usable(chosen)
    for name in NAMES:
        value, told = options.get(name), [each for each in problems if each.startswith(f"lspExperts.{name}: ")]
        kept = next(getattr(base, one.name) for one in fields(Settings) if json_name(one.name) == name)
        now = next(getattr(chosen, one.name) for one in fields(Settings) if json_name(one.name) == name)
        assert len(told) <= 1
        assert now == (kept if value is None or told else value)
        assert all(sentence.endswith(f"; {json.dumps(kept)} is used.") for sentence in told)


@FUZZ
@given(JSON.filter(lambda value: not isinstance(value, dict) and value is not None))
def test_options_that_are_no_object_leave_the_settings_alone(options: Any) -> None:
    base = Settings(max_lines=3)
    chosen, problems = from_options(options, base)
    assert chosen is base and len(problems) == 1
