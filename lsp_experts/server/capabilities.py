"""The whole negotiation: what the client can do, in our words, and what we offer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lsprotocol import types as t
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability

from lsp_experts.server.action_capabilities import (
    ActionSupport,
    EditSupport,
    action_support,
    edit_support,
    is_ale,
    is_patient,
)
from lsp_experts.server.commands import COMMANDS
from lsp_experts.server.positions import Encoding

# Clients without inline completion ask on identifier characters by themselves; these are the other places where code
# goes on. No white space: a popup after every space or new line is a nuisance.
TRIGGERS = (".", ":", ">", "<", "/", "(", "[", "{", ",", "=", '"', "'", "@", "#", "$")

# Kinds that actions are offered under; each covers those below it. "explain" is actions/explain.py's own.
ACTION_KINDS = (t.CodeActionKind.QuickFix, t.CodeActionKind.Refactor, "explain")

MultiLine = Literal["plain", "snippet", "first line"]


@dataclass(frozen=True)
class Client:
    """What the client can do, decided once."""

    encoding: Encoding = "utf-16"
    multi_line: MultiLine = "plain"  # how several lines reach its completion popup
    cuts_plain: bool = False  # it keeps only the first line, or the first word, of a plain item
    as_is: bool = False  # insertTextMode asIs: it may be told not to indent again
    inline: bool = False
    runs_commands: bool = False  # it runs the command of a completion item
    progress: bool = False
    pulls_configuration: bool = False
    registers_configuration: bool = False
    patient: bool = True  # it waits for an answer as long as a model needs
    diagnostic_versions: bool = False  # it takes the version that diagnostics are for
    shows_documents: bool = False  # window/showDocument
    actions: ActionSupport = field(default_factory=ActionSupport)
    edits: EditSupport = field(default_factory=EditSupport)
    wants_status: bool = False  # experimental.lspExpertsStatus: it takes lspExperts/status notifications
    name: str = ""

    def popup_style(self, snippets: str) -> MultiLine:
        """How several lines reach the popup, given the setting `snippets` ("auto" or "never")."""
        if self.multi_line == "snippet" and snippets == "never":
            return "first line" if self.cuts_plain else "plain"
        return self.multi_line


def client_of(params: t.InitializeParams) -> Client:
    """The client behind `initialize` parameters."""
    can = params.capabilities
    snippets = bool(get_capability(can, "text_document.completion.completion_item.snippet_support"))
    modes = get_capability(can, "text_document.completion.completion_item.insert_text_mode_support.value_set")
    cuts, patient = _cuts_plain(params), is_patient(params)
    return Client(
        encoding=_encoding(params),
        multi_line="snippet" if snippets else "first line" if cuts else "plain",
        cuts_plain=cuts,
        as_is=t.InsertTextMode.AsIs in (modes or ()),
        runs_commands=_runs_commands(params),
        inline=get_capability(can, "text_document.inline_completion") is not None,
        progress=bool(get_capability(can, "window.work_done_progress")),
        pulls_configuration=bool(get_capability(can, "workspace.configuration")),
        registers_configuration=bool(get_capability(can, "workspace.did_change_configuration.dynamic_registration")),
        patient=patient,
        diagnostic_versions=bool(get_capability(can, "text_document.publish_diagnostics.version_support")),
        shows_documents=bool(get_capability(can, "window.show_document.support")),
        actions=action_support(params, patient=patient),
        edits=edit_support(params),
        wants_status=isinstance(can.experimental, dict) and can.experimental.get("lspExpertsStatus") is True,
        name=params.client_info.name if params.client_info else "",
    )


def _cuts_plain(params: t.InitializeParams) -> bool:
    # Neovim's popup inserts a plain text edit up to its first blank (seen in 0.11.4); Vim's own complete(), which sits
    # behind clients that do not even send a completion context, shows a line break as ^@.
    if params.client_info and params.client_info.name == "Neovim":
        return True
    return not get_capability(params.capabilities, "text_document.completion.context_support")


def _runs_commands(params: t.InitializeParams) -> bool:
    # Neovim runs an item's command if the server offers it, without saying that it can (seen in 0.11.4).
    if params.client_info and params.client_info.name == "Neovim":
        return True
    return get_capability(params.capabilities, "workspace.execute_command") is not None


def _encoding(params: t.InitializeParams) -> Encoding:
    """The first that the client names; where it names none, what it is known to count, or as LSP says."""
    if not get_capability(params.capabilities, "general.position_encodings"):
        if is_ale(params):
            return "utf-8"  # bytes, as Vim's cursor is (OnReady in its completion.vim and codefix.vim)
        if params.client_info and params.client_info.name == "emacs":
            return "utf-32"  # lsp-mode's characters (lsp--cur-position); newer ones say so
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
    encodings: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}
    return encodings[t.PositionEncodingKind(chosen).value]


def server_capabilities(client: Client) -> t.ServerCapabilities:
    """What we offer. Static registration serves clients that could register dynamically as well."""
    return t.ServerCapabilities(
        position_encoding=t.PositionEncodingKind(client.encoding),
        text_document_sync=t.TextDocumentSyncOptions(
            open_close=True, change=t.TextDocumentSyncKind.Incremental, save=t.SaveOptions(include_text=False)
        ),
        notebook_document_sync=t.NotebookDocumentSyncOptions([t.NotebookDocumentFilterWithNotebook("*")], save=False),
        completion_provider=t.CompletionOptions(trigger_characters=TRIGGERS, resolve_provider=False),
        inline_completion_provider=t.InlineCompletionOptions(),
        code_action_provider=t.CodeActionOptions(code_action_kinds=ACTION_KINDS, resolve_provider=True),
        execute_command_provider=t.ExecuteCommandOptions(commands=tuple(COMMANDS)),
    )
