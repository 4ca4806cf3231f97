"""workspace/didChangeConfiguration: with our section in it, or as a hint to ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.WORKSPACE_DID_CHANGE_CONFIGURATION


async def handle(ls: ExpertsServer, params: t.DidChangeConfigurationParams) -> None:
    """Take what was pushed; otherwise pull."""
    if not ls.configuration.pushed(params.settings):
        await ls.pull_configuration()
