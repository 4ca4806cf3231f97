"""lspExperts.status: the answer to the request lspExperts/status, for clients that can only run commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

NAME = "lspExperts.status"


def run(ls: ExpertsServer, _: Sequence[Any]) -> dict[str, Any]:
    """Which experts are where, and why there was silence."""
    return ls.status()
