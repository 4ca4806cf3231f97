"""The whole path, no part replaced: `lsp-experts serve`, registry, store, pool, engine process, a tiny real model."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import sys
from pathlib import Path

import psutil
import pytest
from server.rawclient import INLINE, RawClient, at

from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store

pytestmark = pytest.mark.asyncio
SERVE = ("-m", "lsp_experts", "serve", "--stdio")


def put_into_store(expert: str, model: Path) -> None:
    store = Store(default_paths().store)
    data = model.read_bytes()
    with store.temporary() as temporary:
        shutil.copyfile(model, temporary)
        store.adopt(expert, temporary, sha256=hashlib.sha256(data).hexdigest(), size=len(data), source="a test")


def hot(client: RawClient) -> set[str]:
    statuses = client.notified("lspExperts/status")
    return {expert["id"] for expert in statuses[-1]["experts"] if expert["state"] == "HOT"} if statuses else set()


async def test_two_files_two_experts(tiny_gguf: Path) -> None:
    put_into_store("go-carved", tiny_gguf)
    put_into_store("html-carved", tiny_gguf)
    async with RawClient.start(command=SERVE) as client:
        await client.initialize({}, initializationOptions={"report": True})
        files = {
            "file:///a.go": ("go", "package main\n\nfunc main() {\n\t\n}\n", 3, 1),
            "file:///a.html": ("html", "<html>\n<body>\n\n</body>\n</html>\n", 2, 0),
        }
        for uri, (language, text, line, character) in files.items():
            client.open(uri, text, language=language)
            await client.until(lambda language=language: f"{language}-carved" in hot(client))  # before any request
            place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
            answer = await client.call(uri, "textDocument/inlineCompletion", {**place, "context": {"triggerKind": 2}})
            assert "items" in answer["result"]
            report = client.notified("lspExperts/completed")[-1]
            assert report["uri"] == uri
            # Random weights write random text, and filters may take it all; but the engine has answered.
            if report["silence"] is None:
                assert report["expert"] == f"{language}-carved"
                assert report["reason"] == "expert"
            else:
                assert report["silence"] not in ("no expert", "loading", "not ready", "engine error", "error")
        engines = psutil.Process(client.process.pid).children(recursive=True)
        assert engines
        await client.call("bye", "shutdown")
        client.notify("exit")
        assert await client.ended() == 0
        assert psutil.wait_procs(engines, timeout=10)[1] == []


async def test_an_expert_that_is_installed_meanwhile_serves_at_the_next_focus(tiny_gguf: Path) -> None:
    async with RawClient.start(command=SERVE) as client:
        await client.initialize({}, initializationOptions={"report": True})
        client.open("file:///a.go", "package main\n")
        asked = at("file:///a.go", 1, 0)
        assert (await client.call(1, INLINE, asked))["result"] == {"items": []}
        assert client.notified("lspExperts/completed")[-1]["silence"] == "no expert"
        put_into_store("go-carved", tiny_gguf)
        client.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///a.go"}})
        await client.until(lambda: "go-carved" in hot(client))


async def test_an_interpreter_that_nobody_knows_is_told() -> None:
    async with RawClient.start(command=SERVE) as client:
        await client.initialize(initializationOptions={"interpreter": "nosuch"})

        def told(name: str) -> bool:
            return any(f"'{name}'" in shown["message"] for shown in client.notified("window/showMessage"))

        await client.until(lambda: told("nosuch"))
        client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": {"interpreter": "nobody"}}})
        await client.until(lambda: told("nobody"))


async def test_what_follows_what_is_learned_for_the_workspace(home: Path) -> None:
    async with RawClient.start(command=SERVE) as client:
        await client.initialize({}, rootUri="file:///secret-project")
        for language in ("go", "html", "go", "html"):
            uri = f"file:///secret-project/{language}"
            client.open(uri, "", language=language)
            client.notify("textDocument/didFocus", {"textDocument": {"uri": uri}})
        await client.call("bye", "shutdown")
        client.notify("exit")
        assert await client.ended() == 0
    (file,) = (home / "state" / "switches").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert "secret" not in file.name + file.read_text()
    assert "html" in file.read_text()


async def test_top_shows_the_running_server(tiny_gguf: Path, home: Path) -> None:
    put_into_store("go-carved", tiny_gguf)
    async with RawClient.start(command=SERVE) as client:
        await client.initialize({}, initializationOptions={"report": True}, clientInfo={"name": "the test"})
        client.open("file:///secret/a.go", "package secret\n")
        await client.until(lambda: "go-carved" in hot(client))
        file = home / "state" / "servers" / f"{client.process.pid}.json"
        number = 0
        while not (file.exists() and "HOT" in file.read_text()):
            await client.call(number, "lspExperts/status")
            number += 1
        top = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lsp_experts", "top", "--once", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(top.communicate(), 60)
        assert b"the test, server %d" % client.process.pid in out
        assert re.search(rb"HOT +go-carved", out)
        assert b"secret" not in out + file.read_bytes()


async def test_without_any_expert_there_is_silence_with_a_reason_and_no_engine() -> None:
    async with RawClient.start(command=SERVE) as client:
        await client.initialize({}, initializationOptions={"report": True})
        client.open("file:///a.go", "package main\n")
        params = {
            "textDocument": {"uri": "file:///a.go"},
            "position": {"line": 0, "character": 0},
            "context": {"triggerKind": 2},
        }
        assert (await client.call(1, "textDocument/inlineCompletion", params))["result"] == {"items": []}
        assert client.notified("lspExperts/completed")[-1]["silence"] == "no expert"
        assert psutil.Process(client.process.pid).children(recursive=True) == []
        assert psutil.Process(client.process.pid).net_connections() == []
        assert not [message for message in client.sent if message["method"] == "window/showMessage"]
