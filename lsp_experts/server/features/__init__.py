"""One file per LSP method. A handler snapshots, routes, awaits and converts; it decides nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_experts.server.features import (
    code_action,
    code_action_resolve,
    completion,
    did_change,
    did_change_active_editor,
    did_change_configuration,
    did_close,
    did_focus,
    did_open,
    did_partially_accept_completion,
    did_save,
    did_show_completion,
    execute_command,
    exit,
    initialize,
    initialized,
    inline_completion,
    notebook_did_change,
    notebook_did_close,
    notebook_did_open,
    shutdown,
    status,
    work_done_progress_cancel,
)

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

_ALL = (
    initialize,
    initialized,
    shutdown,
    exit,
    did_open,
    did_change,
    did_save,
    did_close,
    notebook_did_open,
    notebook_did_change,
    notebook_did_close,
    did_focus,
    did_change_active_editor,
    did_change_configuration,
    completion,
    inline_completion,
    did_show_completion,
    did_partially_accept_completion,
    code_action,
    code_action_resolve,
    work_done_progress_cancel,
    execute_command,
    status,
)


def register(server: ExpertsServer) -> None:
    """Give `server` every method we answer."""
    for feature in _ALL:
        server.feature(feature.METHOD)(feature.handle)
