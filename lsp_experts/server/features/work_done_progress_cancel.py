"""window/workDoneProgress/cancel: the user pressed Cancel on one of our progress bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.WINDOW_WORK_DONE_PROGRESS_CANCEL


def handle(ls: ExpertsServer, params: t.WorkDoneProgressCancelParams) -> None:
    """End what it belongs to."""
    ls.actions.cancel(params.token)
