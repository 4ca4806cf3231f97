"""tabby/editors/didChangeActiveEditor: {"activeEditor": {"uri", ...}, ...}, the same news as textDocument/didFocus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_experts.server.raw_params import uri_at

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = "tabby/editors/didChangeActiveEditor"


def handle(ls: ExpertsServer, params: object) -> None:
    """The user looks at this document now."""
    ls.focus(uri_at(params, "activeEditor"))
