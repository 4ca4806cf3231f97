"""codeAction/resolve: the edit of an entry that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_experts.errors import ActionRefused
from lsp_experts.server.asked import argument_of
from lsp_experts.server.chosen_action import chosen
from lsp_experts.server.protocol import CANCELLED
from lsp_experts.server.raw_params import text_at
from lsp_experts.server.refusals import CANCELLED as BY_USER
from lsp_experts.server.refusals import OUTDATED, kind_of

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

METHOD = t.CODE_ACTION_RESOLVE


async def handle(ls: ExpertsServer, action: t.CodeAction) -> t.CodeAction:
    """Run the expert. A refusal is an error, which clients that resolve show, and which leaves no entry half resolved.

    An entry that has a command is what it is: Helix resolves those, too.
    """
    if action.edit is not None or action.command is not None:
        return action
    asked = argument_of([action.data], METHOD)
    try:
        edit = await ls.actions.edit(chosen(ls, text_at(action.data, "action"), asked))
    except ActionRefused as error:
        raise JsonRpcException(str(error), _code(error)) from error
    return attrs.evolve(action, edit=edit, data=None)  # eglot resolves again what has data and no edit


def _code(error: ActionRefused) -> int:
    kind = kind_of(error)
    if kind == BY_USER:
        return CANCELLED
    return t.LSPErrorCodes.ContentModified if kind in OUTDATED else t.LSPErrorCodes.RequestFailed
