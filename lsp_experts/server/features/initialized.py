"""initialized: from here on the client answers questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.INITIALIZED


async def handle(ls: ExpertsServer, _: t.InitializedParams) -> None:
    """Start, and ask to hear of changed settings."""
    await ls.start()
    await ls.register_configuration()
