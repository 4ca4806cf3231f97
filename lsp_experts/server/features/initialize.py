"""initialize: what the client can do and wants; what we offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts import __version__
from lsp_experts.server.capabilities import client_of, server_capabilities

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.INITIALIZE


def handle(ls: ExpertsServer, params: t.InitializeParams) -> t.InitializeResult:
    """Negotiate. Nothing is loaded before `initialized`, when the client's settings can be asked for."""
    ls.meet(client_of(params), params.initialization_options, _workspace(params))
    ls.protocol.in_background(ls.lifetime.watch_parent(params.process_id), "watching the client's process")
    return t.InitializeResult(
        capabilities=server_capabilities(ls.client),
        server_info=t.ServerInfo(name=ls.name, version=__version__),
    )


def _workspace(params: t.InitializeParams) -> str:
    """The URI of the first folder the client works in; the empty string if it has none."""
    folders = params.workspace_folders
    return folders[0].uri if folders else params.root_uri or ""
