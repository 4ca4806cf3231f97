"""What a client was sent although it never said that it can take it: a walk over messages against its capabilities.

Written from the protocol's text, and from nothing of the server, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

# Messages to the client that need a capability, and where it says so. Those of ALWAYS are older than capabilities.
NEEDS = {
    "workspace/configuration": "workspace.configuration",
    "workspace/applyEdit": "workspace.applyEdit",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showDocument": "window.showDocument.support",
    "textDocument/publishDiagnostics": "textDocument.publishDiagnostics",
    "lspExperts/status": "experimental.lspExpertsStatus",
}
ALWAYS = ("window/showMessage", "window/logMessage", "window/showMessageRequest")
_KINDS_OF_OLD = range(1, 19)  # of completion items, for a client that names none


class Can:
    """A client's capabilities, asked by dotted path."""

    def __init__(self, capabilities: Json) -> None:
        self._capabilities = capabilities

    def value(self, path: str) -> Any:
        found: Any = self._capabilities
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def __call__(self, path: str) -> bool:
        """Whether it is there: an empty object says yes."""
        return self.value(path) not in (None, False)

    def lacks(self, *needed: str) -> Iterator[str]:
        return (path for path in needed if not self(path))


def undeclared(sent: Sequence[Json], answered: Sequence[tuple[str, Any]], tokens: Sequence[Any], can: Can) -> list[str]:
    """Each thing that is not declared, as "message: capability".

    `sent`: the server's requests and notifications in their order; `answered`: (method, result) of the client's own;
    `tokens`: the progress tokens that the client gave.
    """
    found: list[str] = []
    known = set(tokens)
    for message in sent:
        method, params = message["method"], message["params"]
        if method == "window/workDoneProgress/create":
            known.add(params["token"])
        found += [f"{method}: {path}" for path in _of_message(method, params, known, can)]
    for method, result in answered:
        found += [f"{method}: {path}" for path in _OF_ANSWER.get(method, _nothing)(result, can)]
    return found


def _nothing(result: Any, can: Can) -> Iterator[str]:
    return iter(())


def _of_message(method: str, params: Any, tokens: set[Any], can: Can) -> Iterator[str]:
    if method in NEEDS:
        yield from can.lacks(NEEDS[method])
    elif method == "$/progress":
        if params["token"] not in tokens:
            yield "a token that nobody made"
    elif method == "client/registerCapability":
        for each in params["registrations"]:
            yield from can.lacks(f"{each['method'].replace('/', '.')}.dynamicRegistration")
    elif method not in ALWAYS:
        yield "a message that LSP does not have"
    if method == "workspace/applyEdit":
        yield from of_edit(params["edit"], can)
    elif method == "textDocument/publishDiagnostics":
        yield from _of_diagnostics(params, can)
    elif method == "window/showMessageRequest":
        more = any(set(action) != {"title"} for action in params.get("actions", ()))
        yield from can.lacks(*["window.showMessage.messageActionItem.additionalPropertiesSupport"] * more)


def _of_diagnostics(params: Json, can: Can) -> Iterator[str]:
    at = "textDocument.publishDiagnostics"
    if params.get("version") is not None:
        yield from can.lacks(f"{at}.versionSupport")
    optional = {
        "tags": "tagSupport",
        "relatedInformation": "relatedInformation",
        "codeDescription": "codeDescriptionSupport",
        "data": "dataSupport",
    }
    for each in params["diagnostics"]:
        yield from can.lacks(*(f"{at}.{optional[name]}" for name in optional if each.get(name) is not None))


def of_edit(edit: Json, can: Can) -> Iterator[str]:
    """Of a WorkspaceEdit."""
    at = "workspace.workspaceEdit"
    changes = edit.get("documentChanges")
    kinds = [each["kind"] for each in changes or () if "kind" in each]
    allowed = can.value(f"{at}.resourceOperations") or ()
    yield from (f"{at}.resourceOperations {kind}" for kind in kinds if kind not in allowed)
    # Who takes a resource operation takes the only form that has it: Neovim declares no documentChanges.
    if changes is not None and not kinds:
        yield from can.lacks(f"{at}.documentChanges")
    edits = [edit for each in changes or () for edit in (each, *each.get("edits", ()))]
    if edit.get("changeAnnotations") or any("annotationId" in each for each in edits):
        yield from can.lacks(f"{at}.changeAnnotationSupport")
    if any("snippet" in each for each in edits):
        yield from can.lacks(f"{at}.snippetEditSupport")


def _of_initialize(result: Json, can: Can) -> Iterator[str]:
    chosen = result["capabilities"].get("positionEncoding", "utf-16")
    if chosen not in (can.value("general.positionEncodings") or ("utf-16",)):
        yield f"general.positionEncodings {chosen}"


def _of_completion(result: Json, can: Can) -> Iterator[str]:
    if "itemDefaults" in result:
        yield from can.lacks("textDocument.completion.completionList.itemDefaults")
    for item in result["items"]:
        yield from _of_item(item, can)


def _of_item(item: Json, can: Can) -> Iterator[str]:
    at = "textDocument.completion.completionItem"
    needs = {
        "command": "workspace.executeCommand",
        "labelDetails": f"{at}.labelDetailsSupport",
        "preselect": f"{at}.preselectSupport",
        "commitCharacters": f"{at}.commitCharactersSupport",
        "tags": f"{at}.tagSupport",
        "deprecated": f"{at}.deprecatedSupport",
    }
    yield from can.lacks(*(needs[name] for name in needs if item.get(name) is not None))
    if item.get("insertTextFormat") == 2:
        yield from can.lacks(f"{at}.snippetSupport")
    mode = item.get("insertTextMode")
    if mode is not None and mode not in (can.value(f"{at}.insertTextModeSupport.valueSet") or ()):
        yield f"{at}.insertTextModeSupport {mode}"
    if "insert" in item.get("textEdit", {}):
        yield from can.lacks(f"{at}.insertReplaceSupport")
    kinds = can.value("textDocument.completion.completionItemKind.valueSet") or _KINDS_OF_OLD
    if item.get("kind", 1) not in kinds:
        yield f"textDocument.completion.completionItemKind {item['kind']}"
    documentation = item.get("documentation")
    if isinstance(documentation, Mapping):
        formats = can.value(f"{at}.documentationFormat") or ()
        yield from (f"{at}.documentationFormat {kind}" for kind in [documentation["kind"]] if kind not in formats)
    span = item["textEdit"].get("range") if "textEdit" in item else None
    if span is not None and span["start"]["line"] != span["end"]["line"]:
        yield "a range on one line"


def _of_inline(result: Json, can: Can) -> Iterator[str]:
    for item in result["items"]:
        if not isinstance(item["insertText"], str):
            yield "a text that is a snippet"
        if item["range"]["start"]["line"] != item["range"]["end"]["line"]:
            yield "a range on one line"


def _of_menu(result: Sequence[Json], can: Can) -> Iterator[str]:
    for entry in result:
        if not isinstance(entry.get("command"), str):  # a CodeAction, and no plain Command
            yield from of_code_action(entry, can)


def of_code_action(entry: Json, can: Can) -> Iterator[str]:
    """Of an entry of the menu, or of one that was resolved."""
    at = "textDocument.codeAction"
    needs = {"disabled": "disabledSupport", "isPreferred": "isPreferredSupport", "data": "dataSupport"}
    yield from can.lacks(f"{at}.codeActionLiteralSupport")
    yield from can.lacks(*(f"{at}.{needs[name]}" for name in needs if entry.get(name) is not None))
    if entry.get("edit") is not None:
        yield from of_edit(entry["edit"], can)
    elif entry.get("command") is None and "edit" not in (can.value(f"{at}.resolveSupport.properties") or ()):
        yield f"{at}.resolveSupport edit"


_OF_ANSWER: Mapping[str, Callable[[Any, Can], Iterator[str]]] = {
    "initialize": _of_initialize,
    "textDocument/completion": _of_completion,
    "textDocument/inlineCompletion": _of_inline,
    "textDocument/codeAction": _of_menu,
    "codeAction/resolve": of_code_action,
}
