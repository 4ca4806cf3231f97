"""shutdown: the client is about to end; `exit` follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.SHUTDOWN


def handle(ls: ExpertsServer, _: object) -> None:
    """Running requests were answered as cancelled by the protocol; the process ends at `exit`."""
    ls.actions.end_all()
