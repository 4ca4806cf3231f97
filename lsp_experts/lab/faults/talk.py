"""What the drills of the protocol say to a server, beside what they say wrongly."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from lsp_experts.lab.faults.raw_client import SCRIPTED, TIMEOUT_S, RawClient
from lsp_experts.lab.faults.stand import Stand

INLINE = "textDocument/inlineCompletion"
GO = "untitled:main.go"
GO_TEXT = "package main\n\nfunc main() {\n\t\n}\n"
_GO_EXPERT = "go-carved"
_LOOK_AGAIN_S = 0.02


def item(uri: str, language: str, text: str, version: int = 1) -> dict[str, Any]:
    """Parameters of didOpen."""
    return {"textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}}


def changed(uri: str, version: int, *changes: dict[str, Any]) -> dict[str, Any]:
    """Parameters of didChange."""
    return {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}


def at(uri: str, line: Any, character: Any, *, manual: bool = True) -> dict[str, Any]:
    """Parameters of a completion request; `manual`: the user asked for it."""
    position = {"line": line, "character": character}
    return {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 1 if manual else 2}}


@asynccontextmanager
async def scripted(stand: Stand, *faults: str, says: str = "") -> AsyncIterator[RawClient]:
    """The scripted server with a Go document open and its expert in memory, which says `says`."""
    environment = {"LSP_EXPERTS_HOME": str(stand.home)}
    if says:
        environment["LSP_EXPERTS_FAKE_TEXT"] = json.dumps({_GO_EXPERT: says})
    async with RawClient.start(environment, (*SCRIPTED, *faults)) as client:
        await _ready(client)
        yield client


async def status(client: RawClient) -> dict[str, Any]:
    """What lspExperts/status says now."""
    answer = await client.call(f"status {time.monotonic_ns()}", "lspExperts/status")
    found: dict[str, Any] = answer["result"]
    return found


async def busy(client: RawClient, *, wanted: bool = True) -> None:
    """Wait until the engine works on something, or not `wanted`: on nothing. TimeoutError."""
    async with asyncio.timeout(TIMEOUT_S):
        while bool((await status(client))["work"]["open"]) is not wanted:
            pass  # each look is a round trip, and no load to speak of


async def initialize(client: RawClient, timeout_s: float = TIMEOUT_S, **params: Any) -> None:
    """The handshake, with `params` besides what every client says. TimeoutError."""
    client.ask("initialize", "initialize", {"processId": None, "rootUri": None, "capabilities": {}, **params})
    await client.until(lambda: client.answers["initialize"], timeout_s)
    client.notify("initialized", {})


async def _ready(client: RawClient) -> None:
    await initialize(client)
    client.notify("textDocument/didOpen", item(GO, "go", GO_TEXT))
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            now = await status(client)
            if any(expert["state"] == "HOT" for expert in now.get("experts", ())):
                return
            await asyncio.sleep(_LOOK_AGAIN_S)
