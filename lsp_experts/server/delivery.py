"""Brings what an action gave to the client: an edit that it applies, a text that it shows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_experts.actions.outcome import Edited, Outcome, Told
from lsp_experts.errors import ActionRefused
from lsp_experts.server.edits import workspace_edit
from lsp_experts.server.refusals import stale
from lsp_experts.server.scratch import Scratch

if TYPE_CHECKING:
    from lsp_experts.server.language_server import ExpertsServer

_MESSAGE_CHARS = 2000  # a longer one fills the screen of editors that show no documents
APPLY, CANCEL = "Apply", "Cancel"

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long an answer of the client is waited for; no answer means no."""

    apply_s: float = 60.0  # it may ask the user itself: annotations
    ask_s: float = 300.0
    show_s: float = 10.0


class Delivery:
    """For one client. ActionRefused wherever something does not reach it; an edit reaches it whole or not at all."""

    def __init__(self, server: ExpertsServer, scratch_folder: Path, patience: Patience) -> None:
        self._server, self._patience = server, patience
        self._scratch = Scratch(scratch_folder)
        self.touched: frozenset[str] = frozenset()  # the documents of the last edit that the client applied

    async def agreed(self, outcome: Outcome) -> None:
        """Wait until nothing is left that could be in the way: the disk is as it was read, the user said yes."""
        if not isinstance(outcome, Edited):
            return
        self.edit(outcome)
        await self._as_it_was_read(outcome)
        edits = self._server.client.edits
        if outcome.confirm and not (edits.annotations and edits.versions):
            await self._confirmed(outcome)

    def edit(self, edited: Edited) -> t.WorkspaceEdit:
        """The edit in the client's form, made for the documents' versions of now."""
        client = self._server.client
        return workspace_edit(edited, self._server.documents.get, client.edits, client.encoding)

    async def deliver(self, outcome: Outcome, seen: str = "") -> dict[str, Any]:
        """Hand it over, `agreed` before; what a command answers then. `seen`: the document it was asked for in."""
        if isinstance(outcome, Told):
            await self._show(outcome)
            return {"title": outcome.title, "text": outcome.text}
        applied = await self._applied(outcome)
        if applied:
            self.comment(outcome, seen)
        return {"applied": applied}

    def comment(self, edited: Edited, seen: str = "") -> None:
        """Say what the user does not see: how it was made, or that all of it went into other documents than `seen`."""
        elsewhere = seen and all(change.uri != seen for change in edited.changes)
        if note := edited.note or ("Look at it, and save it." if elsewhere else ""):
            self._server.notices.show(f"{edited.label}: {note}")

    def close(self) -> None:
        """Take away what was only shown."""
        self._scratch.close()

    # -- edits --------------------------------------------------------------------------------------------------------

    async def _as_it_was_read(self, edited: Edited) -> None:
        documents = self._server.documents
        files = (await self._server.built()).files
        for change in {each.uri: each for each in edited.changes if documents.get(each.uri) is None}.values():
            name = change.uri.rpartition("/")[2]
            if files is None or not await files.writable(change.uri):
                raise ActionRefused(f"{name} cannot be written, so nothing was changed.")
            if change.creates:
                if await files.exists(change.uri):
                    raise ActionRefused(f"{name} is there already, so nothing was changed.")
            elif (await files.read(change.uri)).text != change.expected:
                raise stale()

    async def _confirmed(self, edited: Edited) -> None:
        if not self._server.client.edits.answers:
            raise ActionRefused("This editor cannot ask you about the edit, so nothing was changed.")
        count = len({change.uri for change in edited.changes})
        where = f" ({count} files)" if count > 1 else ""
        params = t.ShowMessageRequestParams(
            t.MessageType.Info,
            f"{edited.label}{where}. {edited.note}".strip(),
            [t.MessageActionItem(APPLY), t.MessageActionItem(CANCEL)],
        )
        answer = await self._answer(self._server.window_show_message_request_async(params), self._patience.ask_s)
        if answer is None or answer.title != APPLY:
            raise ActionRefused("You did not say yes, so nothing was changed.")

    async def _applied(self, edited: Edited) -> bool | None:
        """None: this client does not say."""
        client = self._server.client
        if not client.edits.applies:
            raise ActionRefused("This editor applies no edits of a language server, so nothing was changed.")
        asked = self._server.workspace_apply_edit_async(t.ApplyWorkspaceEditParams(self.edit(edited), edited.label))
        if not client.edits.answers:
            self._server.protocol.in_background(_unheard(asked, self._patience.apply_s), "an edit")
            return None
        result = await self._answer(asked, self._patience.ask_s if edited.confirm else self._patience.apply_s)
        if result is None:
            raise ActionRefused("The editor did not say whether it applied the edit.")
        if not result.applied:
            why = f" ({result.failure_reason})" if result.failure_reason else ""
            raise ActionRefused(f"The editor did not apply the edit{why}.")
        self.touched = frozenset(change.uri for change in edited.changes)
        return True

    async def _answer(self, asked: Awaitable[T], timeout_s: float) -> T | None:
        """None where the client refuses or does not answer in time."""
        try:
            return await asyncio.wait_for(asked, timeout_s)
        except (JsonRpcException, TimeoutError):
            return None

    # -- texts --------------------------------------------------------------------------------------------------------

    async def _show(self, told: Told) -> None:
        short = len(told.text) <= 200 and "\n" not in told.text.strip()
        if short or not (self._server.client.shows_documents and await self._opened(told)):
            text = told.text if len(told.text) <= _MESSAGE_CHARS else f"{told.text[: _MESSAGE_CHARS - 1]}…"
            self._server.notices.show(text if short else f"{told.title}\n\n{text}")

    async def _opened(self, told: Told) -> bool:
        """Whether the client shows it as a document."""
        text = f"# {told.title}\n\n{told.text}\n"
        try:
            path = await asyncio.to_thread(self._scratch.write, told.title, text, os.getpid())
        except OSError:
            return False
        params = t.ShowDocumentParams(path.as_uri(), external=False, take_focus=True)
        result = await self._answer(self._server.window_show_document_async(params), self._patience.show_s)
        return result is not None and result.success


async def _unheard(asked: Awaitable[object], timeout_s: float) -> None:
    with suppress(JsonRpcException, TimeoutError):
        await asyncio.wait_for(asked, timeout_s)
