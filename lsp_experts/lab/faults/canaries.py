"""The drill of canaries: what files of secrets, ignored files and keys say is in no prompt, and nothing is at rest.

The engine is the scripted one, since it tells what it was asked; all that builds prompts is the real thing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.lab.faults.hiding_places import HIDDEN, KEYS, MAIN, SHOWN, Place, main_text, write_workspace
from lsp_experts.lab.faults.raw_client import SCRIPTED, RawClient
from lsp_experts.lab.faults.real_server import answer_to, ask, open_document
from lsp_experts.lab.faults.row import Row, named
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import changed, initialize

_SAYS = {"python-carved": "value_of_the_expert", "html-carved": "<li>the HTML expert</li>"}
_OPTIONS = {
    "confidence": 0, "trigger": "always", "debounce": "off", "interpreter": "none", "speculate": False,
    "contextChars": 100_000, "prefixChars": 100_000, "firstSuggestionMs": 600_000,
}  # fmt: skip
_AGAIN_S, _HANG_S = 0.02, 120.0


@dataclass(frozen=True)
class Seen:
    """What a session left: all requests to the engine, what was said in hidden files, all that is at rest or told."""

    prompts: str
    completed_in: tuple[str, ...]
    offered_in: tuple[str, ...]
    told: str  # to the client beside answers, and to stderr, after the engine crashed too
    at_rest: dict[str, bytes]  # by file, while the server ran
    open_to_others: tuple[str, ...]


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """S2, S3 and S11. Always at full scale: each hiding place is a case of its own."""
    workspace = stand.home / "workspace"
    write_workspace(workspace)
    seen = await _session(stand.home, workspace, on_step)
    return tuple(_rows(seen))


def _rows(seen: Seen) -> Iterable[Row]:
    of, hidden = len(HIDDEN), [place.canary for place in HIDDEN]
    prompted = [place.path for place in HIDDEN if place.canary in seen.prompts]
    control = sum(place.canary in seen.prompts for place in SHOWN)
    yield Row("S2", f"hidden files of {of} that prompts for other files quote ({len(SHOWN)} shown ones: {control})",
              "0", named(prompted), not prompted and control == len(SHOWN))  # fmt: skip
    entered = sorted({*seen.completed_in, *seen.offered_in})
    yield Row("S2", f"hidden files of {of} that are completed in or offered actions for", "0", named(entered),
              not entered)  # fmt: skip
    keys = [line.partition("=")[0].strip() for line in KEYS if _value(line) in seen.prompts]
    yield Row("S3", f"keys inside files, of {len(KEYS)}, in prompts for other files", "0", named(keys), not keys)
    words = [*hidden, *(place.canary for place in (*SHOWN, MAIN)), *map(_value, KEYS)]
    leaks = [name for name, data in seen.at_rest.items() if any(word.encode() in data for word in words)]
    leaks += ["messages"] * any(word in seen.told for word in words)
    yield Row("S2", "logs at DEBUG, crash messages, state and caches that quote any document", "0", named(leaks),
              not leaks and "SIGABRT" in seen.told)  # fmt: skip
    yield Row("S11", f"files (of {len(seen.at_rest)}) and folders that others may read", "0",
              named(seen.open_to_others), not seen.open_to_others)  # fmt: skip


def _value(line: str) -> str:
    return line.partition("=")[2].strip().strip('"')


async def _session(home: Path, workspace: Path, on_step: OnStep) -> Seen:
    prompts, own = home / "requests", home / "own"
    environment = {
        "LSP_EXPERTS_HOME": str(own), "LSP_EXPERTS_TEST_LOG": str(own / "log" / "server.log"),
        "LSP_EXPERTS_FAKE_TEXT": json.dumps(_SAYS), "TMPDIR": str(own),
    }  # fmt: skip
    own.mkdir(mode=0o700)
    command = (*SCRIPTED, f"requests:{prompts}", "die:SIGABRT@complete:html-carved")
    async with RawClient.start(environment, command, cwd=str(workspace)) as client:
        work = _Work(client, workspace, prompts)
        await work.begin()
        on_step("canaries: imported", 0, 3)
        await work.until_prompted(main_text((*HIDDEN, *SHOWN), "imports"), SHOWN)
        on_step("canaries: opened", 1, 3)
        completed_in, offered_in = await work.open_all()
        await work.until_prompted(main_text((*HIDDEN, *SHOWN), "knows what was open"), SHOWN)
        on_step("canaries: crashed", 2, 3)
        await work.crash()
        at_rest = _files(own)
        told = json.dumps([client.sent, work.crashed])
        await client.call("bye", "shutdown")
        client.notify("exit")
        await asyncio.wait_for(client.process.wait(), _HANG_S)
        at_rest |= _files(own)
        told += client.stderr.decode("utf-8", "replace")
    open_to_others = [str(path.relative_to(own)) for path in own.rglob("*") if path.stat().st_mode & 0o077]
    return Seen(prompts.read_text(), completed_in, offered_in, told, at_rest, tuple(open_to_others))


def _files(folder: Path) -> dict[str, bytes]:
    """What lies there now, but for the experts' files."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".gguf")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class _Work:
    """A user who works in one file and looks into all others."""

    def __init__(self, client: RawClient, workspace: Path, prompts: Path) -> None:
        self._client, self._workspace, self._prompts = client, workspace, prompts
        self._version = 1
        self.crashed: object = None

    def _uri(self, path: str) -> str:
        return (self._workspace / path).as_uri()

    async def begin(self) -> None:
        """The client opens its folder, and the file that is worked on."""
        await initialize(self._client, rootUri=self._workspace.as_uri(), initializationOptions=_OPTIONS)
        open_document(self._client, self._uri(MAIN.path), "python", main_text((*HIDDEN, *SHOWN), "opened"))

    async def until_prompted(self, text: str, places: tuple[Place, ...]) -> None:
        """Make the file that is worked on `text`, and ask at its end until a prompt quotes `places`. TimeoutError."""
        uri, start = self._uri(MAIN.path), self._prompts.stat().st_size if self._prompts.exists() else 0
        async with asyncio.timeout(_HANG_S):
            while True:
                self._version += 1
                # Another first line each time: a prompt that stands keeps its text.
                whole = f"# {self._version}\n{text}"
                self._client.notify("textDocument/didChange", changed(uri, self._version, {"text": whole}))
                await self._answered(uri, whole)
                asked = self._prompts.read_bytes()[start:] if self._prompts.exists() else b""
                if all(place.canary.encode() in asked for place in places):
                    return
                await asyncio.sleep(_AGAIN_S)

    async def open_all(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Open every hidden file, write in it and ask there; those that were completed in, and that had actions."""
        completed_in, offered_in = [], []
        untitled = [(f"untitled:{place.path}", place) for place in HIDDEN if place.path.startswith(".")]
        for uri, place in [*((self._uri(place.path), place) for place in HIDDEN), *untitled]:
            open_document(self._client, uri, "python", place.text)
            text = f"{place.text}\ndef again({place.canary}):\n    return "
            self._client.notify("textDocument/didChange", changed(uri, 2, {"text": text}))
            if await self._answered(uri, text):
                completed_in.append(uri)
            if await self._offers(uri, text):
                offered_in.append(uri)
        for place in SHOWN:
            open_document(self._client, self._uri(place.path), "python", place.text)
        await self._write_keys()
        return tuple(completed_in), tuple(offered_in)

    async def _write_keys(self) -> None:
        """Write a file of keys. No prompt of its own is made meanwhile, so that each prompt is one for another file."""
        self._client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": {"warm": False}}})
        keys = "\n".join(KEYS)
        open_document(self._client, self._uri("keys.py"), "python", "")
        self._client.notify("textDocument/didChange", changed(self._uri("keys.py"), 2, {"text": keys}))
        await self._answered(self._uri(SHOWN[0].path), SHOWN[0].text)  # the user is there now
        self._client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": {}}})

    async def crash(self) -> None:
        """Ask an expert whose engine dies of it, until the user is told so."""
        text = f"<p>{MAIN.canary}</p>\n<ul>"
        open_document(self._client, self._uri("page.html"), "html", text)

        def told() -> bool:
            return any("SIGABRT" in json.dumps(message) for message in self._client.sent)

        async with asyncio.timeout(_HANG_S):
            while not told():
                await self._answered(self._uri("page.html"), text)
                await asyncio.sleep(_AGAIN_S)
        self.crashed = await self._client.call("status", "lspExperts/status")

    async def _answered(self, uri: str, text: str) -> str | None:
        return await answer_to(self._client, ask(self._client, uri, text))

    async def _offers(self, uri: str, text: str) -> object:
        end = {"line": text.count("\n"), "character": 0}
        params = {"textDocument": {"uri": uri}, "range": {"start": {"line": 0, "character": 0}, "end": end},
                  "context": {"diagnostics": []}}  # fmt: skip
        answer = await self._client.call(f"actions {uri}", "textDocument/codeAction", params)
        return answer.get("result")
