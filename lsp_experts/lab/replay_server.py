"""Our own server as `bench replay` types into it: over stdio, as an editor would drive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_experts.errors import ExpertsError
from lsp_experts.lab.editor import Buffer, Editor, open_editor
from lsp_experts.lab.replay_cases import Case
from lsp_experts.lab.replay_typist import Cost, Ghost, Seen

LOOK_S = 1.0  # between opening a document and the first key: a user looks where he is
# Nothing that is typed here is the user's own work, so nothing is learned from it.
_OPTIONS: Mapping[str, Any] = {"statistics": False, "predict": False, "onBattery": "full"}
_LOAD_S, _FIRST_S = 90.0, 60.0
_QUIET_POLLS, _POLL_S, _QUIET_S = 3, 0.1, 30.0
_REST_POLLS = 20  # longer than the server waits before it uses a pause (completion/warming.py)


@dataclass
class _Place:
    """The document that is typed in, and the cursor."""

    buffer: Buffer
    offset: int
    seen: Seen


class OurServer:
    """A Subject (lab/replay_typist.py)."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._place: _Place | None = None
        self._asking: asyncio.Task[None] | None = None
        self._item: t.InlineCompletionItem | None = None
        self._before = Cost(0, 0, 0)

    async def begin(self, case: Case, seen: Seen) -> None:
        """Open the document, have the cursor's place answered as after a key and what follows it, and look at it."""
        buffer = Buffer(case.path.absolute().as_uri(), case.document_language, case.text)
        self._place = _Place(buffer, case.offset, seen)
        self._editor.open(buffer)
        self._editor.focus(buffer)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_S):
                item = await self._editor.first_item(buffer, case.offset)
                if item is not None:
                    self._editor.shown(item)
        self._before = await self._quiet(_REST_POLLS)

    def press(self, key: int, text: str, replaced: int = 0) -> None:
        """Change the document; ask anew, which cancels what is still being asked."""
        place = self._here()
        if self._asking is not None:
            self._asking.cancel()
        if self._item is not None and text == self._item.insert_text:
            self._editor.accepted(self._item)
        self._item = None
        self._editor.change(place.buffer, place.offset, text, replaced)
        place.offset += len(text)
        self._asking = asyncio.create_task(self._ask(place, key))

    async def end(self) -> Cost:
        """Close the document, and wait until the engine is quiet."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
        self._editor.close(self._here().buffer)
        self._place = self._asking = self._item = None
        return (await self._quiet(_QUIET_POLLS)).since(self._before)

    async def expert_of(self, language: str) -> str:
        """The expert that completes `language`, HOT from now on; "" if there is none."""
        buffer = Buffer(f"untitled:{language}", language, "\n")
        self._editor.open(buffer)
        focused = (await self._editor.server_status())["focused"]
        expert = focused["experts"][0]["id"] if focused and focused["experts"] else ""
        if expert and not await self._editor.wait_hot(expert, _LOAD_S):
            reason = self._editor.states.get(expert, {}).get("reason") or "nobody asked for it"
            raise ExpertsError(f"{expert} does not load: {reason}.", remedy="`lsp-experts doctor` looks for the cause.")
        self._editor.close(buffer)
        return expert

    def _here(self) -> _Place:
        if self._place is None:
            raise RuntimeError("no document is open")
        return self._place

    async def _ask(self, place: _Place, key: int) -> None:
        try:
            item = await self._editor.first_item(place.buffer, place.offset)
        except JsonRpcException:
            return  # it was superseded
        if item is None:
            place.seen(None, key)
            return
        self._item = item
        self._editor.shown(item)
        place.seen(_ghost(item, place.buffer.text, place.offset), key)

    async def _quiet(self, polls: int) -> Cost:
        """What was computed, once nothing has been under way for so many looks in a row."""
        known, same = Cost(0, 0, 0), 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_QUIET_S):
                while same < polls:
                    await asyncio.sleep(_POLL_S)
                    work = (await self._editor.server_status())["work"]
                    cost = _cost_of(work)
                    same = same + 1 if cost == known and not work["open"] else 0
                    known = cost
        return known


def _cost_of(work: Mapping[str, int]) -> Cost:
    return Cost(work["completions"], work["promptTokens"], work["decodedTokens"])


def _ghost(item: t.InlineCompletionItem, text: str, offset: int) -> Ghost:
    """An item as it is drawn at the cursor. Ranges stay on the cursor's line, in code points."""
    insert = item.insert_text if isinstance(item.insert_text, str) else item.insert_text.value
    if item.range is None:
        return Ghost(insert)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    left = max(0, column - item.range.start.character)
    return Ghost(insert[left:], max(0, item.range.end.character - column))


@asynccontextmanager
async def our_server(
    changes: Mapping[str, Any], folder: Path, languages: Sequence[str], command: Sequence[str] | None = None
) -> AsyncIterator[tuple[OurServer, dict[str, str]]]:
    """A server with `changes` to the default settings, and the expert of each language, loaded ("": none)."""
    options = {**_OPTIONS, **changes}
    async with open_editor(options, command, name="lsp-experts bench", folder=folder) as editor:
        server = OurServer(editor)
        yield server, {language: await server.expert_of(language) for language in languages}
