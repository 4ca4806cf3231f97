"""A code action through the whole server: menu, expert, engine process, edit; and what happens when the engine does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from completion.completer_stand import install, says
from installed_tinies import install as install_tinies
from server.action_client import span
from server.rawclient import RawClient

from lsp_experts.paths import default_paths

pytestmark = pytest.mark.asyncio
LAUNCHER = str(Path(__file__).with_name("launch_actions.py"))
URI, TEXT = "file:///w/a.go", "package a\n\nfunc f() int {\n\tpass\n}\n"
ASKED = {"textDocument": {"uri": URI}, "range": span(3, 1, 3, 5), "context": {"diagnostics": []}}
APPLIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["refactor"]}}}},
}


@asynccontextmanager
async def editor(*faults: str, home: Path | None = None) -> AsyncIterator[RawClient]:
    async with RawClient.start(*faults, command=(LAUNCHER,), home=home) as client:
        client.replies = {"workspace/applyEdit": {"applied": True}, "window/workDoneProgress/create": None}
        await client.initialize(APPLIES, clientInfo={"name": "the test"})
        client.open(URI, TEXT)
        yield client


async def chosen(client: RawClient, request_id: Any = "run") -> None:
    """Choose the entry of the menu; it is there before any expert is."""
    menu: list[Any] = []
    for number in range(100):
        menu = (await client.call(f"menu {request_id} {number}", "textDocument/codeAction", ASKED))["result"]
        if menu:
            break
        await asyncio.sleep(0)
    (entry,) = menu
    client.ask(request_id, "workspace/executeCommand", entry["command"])


def said(client: RawClient) -> str:
    """All that the progress bars told."""
    return " ".join(
        f"{params['value'].get('title', '')} {params['value'].get('message', '')}"
        for params in client.notified("$/progress")
    )


async def test_the_experts_text_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "return 1"}))
    install("go-carved")
    async with editor("slow_load:400ms") as client:
        await chosen(client)
        assert (await client.answer("run"))["result"] == {"applied": True}
        (applied,) = [message["params"] for message in client.sent if message["method"] == "workspace/applyEdit"]
        (change,) = applied["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": URI, "version": 1}
        assert change["edits"] == [{"range": span(3, 1, 3, 5), "newText": "return 1"}]
        assert "Fill the selection the expert is being made ready" in said(client)
        status = (await client.call("status", "lspExperts/status"))["result"]["actions"]
        assert status == {"running": [], "runs": {"completeBody": 1}, "refused": {}, "lastRefusal": None}


@pytest.mark.parametrize(
    ("fault", "words"),
    [("slow_load:60000ms", "is being made ready"), ("slow:2000ms", "is writing")],
    ids=["while the expert loads", "while it writes"],
)
@pytest.mark.parametrize("ending", ["cancel", "type", "close", "shutdown"])
async def test_what_ends_it(fault: str, words: str, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "return 1 + 2 + 3 + 4 + 5 + 6"}))
    install("go-carved")
    async with editor(fault) as client:
        await chosen(client)
        await client.until(lambda: words in said(client))
        changed = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": "x"}]}
        if ending == "cancel":
            client.notify("$/cancelRequest", {"id": "run"})
        elif ending == "type":
            client.notify("textDocument/didChange", changed)
        elif ending == "close":
            client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        else:
            client.ask("bye", "shutdown")
        answer = await client.answer("run")
        if ending in ("cancel", "shutdown"):
            assert answer["error"]["code"] == -32800
        else:
            assert "refused" in answer["result"]
        assert not [message for message in client.sent if message["method"] == "workspace/applyEdit"]
        if ending == "shutdown":
            client.notify("exit")
            assert await client.ended() == 0
        else:
            assert (await client.call("status", "lspExperts/status"))["result"]["actions"]["running"] == []
        assert len(client.answers["run"]) == 1


async def test_an_engine_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "return 1"}))
    install("go-carved")
    async with editor("die@token2", f"once:{tmp_path / 'once'}") as client:
        await chosen(client)
        assert (await client.answer("run"))["result"] == {"applied": True}
        (applied,) = [message["params"] for message in client.sent if message["method"] == "workspace/applyEdit"]
        assert applied["edit"]["documentChanges"][0]["edits"][0]["newText"] == "return 1"


async def test_an_engine_that_dies_each_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", says({"go-carved": "return 1"}))
    install("go-carved")
    async with editor("die@complete") as client:
        await chosen(client)
        refused = (await client.answer("run"))["result"]["refused"]
        assert refused in [params["message"] for params in client.notified("window/showMessage")]
        assert not [message for message in client.sent if message["method"] == "workspace/applyEdit"]


async def test_a_real_model(tmp_path: Path) -> None:
    """Random weights say anything: it is applied where it is something, else there is a reason."""
    (tmp_path / "tinies").mkdir()
    install_tinies(default_paths(), tmp_path / "tinies", {"tiny-go": {"languages": ["go"], "fim": "auto"}})
    async with editor() as client:
        await chosen(client)
        result = (await client.answer("run"))["result"]
        edits = [message["params"] for message in client.sent if message["method"] == "workspace/applyEdit"]
        if result == {"applied": True}:
            assert edits[0]["edit"]["documentChanges"][0]["edits"][0]["newText"].strip()
        else:
            assert (result, edits) == ({"refused": "tiny-go said nothing."}, [])
