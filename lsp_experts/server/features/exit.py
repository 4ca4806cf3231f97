"""exit: end the process, with code 1 if the client forgot `shutdown` (LSP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from lsp_experts.server.protocol import Phase

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.EXIT


def handle(ls: ExpertsServer, _: object) -> None:
    """End."""
    ls.lifetime.end(0 if ls.protocol.phase is Phase.SHUT_DOWN else 1, "the client said exit")
