"""From what actions offer to the entries of a client's menu, in the form that the client takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from lsp_experts.server.asked import Asked, argument_for
from lsp_experts.server.capabilities import Client
from lsp_experts.server.chosen_action import TELLING
from lsp_experts.server.commands.code_actions import command_name
from lsp_experts.server.selections import bounded

if TYPE_CHECKING:
    from lsp_experts.actions.code_actions import Offered

Entry = t.CodeAction | t.Command


def entries(
    offered: Iterable[Offered], asked: Asked, client: Client, diagnostics: Sequence[t.Diagnostic], *, by_hand: bool
) -> list[Entry]:
    """The menu. `diagnostics`: those of the request; `by_hand`: the user opened it, and may read why one is missing.

    None is preferred: a client may apply what is without asking.
    """
    found = (_entry(each, asked, client, diagnostics, by_hand=by_hand) for each in offered)
    return [entry for entry in found if entry is not None]


def _entry(
    offered: Offered, asked: Asked, client: Client, diagnostics: Sequence[t.Diagnostic], *, by_hand: bool
) -> Entry | None:
    offer, tells, can = offered.offer, offered.action in TELLING, client.actions
    if offered.disabled and not (by_hand and can.literals and can.disabled):
        return None
    resolves = can.literals and can.resolves and not tells
    if not (tells or resolves or client.edits.applies):
        return None
    argument = argument_for(
        replace(asked, data=offer.data, title=offer.title, diagnostics=bounded(diagnostics) if offer.fixes else ())
    )
    command = t.Command(title=offer.title, command=command_name(offered.action), arguments=[argument])
    if not can.literals:
        return command
    how: dict[str, Any] = {"data": {**argument, "action": offered.action}} if resolves else {"command": command}
    return t.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=[diagnostics[index] for index in offer.fixes] or None,
        disabled=t.CodeActionDisabled(offered.disabled) if offered.disabled else None,
        **how,
    )
