"""The walk over messages finds each thing that a client did not declare, and nothing that it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from server.declared import Can, undeclared

LINE = {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 2}}
LINES = {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 0}}
CREATE = {"kind": "create", "uri": "file:///w/a"}
EDIT = {"textDocument": {"uri": "file:///w/a", "version": 1}, "edits": [{"range": LINE, "newText": "x"}]}
DIAGNOSTIC = {"range": LINE, "message": "m"}


def nested(path: str, value: Any = True) -> dict[str, Any]:
    """Capabilities with one value at a dotted path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[no-any-return]


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
            found[name] = merged(found[name], value) if both else value
    return found


def check(method: str, payload: Any, *capabilities: dict[str, Any], answer: bool = False, found: str = "") -> None:
    """What is found in one message or `answer`, with these capabilities."""
    sent = [] if answer else [{"method": method, "params": payload}]
    answered = [(method, payload)] if answer else []
    expected = [f"{method}: {found}"] if found else []
    assert undeclared(sent, answered, ["mine"], Can(merged(*capabilities))) == expected


EDITS = {"applyEdit": nested("workspace.applyEdit"), "edit": "workspace.workspaceEdit"}
ITEM = "textDocument.completion.completionItem"
ACTION = "textDocument.codeAction"
DIAGNOSTICS = "textDocument.publishDiagnostics"


@pytest.mark.parametrize(
    ("method", "params", "beside", "needed", "found"),
    [
        ("workspace/configuration", {"items": []}, {}, nested("workspace.configuration"), "workspace.configuration"),
        ("window/workDoneProgress/create", {"token": 1}, {}, nested("window.workDoneProgress"), ""),
        ("window/showDocument", {"uri": "a"}, {}, nested("window.showDocument.support"), ""),
        ("lspExperts/status", {}, {}, nested("experimental.lspExpertsStatus"), ""),
        (
            "client/registerCapability",
            {"registrations": [{"method": "workspace/didChangeConfiguration"}]},
            nested("workspace.didChangeConfiguration", {"dynamicRegistration": False}),
            nested("workspace.didChangeConfiguration.dynamicRegistration"),
            "",
        ),
        ("workspace/applyEdit", {"edit": {"changes": {}}}, {}, nested("workspace.applyEdit"), "workspace.applyEdit"),
        *[
            ("workspace/applyEdit", {"edit": edit}, merged(EDITS["applyEdit"], beside), needed, found)
            for edit, beside, needed, found in [
                ({"documentChanges": [EDIT]}, {}, nested(f"{EDITS['edit']}.documentChanges"), ""),
                (
                    {"documentChanges": [CREATE, EDIT]},
                    nested(f"{EDITS['edit']}.resourceOperations", ["rename"]),
                    nested(f"{EDITS['edit']}.resourceOperations", ["create"]),
                    f"{EDITS['edit']}.resourceOperations create",
                ),
                (
                    {"documentChanges": [EDIT], "changeAnnotations": {"1": {}}},
                    nested(f"{EDITS['edit']}.documentChanges"),
                    nested(f"{EDITS['edit']}.changeAnnotationSupport", {}),
                    f"{EDITS['edit']}.changeAnnotationSupport",
                ),
                (
                    {"documentChanges": [{**EDIT, "edits": [{"annotationId": "1"}]}]},
                    nested(f"{EDITS['edit']}.documentChanges"),
                    nested(f"{EDITS['edit']}.changeAnnotationSupport", {}),
                    "",
                ),
                (
                    {"documentChanges": [{**EDIT, "edits": [{"snippet": {}}]}]},
                    nested(f"{EDITS['edit']}.documentChanges"),
                    nested(f"{EDITS['edit']}.snippetEditSupport"),
                    "",
                ),
            ]
        ],
        (DIAGNOSTICS.replace(".", "/"), {"diagnostics": []}, {}, nested(DIAGNOSTICS, {}), DIAGNOSTICS),
        *[
            (
                DIAGNOSTICS.replace(".", "/"),
                {"diagnostics": [{**DIAGNOSTIC, **more}], **params},
                nested(DIAGNOSTICS, {}),
                nested(f"{DIAGNOSTICS}.{needed}"),
                f"{DIAGNOSTICS}.{needed}",
            )
            for params, more, needed in [
                ({"version": 1}, {}, "versionSupport"),
                ({}, {"tags": [1]}, "tagSupport"),
                ({}, {"relatedInformation": []}, "relatedInformation"),
                ({}, {"codeDescription": {}}, "codeDescriptionSupport"),
                ({}, {"data": 1}, "dataSupport"),
            ]
        ],
        (
            "window/showMessageRequest",
            {"actions": [{"title": "Yes", "more": 1}]},
            {},
            nested("window.showMessage.messageActionItem.additionalPropertiesSupport"),
            "",
        ),
    ],
)
def test_messages(method: str, params: Any, beside: Any, needed: Any, found: str) -> None:
    check(method, params, beside, found=found or _only_path(needed))
    check(method, params, beside, needed)


def _only_path(capabilities: Any) -> str:
    """The dotted path of the one value in there."""
    path = []
    while isinstance(capabilities, Mapping) and capabilities:
        ((name, capabilities),) = capabilities.items()
        path.append(name)
    return ".".join(path)


@pytest.mark.parametrize(
    ("method", "params", "found"),
    [
        ("window/showMessage", {"message": "m"}, ""),
        ("window/logMessage", {"message": "m"}, ""),
        ("window/showMessageRequest", {"message": "m"}, ""),
        ("window/showMessageRequest", {"message": "m", "actions": [{"title": "Yes"}]}, ""),
        ("$/progress", {"token": "mine"}, ""),
        ("$/progress", {"token": "other"}, "a token that nobody made"),
        ("lspExperts/completed", {}, "a message that LSP does not have"),
    ],
)
def test_messages_that_need_no_capability(method: str, params: Any, found: str) -> None:
    check(method, params, found=found)


def test_a_token_is_made_before_it_is_used() -> None:
    make = {"method": "window/workDoneProgress/create", "params": {"token": 1}}
    use = {"method": "$/progress", "params": {"token": 1}}
    can = Can(nested("window.workDoneProgress"))
    assert undeclared([make, use], [], [], can) == []
    assert undeclared([use, make], [], [], can) == ["$/progress: a token that nobody made"]


def _items(**item: Any) -> dict[str, Any]:
    return {"items": [{"label": "l", **item}]}


@pytest.mark.parametrize(
    ("method", "result", "beside", "needed", "found"),
    [
        (
            "initialize",
            {"capabilities": {"positionEncoding": "utf-8"}},
            nested("general.positionEncodings", ["utf-16"]),
            nested("general.positionEncodings", ["utf-16", "utf-8"]),
            "general.positionEncodings utf-8",
        ),
        *[
            ("textDocument/completion", _items(**item), {}, nested(*needed), found)
            for item, needed, found in [
                ({"command": {}}, ("workspace.executeCommand", {}), "workspace.executeCommand"),
                ({"labelDetails": {}}, (f"{ITEM}.labelDetailsSupport",), ""),
                ({"preselect": True}, (f"{ITEM}.preselectSupport",), ""),
                ({"commitCharacters": ["x"]}, (f"{ITEM}.commitCharactersSupport",), ""),
                ({"tags": [1]}, (f"{ITEM}.tagSupport", {}), f"{ITEM}.tagSupport"),
                ({"deprecated": True}, (f"{ITEM}.deprecatedSupport",), ""),
                ({"insertTextFormat": 2}, (f"{ITEM}.snippetSupport",), ""),
                (
                    {"insertTextMode": 2},
                    (f"{ITEM}.insertTextModeSupport.valueSet", [2]),
                    f"{ITEM}.insertTextModeSupport 2",
                ),
                ({"textEdit": {"insert": LINE, "replace": LINE}}, (f"{ITEM}.insertReplaceSupport",), ""),
                (
                    {"kind": 25},
                    ("textDocument.completion.completionItemKind.valueSet", [25]),
                    "textDocument.completion.completionItemKind 25",
                ),
                (
                    {"documentation": {"kind": "markdown"}},
                    (f"{ITEM}.documentationFormat", ["markdown"]),
                    f"{ITEM}.documentationFormat markdown",
                ),
            ]
        ],
        (
            "textDocument/completion",
            {"items": [], "itemDefaults": {}},
            {},
            nested("textDocument.completion.completionList.itemDefaults", ["data"]),
            "textDocument.completion.completionList.itemDefaults",
        ),
        ("textDocument/codeAction", [{"command": {}}], {}, nested(f"{ACTION}.codeActionLiteralSupport"), ""),
        *[
            (
                "textDocument/codeAction",
                [entry],
                nested(f"{ACTION}.codeActionLiteralSupport", {}),
                nested(f"{ACTION}.{needed}", value),
                found,
            )
            for entry, needed, value, found in [
                ({"command": {}, "disabled": {}}, "disabledSupport", True, f"{ACTION}.disabledSupport"),
                ({"command": {}, "isPreferred": False}, "isPreferredSupport", True, f"{ACTION}.isPreferredSupport"),
                ({"command": {}, "data": 1}, "dataSupport", True, f"{ACTION}.dataSupport"),
                ({"title": "t"}, "resolveSupport.properties", ["edit"], f"{ACTION}.resolveSupport edit"),
            ]
        ],
        (
            "codeAction/resolve",
            {"edit": {"documentChanges": [EDIT]}},
            nested(f"{ACTION}.codeActionLiteralSupport", {}),
            nested(f"{EDITS['edit']}.documentChanges"),
            f"{EDITS['edit']}.documentChanges",
        ),
    ],
)
def test_answers(method: str, result: Any, beside: Any, needed: Any, found: str) -> None:
    check(method, result, beside, answer=True, found=found or _only_path(needed))
    check(method, result, beside, needed, answer=True)


@pytest.mark.parametrize(
    ("method", "result", "found"),
    [
        ("textDocument/completion", _items(textEdit={"range": LINES}), "a range on one line"),
        ("textDocument/completion", _items(textEdit={"range": LINE}, kind=15), ""),
        ("textDocument/inlineCompletion", {"items": [{"insertText": "x", "range": LINES}]}, "a range on one line"),
        ("textDocument/inlineCompletion", {"items": [{"insertText": {}, "range": LINE}]}, "a text that is a snippet"),
        ("textDocument/codeAction", [{"title": "t", "command": "c"}], ""),
        ("initialize", {"capabilities": {}}, ""),
        ("lspExperts/status", {}, ""),
    ],
)
def test_answers_that_need_no_capability(method: str, result: Any, found: str) -> None:
    check(method, result, answer=True, found=found)
