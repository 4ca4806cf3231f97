"""lspExperts.edit: an instruction for a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsp_experts.actions.outcome import Outcome
from lsp_experts.server.asked import argument_of
from lsp_experts.server.chosen_action import actions_of
from lsp_experts.server.running_actions import Progress, Run
from lsp_experts.server.selections import pinned, selection_of

if TYPE_CHECKING:
    from lsp_experts.actions.place import Place
    from lsp_experts.server.language_server import ExpertsServer

NAME = "lspExperts.edit"


def run(ls: ExpertsServer, arguments: Sequence[Any]) -> Any:
    """The edit, applied by the client."""
    asked = pinned(ls, argument_of(arguments, NAME, instruction=True))

    async def work(progress: Progress) -> Outcome:
        from lsp_experts.actions.edit import edit

        actions, generator = await actions_of(ls)
        at = selection_of(ls, asked)

        async def answer(place: Place) -> Outcome:
            return await edit(place, asked.instruction, generator, progress)

        return await actions.at(at.view, at.start, at.end, answer)

    return ls.actions.carry_out(Run("edit", "Editing the selection", asked.uri, work))
