"""Whole sessions of recorded clients, driven by pytest-lsp against the real server process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types as t
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcRequestCancelled
from pytest_lsp import ClientServerConfig, LanguageClient
from server.launch_scripted import MULTI_LINE

HERE = Path(__file__).parent
RECORDED = HERE.parent / "fixtures" / "initialize"
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("error::pytest_lsp.LspSpecificationWarning"),
]


def recorded(name: str) -> t.InitializeParams:
    """What the client sent, but for its process, which ended long ago."""
    params = json.loads((RECORDED / f"{name}.json").read_text())
    return get_converter().structure({**params, "processId": os.getpid()}, t.InitializeParams)


@pytest_lsp.fixture(
    params=[
        "vscode-1.139.1-lc11",
        "neovim-0.11.4",
        "eglot-1.9-emacs28.2",
        "lsp-mode-8.0.0-emacs28.2",
        "ale-3.3.0-vim9",
    ],
    config=ClientServerConfig(server_command=[sys.executable, str(HERE / "launch_scripted.py")]),
)
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient) -> AsyncIterator[LanguageClient]:
    registered = lsp_client.registered = []  # type: ignore[attr-defined]

    @lsp_client.feature(t.CLIENT_REGISTER_CAPABILITY)
    def register(params: t.RegistrationParams) -> None:
        registered.extend(params.registrations)

    lsp_client.set_configuration({"lspExperts": {"maxTokens": 11}})
    lsp_client.name = request.param
    await lsp_client.initialize_session(recorded(request.param))
    yield lsp_client
    await lsp_client.shutdown_session()


class Typist:
    """An open document of a client, edited as an editor does, with the reference text beside it."""

    def __init__(self, client: LanguageClient, uri: str) -> None:
        self.client, self.uri, self.version, self.text = client, uri, 1, ""
        item = t.TextDocumentItem(uri, "go", 1, "")
        client.text_document_did_open(t.DidOpenTextDocumentParams(item))

    def type(self, text: str) -> None:
        for character in text:
            self.version += 1
            end = self.end
            change = t.TextDocumentContentChangePartial(t.Range(end, end), character)
            document = t.VersionedTextDocumentIdentifier(self.version, self.uri)
            self.client.text_document_did_change(t.DidChangeTextDocumentParams(document, [change]))
            self.text += character

    @property
    def end(self) -> t.Position:
        assert self.text.isascii()  # so that every encoding counts alike
        return t.Position(self.text.count("\n"), len(self.text.rpartition("\n")[2]))

    async def popup(self) -> t.CompletionItem:
        params = t.CompletionParams(t.TextDocumentIdentifier(self.uri), self.end)
        found = await self.client.text_document_completion_async(params)
        assert isinstance(found, t.CompletionList)
        assert found.is_incomplete
        return found.items[0]

    def inline_params(self) -> t.InlineCompletionParams:
        context = t.InlineCompletionContext(t.InlineCompletionTriggerKind.Automatic)
        return t.InlineCompletionParams(context, t.TextDocumentIdentifier(self.uri), self.end)

    async def inline(self) -> str:
        found = await self.client.text_document_inline_completion_async(self.inline_params())
        assert isinstance(found, t.InlineCompletionList)
        return str(found.items[0].insert_text)


async def test_a_session(client: LanguageClient) -> None:
    """Open, type, complete, complete inline, several lines, focus, cancel, status, progress."""
    name = client.name
    can_snippets, can_cut = name.startswith(("vscode", "neovim")), name.startswith(("neovim", "ale"))
    plain = Typist(client, "file:///work/a.go")
    plain.type("package main\n\nfunc pri")
    item = await plain.popup()
    assert isinstance(item.text_edit, t.TextEdit)
    assert item.text_edit.range == t.Range(t.Position(2, 5), t.Position(2, 8))
    assert item.label.startswith("pri<")
    assert item.filter_text == "pri<ckage main"  # the first line of it
    expected_mode = t.InsertTextMode.AsIs if name.startswith(("vscode", "lsp-mode")) else None
    assert item.insert_text_mode == expected_mode
    plain.type("nt")
    assert await plain.inline() == f"<{plain.text[-20:]}>"

    multi = Typist(client, "untitled:multi")
    multi.type("x")
    item = await multi.popup()
    assert isinstance(item.text_edit, t.TextEdit)
    if can_snippets:
        assert item.insert_text_format == t.InsertTextFormat.Snippet
        assert re.sub(r"\\([\\$}])", r"\1", item.text_edit.new_text) == "x" + MULTI_LINE
    else:
        assert item.insert_text_format == t.InsertTextFormat.PlainText
        assert item.text_edit.new_text == "x" + (MULTI_LINE.split("\n")[0] if can_cut else MULTI_LINE)
    assert await multi.inline() == MULTI_LINE

    slow = Typist(client, "untitled:slow")
    waiting = asyncio.ensure_future(
        client.protocol.send_request_async(t.TEXT_DOCUMENT_INLINE_COMPLETION, slow.inline_params(), msg_id="mine")
    )
    await plain.popup()  # another document is served meanwhile
    client.cancel_request(t.CancelParams("mine"))
    with pytest.raises(JsonRpcRequestCancelled):
        await asyncio.wait_for(waiting, 10)

    client.protocol.notify("textDocument/didFocus", {"textDocument": {"uri": plain.uri}})
    client.protocol.notify("textDocument/didFocus", {})
    client.protocol.notify("tabby/editors/didChangeActiveEditor", {"activeEditor": {"uri": multi.uri}})
    has_progress = name.startswith(("vscode", "neovim", "lsp-mode"))
    loading = Typist(client, "untitled:load")
    await asyncio.wait_for(client.wait_for_notification(t.PROGRESS if has_progress else t.WINDOW_LOG_MESSAGE), 10)
    loading.type("x")
    assert await loading.inline() == "<x>"
    client.text_document_did_close(t.DidCloseTextDocumentParams(t.TextDocumentIdentifier(loading.uri)))
    client.text_document_did_close(t.DidCloseTextDocumentParams(t.TextDocumentIdentifier(plain.uri)))
    status = await client.protocol.send_request_async("lspExperts/status")
    events = [list(event) for event in status.events]
    assert ["changed", plain.uri, plain.version, plain.text] in events
    assert [event[1] for event in events if event[0] == "focused"] == [plain.uri, multi.uri]
    assert ["closed", plain.uri] in events
    assert status.cancelled == 1
    assert status.settings.maxTokens == (48 if name.startswith("ale") else 11)
    assert len(client.registered) == (1 if name.startswith("vscode") else 0)  # type: ignore[attr-defined]

    steps = [type(step).__name__ for reports in client.progress_reports.values() for step in reports]
    told = [message.message for message in client.log_messages]
    if has_progress:
        assert (steps, told) == (["WorkDoneProgressBegin", "WorkDoneProgressReport", "WorkDoneProgressEnd"], [])
    else:
        assert (steps, len(told)) == ([], 2)
    assert client.messages == []  # nothing popped up
