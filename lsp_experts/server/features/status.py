"""lspExperts/status: a request for tools and status bars; see ExpertsServer.status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = "lspExperts/status"


def handle(ls: ExpertsServer, _: object) -> dict[str, Any]:
    """Which experts are where, and why there was silence."""
    return ls.status()
