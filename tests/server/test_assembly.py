"""The whole path, no part replaced: `lsp-experts serve`, registry, store, pool, engine process, a tiny real model."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import psutil
import pytest
from server.rawclient import RawClient

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


def reports(client: RawClient, method: str) -> list[dict[str, Any]]:
    return [message["params"] for message in client.sent if message["method"] == method]


def hot(client: RawClient) -> set[str]:
    statuses = reports(client, "lspExperts/status")
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
            report = reports(client, "lspExperts/completed")[-1]
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
        assert reports(client, "lspExperts/completed")[-1]["silence"] == "no expert"
        assert psutil.Process(client.process.pid).children(recursive=True) == []
        assert psutil.Process(client.process.pid).net_connections() == []
        assert not [message for message in client.sent if message["method"] == "window/showMessage"]
