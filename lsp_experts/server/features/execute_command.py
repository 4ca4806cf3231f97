"""workspace/executeCommand: a command of the table in commands/, by its name."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcInvalidParams

from lsp_experts.server.commands import COMMANDS
from lsp_experts.server.running_actions import REQUEST_TOKEN

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.WORKSPACE_EXECUTE_COMMAND


def handle(ls: ExpertsServer, params: t.ExecuteCommandParams) -> Any:
    """Run it; a name that is not in the table is the client's mistake."""
    command = COMMANDS.get(params.command)
    if command is None:
        raise JsonRpcInvalidParams(f"the command is not known; known: {', '.join(COMMANDS)}")
    result = command(ls, params.arguments or ())
    return _with_token(result, params.work_done_token) if inspect.isawaitable(result) else result


async def _with_token(result: Awaitable[Any], token: t.ProgressToken | None) -> Any:
    REQUEST_TOKEN.set(token)  # for this request's task only
    return await result
