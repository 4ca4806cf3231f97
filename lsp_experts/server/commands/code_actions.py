"""lspExperts.<action>: every code action as a command, for menus that run commands and for keys that users bind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lsp_experts.server.asked import argument_of
from lsp_experts.server.chosen_action import chosen

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

# Those of actions/table.py, which is not imported here: the answer to `initialize` does not wait for its grammars.
ACTIONS = (
    "completeBody", "writeDocstring", "addTypes", "explain", "fixProblem", "writeTest", "simplify", "rename",
    "translate", "applyFinding",
)  # fmt: skip


def command_name(action: str) -> str:
    """The command that runs `action`."""
    return f"lspExperts.{action}"


def _command(action: str) -> Callable[[ExpertsServer, Sequence[Any]], Any]:
    def run(ls: ExpertsServer, arguments: Sequence[Any]) -> Any:
        return ls.actions.carry_out(chosen(ls, action, argument_of(arguments, command_name(action))))

    return run


COMMANDS: Mapping[str, Callable[[ExpertsServer, Sequence[Any]], Any]] = MappingProxyType(
    {command_name(action): _command(action) for action in ACTIONS}
)
