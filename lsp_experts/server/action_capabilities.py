"""What the client can do with code actions and edits: what it says, and what some are known to do."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types as t
from pygls.capabilities import get_capability


@dataclass(frozen=True)
class EditSupport:
    """How an edit reaches the client's documents."""

    applies: bool = False  # it takes workspace/applyEdit
    answers: bool = True  # and says what became of it
    versions: bool = False  # documentChanges: an edit of another version than the client's is refused there
    creates: bool = False  # an edit may create a file
    annotations: bool = False  # it asks the user itself about changes that need a confirmation


@dataclass(frozen=True)
class ActionSupport:
    """What an entry of its menu may be."""

    literals: bool = False  # more than a command
    disabled: bool = False  # it shows why one cannot be chosen
    resolves: bool = False  # it asks for the edit of an entry, once that was chosen and without standing still


def edit_support(params: t.InitializeParams) -> EditSupport:
    """From `initialize` parameters."""
    can = params.capabilities
    operations = get_capability(can, "workspace.workspace_edit.resource_operations") or ()
    ale = is_ale(params)
    return EditSupport(
        applies=bool(get_capability(can, "workspace.apply_edit")) or ale,
        answers=not ale,
        versions=bool(get_capability(can, "workspace.workspace_edit.document_changes")),
        creates=t.ResourceOperationKind.Create in operations,
        annotations=get_capability(can, "workspace.workspace_edit.change_annotation_support") is not None,
    )


def action_support(params: t.InitializeParams, *, patient: bool) -> ActionSupport:
    """From `initialize` parameters; `patient` as `is_patient` says."""
    can = params.capabilities
    properties = get_capability(can, "text_document.code_action.resolve_support.properties") or ()
    keeps_data = bool(get_capability(can, "text_document.code_action.data_support"))
    return ActionSupport(
        literals=get_capability(can, "text_document.code_action.code_action_literal_support") is not None,
        disabled=bool(get_capability(can, "text_document.code_action.disabled_support")),
        resolves="edit" in properties and keeps_data and patient and not _resolves_what_is_looked_at(params),
    )


def is_patient(params: t.InitializeParams) -> bool:
    """Whether it waits for an answer as long as a model may need, and does something else meanwhile.

    Emacs stands still and gives up after 10 s (lsp-mode's lsp-response-timeout, eglot's jsonrpc; eglot 1.9 does not say
    its name), Helix after 20 s. What such a client asks for is answered at once, and comes by itself when it is done.
    """
    name = params.client_info.name.lower() if params.client_info else ""
    if name in ("emacs", "eglot", "helix"):
        return False
    unnamed = not name and params.capabilities.window is None
    return not (unnamed and bool(get_capability(params.capabilities, "workspace.apply_edit")))


def _resolves_what_is_looked_at(params: t.InitializeParams) -> bool:
    # VS Code resolves an entry of its menu as soon as it has the focus (onFocus in its codeActionController): a model
    # would run for each that the user only passes. All that build on its client library name this Markdown parser.
    parser = get_capability(params.capabilities, "general.markdown.parser")
    return parser == "marked"


def is_ale(params: t.InitializeParams) -> bool:
    """Whether it is ALE, which does more, and counts otherwise, than it says."""
    # ALE says that it applies no edits and does (HandleLSPResponse in its codefix.vim), but never answers. It has no
    # name; nobody else sends an empty set of kinds.
    kinds = get_capability(
        params.capabilities, "text_document.code_action.code_action_literal_support.code_action_kind.value_set"
    )
    return params.client_info is None and kinds is not None and not kinds
