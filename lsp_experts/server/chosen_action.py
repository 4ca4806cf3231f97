"""One code action that was chosen, from a menu or as a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_experts.actions.outcome import Outcome
from lsp_experts.errors import ActionRefused
from lsp_experts.server.asked import Asked
from lsp_experts.server.running_actions import Progress, Run
from lsp_experts.server.selections import pinned, selection_of

if TYPE_CHECKING:
    from lsp_experts.actions.code_actions import CodeActions
    from lsp_experts.actions.generator import Generator
    from lsp_experts.server.language_server import ExpertsServer

TELLING = frozenset({"explain"})  # actions that edit nothing: their entries carry a command, also where edits resolve


def chosen(server: ExpertsServer, name: str, asked: Asked) -> Run:
    """The run of the action `name`, for the version that the document has now unless another is asked for."""
    asked = pinned(server, asked)

    async def work(progress: Progress) -> Outcome:
        actions, _ = await actions_of(server)
        at = selection_of(server, asked)
        return await actions.run(name, at.view, at.start, at.end, at.problems, data=asked.data, progress=progress)

    return Run(name, asked.title or f"LSP Experts: {name}", asked.uri, work, edits=name not in TELLING)


async def actions_of(server: ExpertsServer) -> tuple[CodeActions, Generator]:
    """The server's code actions, and who speaks for what is none. ActionRefused if it has none."""
    parts = await server.built()
    if parts.actions is None or parts.generator is None:
        raise ActionRefused("This server has no code actions.")
    return parts.actions, parts.generator
