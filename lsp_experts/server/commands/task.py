"""lspExperts.task: an instruction for several files. What comes of it is one edit, and the user says yes to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsp_experts.actions.outcome import Outcome
from lsp_experts.errors import ActionRefused
from lsp_experts.server.asked import argument_of
from lsp_experts.server.running_actions import Progress, Run
from lsp_experts.server.selections import pinned, selection_of

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

NAME = "lspExperts.task"


def run(ls: ExpertsServer, arguments: Sequence[Any]) -> Any:
    """The edit, applied by the client once the user confirmed it."""
    asked = pinned(ls, argument_of(arguments, NAME, instruction=True, whole=True))

    async def work(progress: Progress) -> Outcome:
        tasks = (await ls.built()).tasks
        if tasks is None:
            raise ActionRefused("This server does no tasks.")
        at = selection_of(ls, asked)
        end = at.end if asked.span is not None else at.start  # without a range nothing is selected
        return await tasks.run(at.view, at.start, end, asked.instruction, progress)

    return ls.actions.carry_out(Run("task", "Doing a task", asked.uri, work))
