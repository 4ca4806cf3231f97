"""The real server over experts of a drill's own, one for each language, below an editor's process or not."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from lsp_experts.lab.faults.raw_client import SERVE, RawClient
from lsp_experts.lab.faults.talk import INLINE, at, initialize, item, status
from lsp_experts.paths import Paths
from lsp_experts.registry.store import Store

TEXT = "package main\n\nfunc add(a int, b int) int {\n\tret"
EDITOR = ("-c", "import subprocess, sys; subprocess.call([sys.executable, *sys.argv[1:]])")
_OPTIONS = {  # whatever a model says is shown at once: random weights say nothing sensible
    "confidence": 0, "checkSyntax": False, "trigger": "always", "debounce": "off", "interpreter": "none",
    "reuseSuggestions": False, "speculate": False, "warm": False, "statistics": False,
}  # fmt: skip
_AGAIN_S, _HANG_S = 0.03, 120.0
_numbers = itertools.count(1)


def install(paths: Paths, experts: Mapping[str, Path]) -> None:
    """Put files into the store of `paths`, good or bad, as the experts of the languages they are named for."""
    store, entries = Store(paths.store), []
    for language, file in experts.items():
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        with store.temporary() as temporary:
            shutil.copyfile(file, temporary)
            store.adopt(expert_of(language), temporary, sha256=digest, size=file.stat().st_size, source="a drill")
        source = {"type": "file", "path": str(file)}
        entries.append({"id": expert_of(language), "kind": "model", "languages": [language], "licence": "MIT",
                        "note": "a drill", "context": 1024, "sources": [source]})  # fmt: skip
    paths.overlay.parent.mkdir(parents=True, exist_ok=True)
    paths.overlay.write_text(json.dumps({"version": 1, "experts": entries}))


def expert_of(language: str) -> str:
    """The id of the expert that `install` made for a language."""
    return f"{language}-drilled"


@asynccontextmanager
async def serving(
    home: Path,
    *,
    command: Sequence[str] = SERVE,
    editor: bool = False,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[RawClient]:
    """A server over `home`, ready for documents. With `editor` the client's process is an editor that started it."""
    started = (*EDITOR, *command) if editor else command
    async with RawClient.start({**environment, "LSP_EXPERTS_HOME": str(home)}, started) as client:
        process_id = client.process.pid if editor else None
        await initialize(client, _HANG_S, processId=process_id, initializationOptions=_OPTIONS)
        yield client


def open_document(client: RawClient, uri: str, language: str, text: str = TEXT) -> None:
    """The user opens it."""
    client.notify("textDocument/didOpen", item(uri, language, text))


def ask(client: RawClient, uri: str, text: str = TEXT) -> str:
    """Ask for a suggestion at the end of an open document; the request's id."""
    request_id = f"{uri} {next(_numbers)}"
    client.ask(request_id, INLINE, at(uri, text.count("\n"), len(text) - text.rfind("\n") - 1, manual=False))
    return request_id


async def answer_to(client: RawClient, request_id: str) -> str | None:
    """What is suggested, "" for nothing; None for an error. TimeoutError."""
    await client.until(lambda: client.answers[request_id], _HANG_S)
    answer: dict[str, Any] = client.answers[request_id][0]
    if "error" in answer:
        return None
    items = (answer["result"] or {}).get("items") or [{"insertText": ""}]
    return str(items[0]["insertText"])


async def suggestion(client: RawClient, uri: str, text: str = TEXT, timeout_s: float = _HANG_S) -> str:
    """Ask, as somebody who types on does, until something is suggested. TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            if said := await answer_to(client, ask(client, uri, text)):
                return said
            await asyncio.sleep(_AGAIN_S)  # the expert is loading


async def asked_until_told(client: RawClient, uri: str, words: str, timeout_s: float = _HANG_S) -> None:
    """Ask until the user is shown a message with these words. TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not any(words in message for message in messages(client)):
            await answer_to(client, ask(client, uri))
            await asyncio.sleep(_AGAIN_S)


async def expert_state(client: RawClient, language: str) -> Mapping[str, Any]:
    """What lspExperts/status says of a language's expert; empty if that is nothing."""
    experts = (await status(client)).get("experts", ())
    return next((each for each in experts if each["id"] == expert_of(language)), {})


def messages(client: RawClient) -> list[str]:
    """What the user was shown."""
    return [each["params"]["message"] for each in client.sent if each["method"] == "window/showMessage"]


def engine_below(pid: int) -> psutil.Process:
    """The engine's process below a server or an editor; ProcessLookupError if there is none."""
    for child in psutil.Process(pid).children(recursive=True):
        if any(part.startswith("lsp_experts.engine.") for part in child.cmdline()):
            return child
    raise ProcessLookupError("no engine runs")
