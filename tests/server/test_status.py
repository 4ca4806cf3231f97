"""The status: asked for, told when it changes, run as a command, kept as a file."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from server.rawclient import INLINE, RawClient, at

from lsp_experts.server.status_file import public

asynchronous = pytest.mark.asyncio
STATUS = "lspExperts/status"
WANTS = {"experimental": {"lspExpertsStatus": True}}
SECRET = "canary4711"
LAST = {"reason": "scripted", "detail": ""}


@asynchronous
async def test_the_command_answers_as_the_request_does() -> None:
    async with RawClient.start() as client:
        capabilities = (await client.initialize())["result"]["capabilities"]
        assert {"lspExperts.status", "lspExperts.accepted"} <= {*capabilities["executeCommandProvider"]["commands"]}
        client.open("untitled:silent", "x")
        await client.call(1, INLINE, at("untitled:silent"))
        asked = (await client.call(2, STATUS))["result"]
        run = (await client.call(3, "workspace/executeCommand", {"command": "lspExperts.status"}))["result"]
        assert run == asked
        assert asked["silences"] == {"scripted": 1}
        assert asked["lastSilence"] == {"reason": "scripted", "detail": ""}


@asynchronous
async def test_a_server_that_cannot_complete_says_why() -> None:
    async with RawClient.start("--broken") as client:
        await client.initialize()
        client.open("untitled:a", "x")
        await client.call(1, INLINE, at())
        status = (await client.call(2, STATUS))["result"]
        assert status["problems"] == ["No registry. Install again."]
        assert status["lastSilence"] == {"reason": "not started", "detail": "No registry. Install again."}


@asynchronous
async def test_a_command_that_is_none() -> None:
    async with RawClient.start() as client:
        await client.initialize()
        error = (await client.call(1, "workspace/executeCommand", {"command": SECRET}))["error"]
        assert error["code"] == -32602
        assert "lspExperts.status" in error["message"]
        assert SECRET not in error["message"]


@asynchronous
@pytest.mark.parametrize(
    ("initialize", "workspace"),
    [
        ({}, ""),
        ({"rootUri": "file:///root"}, "file:///root"),
        ({"rootUri": "file:///root", "workspaceFolders": []}, "file:///root"),
        ({"rootUri": "file:///root", "workspaceFolders": [{"uri": "file:///a", "name": "a"}]}, "file:///a"),
    ],
)
async def test_the_workspace_is_the_first_folder(initialize: dict[str, Any], workspace: str) -> None:
    async with RawClient.start() as client:
        await client.initialize(**initialize)
        client.open("untitled:a", "x")
        await client.call(0, INLINE, at("untitled:a"))
        assert (await client.call(1, STATUS))["result"]["workspace"] == workspace


@asynchronous
async def test_a_client_that_wants_the_status_hears_of_changes_a_few_times_and_of_the_last_one() -> None:
    async with RawClient.start() as client:
        await client.initialize(WANTS)
        client.open("untitled:a", "abc")
        count = 200
        for number in range(count):
            client.ask(number, INLINE, at("untitled:a", 0, number % 4))
        client.open("untitled:silent", "x")
        await client.call("last", INLINE, at("untitled:silent"))
        await client.until(lambda: any(told["lastSilence"] == LAST for told in client.notified(STATUS)))
        assert len(client.notified(STATUS)) < count
        assert not client.notified("lspExperts/completed")


@asynchronous
async def test_a_client_that_does_not_ask_hears_nothing() -> None:
    async with RawClient.start() as client:
        await client.initialize({"experimental": {}})
        client.open("untitled:a", "abc")
        await client.call(1, INLINE, at("untitled:a", 0, 1))
        await client.call(2, STATUS)
        assert not client.notified(STATUS)


@asynchronous
async def test_the_file_is_the_users_own_holds_nothing_of_documents_and_goes_at_the_end(home: Path) -> None:
    async with RawClient.start() as client:
        await client.initialize(WANTS, clientInfo={"name": "an editor"})
        folder = home / "state" / "servers"
        file = folder / f"{client.process.pid}.json"
        client.open(f"file:///{SECRET}/a.go", SECRET)
        await client.call(1, INLINE, at(f"file:///{SECRET}/a.go", 0, 3))
        # A quarter of a second at most lies between two writings: the notifications show that time passes.
        number = 0
        while not (file.exists() and json.loads(file.read_text())["last"].get("suffix")):
            told = len(client.notified(STATUS))
            await client.call(f"more {number}", INLINE, at(f"file:///{SECRET}/a.go", 0, number % 3))
            await client.until(lambda told=told: len(client.notified(STATUS)) > told)
            number += 1
        text = file.read_text()
        status = json.loads(text)
        assert (status["pid"], status["client"]) == (client.process.pid, "an editor")
        assert status["focused"]["language"] == "go"
        assert (status["focused"]["suffix"], status["last"]["suffix"]) == (".go", ".go")
        assert SECRET not in text and "file:" not in text
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        await client.call("bye", "shutdown")
        client.notify("exit")
        assert await client.ended() == 0
        assert list(folder.iterdir()) == []


@asynchronous
@pytest.mark.skipif(os.name == "nt", reason="files are no folders there either, but the error is another one")
async def test_a_file_that_cannot_be_written_costs_nothing(home: Path) -> None:
    home.mkdir()
    (home / "state").write_text("a file where the folder should be")
    async with RawClient.start() as client:
        await client.initialize()
        client.open("untitled:a", "abc")
        for number in range(5):
            await client.call(number, INLINE, at("untitled:a", 0, number % 4))
        await client.until_stderr(b"writing the status file failed")
        await client.call("bye", "shutdown")
        client.notify("exit")
        assert await client.ended() == 0
        assert client.stderr.count(b"writing the status file failed") == 1


@pytest.mark.parametrize(
    ("uri", "suffix"),
    [
        ("file:///home/me/a.go", ".go"),
        ("file:///home/me/a.tar.gz", ".gz"),
        ("file:///home/me/.env", ""),
        ("file:///home/me/Makefile", ""),
        ("file:///home/my.project/Makefile", ""),
        ("untitled:Untitled-1", ""),
        ("vscode-notebook-cell:/a/b.ipynb#W0sZmlsZQ", ".ipynb"),
        ("git:/a/b.go?ref=secret.txt", ".go"),
        ("file:///a/b.a name of my own", ""),
        ("http://[", ""),
        ("", None),
        (7, ""),
    ],
)
def test_of_a_document_only_the_suffix_is_kept(uri: object, suffix: str | None) -> None:
    kept = public({"focused": {"uri": uri, "language": "go"}, "last": None, "text": "secret"})
    expected = {"language": "go"} if suffix is None else {"language": "go", "suffix": suffix}
    assert kept == {"focused": expected, "last": None}
