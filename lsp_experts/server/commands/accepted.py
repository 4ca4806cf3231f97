"""lspExperts.accepted [id]: the user accepted a suggestion. Each item carries it as the command that follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from lsp_experts.server.raw_params import text_at

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

NAME = "lspExperts.accepted"


def command_for(item_id: str) -> t.Command:
    """What an item with this id carries."""
    return t.Command(title="LSP Experts: accepted", command=NAME, arguments=[item_id])


def run(ls: ExpertsServer, arguments: Sequence[Any]) -> None:
    """Note it; an id that is not known, or none, changes nothing."""
    ls.afterwards.accepted(text_at(list(arguments), 0))
