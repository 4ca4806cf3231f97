"""An editor without a screen: starts the real server over stdio, opens documents, types, times the answers."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lsprotocol import types as t
from pygls.lsp.client import LanguageClient

from lsp_experts.errors import ExpertsError

# Settings for measuring what an answer costs: every key asks the model, whatever it says is shown, and all of it at
# once (a block may come in parts).
EVERY_KEY_ASKS: Mapping[str, Any] = MappingProxyType(
    {
        "reuseSuggestions": False,
        "trigger": "always",
        "debounce": "off",
        "confidence": 0,
        "checkSyntax": False,
        "blocks": False,
        "speculate": False,
        "statistics": False,
    }
)
_ANSWER_TIMEOUT_S = 120.0
_STDERR_LINES = 40


@dataclass
class Buffer:
    """An open document as the editor holds it."""

    uri: str
    language: str
    text: str
    version: int = 1


@dataclass(frozen=True)
class Keystroke:
    """One typed text, the suggestion that came, and what it cost. `text` is None where the server stayed silent."""

    text: str | None
    wall_ms: float  # from the change being sent to the answer being read
    expert: str
    prompt_tokens: int
    decoded_tokens: int
    silence: str
    reused: bool


class Editor:
    """Drives one server. Columns are code points (utf-32), so that typing needs no conversion."""

    def __init__(self, client: LanguageClient) -> None:
        self._client = client
        self._answered: asyncio.Queue[Any] = asyncio.Queue()
        self._news = asyncio.Event()
        self.changes = 0  # how many status reports came
        self.states: dict[str, Mapping[str, Any]] = {}  # expert -> its last status
        self.status: Mapping[str, Any] = {}
        self.stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self.server_pid = 0

        # pygls writes its marks on a handler, so each one is a function of its own.
        client.feature("lspExperts/completed")(lambda params: self._answered.put_nowait(params))
        client.feature("lspExperts/status")(lambda params: self._on_status(params))
        for method in (t.WINDOW_LOG_MESSAGE, t.WINDOW_SHOW_MESSAGE):
            client.feature(method)(lambda params: self._on_message(params))

    def _on_status(self, params: Any) -> None:
        self.status = _plain(params)
        self.states = {state["id"]: state for state in self.status["experts"]}
        self.changes += 1
        self._news.set()

    def _on_message(self, params: t.LogMessageParams | t.ShowMessageParams) -> None:
        self.stderr.append(params.message)

    def open(self, buffer: Buffer) -> None:
        """didOpen."""
        item = t.TextDocumentItem(buffer.uri, buffer.language, buffer.version, buffer.text)
        self._client.text_document_did_open(t.DidOpenTextDocumentParams(item))

    def focus(self, buffer: Buffer) -> None:
        """The editor's tab changes to `buffer`."""
        self._client.protocol.notify("textDocument/didFocus", {"textDocument": {"uri": buffer.uri}})

    def close(self, buffer: Buffer) -> None:
        """didClose."""
        self._client.text_document_did_close(t.DidCloseTextDocumentParams(t.TextDocumentIdentifier(buffer.uri)))

    def change(self, buffer: Buffer, offset: int, text: str, replaced: int = 0) -> None:
        """didChange: `text` at `offset`, over `replaced` characters."""
        buffer.version += 1
        span = t.Range(_position(buffer.text, offset), _position(buffer.text, offset + replaced))
        self._client.text_document_did_change(
            t.DidChangeTextDocumentParams(
                t.VersionedTextDocumentIdentifier(buffer.version, buffer.uri),
                [t.TextDocumentContentChangePartial(range=span, text=text)],
            )
        )
        buffer.text = buffer.text[:offset] + text + buffer.text[offset + replaced :]

    async def first_item(self, buffer: Buffer, offset: int) -> t.InlineCompletionItem | None:
        """The inline completion at `offset` that an editor would show. Cancelling the caller cancels the request."""
        params = t.InlineCompletionParams(
            context=t.InlineCompletionContext(t.InlineCompletionTriggerKind.Automatic),
            text_document=t.TextDocumentIdentifier(buffer.uri),
            position=_position(buffer.text, offset),
        )
        request_id = str(uuid.uuid4())
        answer = self._client.protocol.send_request_async(t.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id=request_id)
        try:
            items = await asyncio.shield(answer)
        except asyncio.CancelledError:
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # "it was cancelled"
            self._client.protocol.notify(t.CANCEL_REQUEST, t.CancelParams(request_id))
            raise
        found = items.items if isinstance(items, t.InlineCompletionList) else (items or [])
        return found[0] if found else None

    def shown(self, item: t.InlineCompletionItem) -> None:
        """The user sees `item` now (Copilot's name for the notification)."""
        self._client.protocol.notify("textDocument/didShowCompletion", {"item": item})

    def accepted(self, item: t.InlineCompletionItem) -> None:
        """The user took `item`: its command is run, as clients do."""
        if item.command is not None:
            params = t.ExecuteCommandParams(item.command.command, item.command.arguments)
            self._client.workspace_execute_command(params, callback=lambda _: None)

    async def type(self, buffer: Buffer, offset: int, text: str, *, cursor: int | None = None) -> Keystroke:
        """Insert `text` at `offset` and ask for an inline completion behind it (behind its first `cursor` letters)."""
        started = time.monotonic()
        self.change(buffer, offset, text)
        return await self.ask(buffer, offset + (len(text) if cursor is None else cursor), started)

    async def ask(self, buffer: Buffer, offset: int, started: float | None = None) -> Keystroke:
        """An inline completion at `offset`; `started` is a time.monotonic() to count from, in seconds."""
        started = time.monotonic() if started is None else started
        params = t.InlineCompletionParams(
            context=t.InlineCompletionContext(t.InlineCompletionTriggerKind.Automatic),
            text_document=t.TextDocumentIdentifier(buffer.uri),
            position=_position(buffer.text, offset),
        )
        answer = await asyncio.wait_for(
            self._client.text_document_inline_completion_async(params), timeout=_ANSWER_TIMEOUT_S
        )
        wall_ms = (time.monotonic() - started) * 1000
        figures = _plain(await asyncio.wait_for(self._answered.get(), timeout=_ANSWER_TIMEOUT_S))
        items = answer.items if isinstance(answer, t.InlineCompletionList) else (answer or [])
        text = items[0].insert_text if items else None
        return Keystroke(
            text=text if isinstance(text, str) or text is None else text.value,
            wall_ms=wall_ms,
            expert=figures.get("expert", ""),
            prompt_tokens=figures.get("promptTokens", 0),
            decoded_tokens=figures.get("decodedTokens", 0),
            silence=figures.get("silence") or "",
            reused=figures.get("reused", False),
        )

    async def wait_hot(self, expert: str, timeout_s: float = _ANSWER_TIMEOUT_S) -> bool:
        """Wait until the server says that `expert` is HOT; False after `timeout_s`."""

        async def wait() -> None:
            while self.states.get(expert, {}).get("state") != "HOT":
                await self.wait_change(self.changes)

        try:
            await asyncio.wait_for(wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def wait_change(self, known: int) -> None:
        """Wait until more than `known` status reports have come."""
        while self.changes <= known:
            self._news.clear()
            await self._news.wait()

    async def server_status(self) -> Mapping[str, Any]:
        """The answer to `lspExperts/status`, as plain dicts and lists."""
        answer = await self._client.protocol.send_request_async("lspExperts/status", {})
        return dict(_plain(answer))


@asynccontextmanager
async def open_editor(
    options: Mapping[str, Any],
    command: Sequence[str] | None = None,
    name: str = "lsp-experts demo",
    folder: Path | None = None,
) -> AsyncIterator[Editor]:
    """A started and initialized server with `options` as its settings; shut down properly at the end.

    `folder`: the workspace that is open, an absolute path.

    ExpertsError with the server's last words if it ends early.
    """
    client = LanguageClient("lsp-experts", "1")
    editor = Editor(client)
    argv = list(command or (sys.executable, "-P", "-m", "lsp_experts", "serve"))
    await client.start_io(argv[0], *argv[1:])
    process = client._server
    root = folder.as_uri() if folder is not None else None
    if process is None or process.stderr is None:
        raise ExpertsError("The server was not started.")
    editor.server_pid = process.pid
    drain = asyncio.create_task(_drain(process.stderr, editor.stderr))
    try:
        await client.initialize_async(
            t.InitializeParams(
                capabilities=t.ClientCapabilities(
                    general=t.GeneralClientCapabilities(position_encodings=[t.PositionEncodingKind.Utf32]),
                    text_document=t.TextDocumentClientCapabilities(
                        inline_completion=t.InlineCompletionClientCapabilities()
                    ),
                ),
                client_info=t.ClientInfo(name),
                root_uri=root,
                workspace_folders=[t.WorkspaceFolder(root, "bench")] if root is not None else None,
                initialization_options={**options, "report": True},
            )
        )
        client.initialized(t.InitializedParams())
        yield editor
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()
    except RuntimeError as error:
        raise ExpertsError(
            f"The server ended: {error}. Its last words: {' | '.join(editor.stderr) or 'none'}.",
            remedy="`lsp-experts doctor` looks for the cause.",
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        drain.cancel()


async def _drain(stream: asyncio.StreamReader, lines: deque[str]) -> None:
    while line := await stream.readline():
        lines.append(line.decode("utf-8", "replace").rstrip())


def _position(text: str, offset: int) -> t.Position:
    return t.Position(text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1))


def _plain(value: Any) -> Any:
    """pygls hands custom messages over as nested named tuples."""
    if hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
