"""What workspace/executeCommand can run: one file per command, each with a NAME and a `run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lsp_experts.server.commands import accepted, ask, check, code_actions, edit, review, status, task

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

Command = Callable[["ExpertsServer", Sequence[Any]], Any]  # (server, arguments) -> JSON, or an awaitable of it

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {each.NAME: each.run for each in (status, accepted, ask, edit, task, check, review)} | dict(code_actions.COMMANDS)
)
