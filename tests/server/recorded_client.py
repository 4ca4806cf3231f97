"""An editor as one of the recorded clients is: documents of its own, columns as it counts them, edits as it applies
them. It keeps every message, so that a test can ask what of them the client never said that it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cursor import split_cursor
from server.declared import Can, undeclared
from server.rawclient import RawClient

RECORDED = Path(__file__).parents[1] / "fixtures" / "initialize"
LAUNCHER = str(Path(__file__).with_name("launch_matrix.py"))

# What a client does without saying so, each read in its source (see capabilities.py, action_capabilities.py).
UNSAID: Mapping[str, Mapping[str, Any]] = {
    "neovim": {"workspace": {"executeCommand": {}}},  # runs the command of a completion item
    "ale": {"workspace": {"applyEdit": True}, "general": {"positionEncodings": ["utf-8"]}},  # counts bytes
    "lsp-mode": {"general": {"positionEncodings": ["utf-32"]}},  # counts characters
}
_WIDTHS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
_ESCAPED = re.compile(r"\\([\\$}])")
_SYNTAX = re.compile(r"[$}]|\\(?![\\$}])")


def capabilities_of(name: str) -> dict[str, Any]:
    """Of a recorded client; "neovim, utf-16 first" is one that was told to prefer an encoding."""
    client, _, first = name.partition(", ")
    (file,) = RECORDED.glob(f"{client}*.json")
    recorded: dict[str, Any] = json.loads(file.read_text())["capabilities"]
    if first:
        encodings = recorded["general"]["positionEncodings"]
        encodings.sort(key=lambda encoding: encoding != first.removesuffix(" first"))
    return recorded


@dataclass
class Buffer:
    """A document as the client has it."""

    text: str
    version: int = 1


class RecordedClient(RawClient):
    """Made by `started`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process)
        self.name, self.encoding = "", "utf-16"
        self.capabilities: dict[str, Any] = {}
        self.buffers: dict[str, Buffer] = {}
        self.asked: dict[int, tuple[str, Any]] = {}  # the client's requests
        self.edits: list[dict[str, Any]] = []  # that came, in the server's form
        self._numbers = itertools.count(1)

    @classmethod
    @contextlib.asynccontextmanager
    async def started(
        cls, name: str, home: Path, *, settings: Any = None, **capabilities: Any
    ) -> AsyncIterator[RecordedClient]:
        """A session of the client, with more top-level capabilities; `settings` are those it is pulled for."""
        async with cls.start(command=(LAUNCHER,), home=home) as client:
            client.name = name.partition(", ")[0]
            client.capabilities = {**capabilities_of(name), **capabilities}
            client.replies = {
                "workspace/configuration": [settings],
                "client/registerCapability": None,
                "window/workDoneProgress/create": None,
                "window/showMessageRequest": {"title": "Apply"},
                "window/showDocument": {"success": True},
                "workspace/applyEdit": client.take,
            }
            await client._meet()
            yield client
            await client._leave()

    async def _meet(self) -> None:
        names = {"vscode": "code-server", "neovim": "Neovim", "lsp-mode": "emacs"}
        info = {"clientInfo": {"name": names[self.name]}} if self.name in names else {}
        params = {"processId": os.getpid(), "rootUri": "file:///w", "capabilities": self.capabilities, **info}
        result = await self.request("initialize", params)
        counted = UNSAID.get(self.name, {}).get("general", {}).get("positionEncodings")
        self.encoding = counted[0] if counted else result["capabilities"].get("positionEncoding", "utf-16")
        self.notify("initialized", {})

    async def _leave(self) -> None:
        await self.request("shutdown")
        self.notify("exit")
        assert await self.ended() == 0
        assert self.undeclared() == []

    @property
    def known(self) -> dict[str, Any]:
        """The capabilities, with those that it does not say."""
        unsaid = UNSAID.get(self.name, {})
        return self.capabilities | {name: {**self.capabilities.get(name, {}), **unsaid[name]} for name in unsaid}

    def can(self, path: str) -> bool:
        """Whether the client says so."""
        return Can(self.capabilities)(path)

    def undeclared(self) -> list[str]:
        """What it was sent without having said that it takes it."""
        answered = [
            (method, answer["result"])
            for number, (method, _) in self.asked.items()
            for answer in self.answers[number]
            if "result" in answer
        ]
        tokens = [params["workDoneToken"] for _, params in self.asked.values() if "workDoneToken" in (params or {})]
        return undeclared(self.sent, answered, tokens, Can(self.known))

    # -- messages -----------------------------------------------------------------------------------------------------

    def put(self, method: str, params: Any = None) -> int:
        """Ask; the request's id."""
        number = next(self._numbers)
        self.asked[number] = (method, params)
        self.ask(number, method, params)
        return number

    async def request(self, method: str, params: Any = None) -> Any:
        """The result, or the error."""
        answer = await self.answer(self.put(method, params))
        return answer["result"] if "result" in answer else answer["error"]

    async def status(self) -> dict[str, Any]:
        return dict(await self.request("lspExperts/status"))

    # -- documents ----------------------------------------------------------------------------------------------------

    def opened(self, uri: str, marked: str, language: str = "python") -> dict[str, int]:
        """The position of the mark in a document that is opened."""
        text, offset = split_cursor(marked)
        self.buffers[uri] = Buffer(text)
        self.open(uri, text, 1, language)
        return self.position(text, offset)

    def replace(self, uri: str, old: str, new: str) -> None:
        """Edit as a user does: the first `old` becomes `new`."""
        buffer = self.buffers[uri]
        start = buffer.text.index(old)
        span = {"start": self.position(buffer.text, start), "end": self.position(buffer.text, start + len(old))}
        buffer.text, buffer.version = buffer.text.replace(old, new, 1), buffer.version + 1
        self._tell(uri, {"range": span, "text": new})

    def _tell(self, uri: str, change: dict[str, Any]) -> None:
        document = {"uri": uri, "version": self.buffers[uri].version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def position(self, text: str, offset: int) -> dict[str, int]:
        """Where a character is, as this client counts."""
        lines = _lines(text[:offset])
        return {"line": len(lines) - 1, "character": self._units(lines[-1])}

    def offset(self, text: str, position: Mapping[str, int]) -> int:
        """The character at a position, which has to be one: not within a character, nor behind its line."""
        lines = _lines(text)
        line = lines[position["line"]]
        columns = [self._units(line[:column]) for column in range(len(line.rstrip("\r\n")) + 1)]
        return sum(map(len, lines[: position["line"]])) + columns.index(position["character"])

    def _units(self, text: str) -> int:
        codec, width = _WIDTHS[self.encoding]
        return len(text.encode(codec)) // width

    def span(self, text: str, found: str) -> dict[str, Any]:
        """The range of the first `found`."""
        start = text.index(found)
        return {"start": self.position(text, start), "end": self.position(text, start + len(found))}

    # -- what comes back ----------------------------------------------------------------------------------------------

    def edited(self, text: str, edits: list[dict[str, Any]]) -> str:
        """`text` with TextEdits, which all count in the text as it was."""
        spans = [(self.offset(text, e["range"]["start"]), self.offset(text, e["range"]["end"]), e) for e in edits]
        for start, end, edit in sorted(spans, key=lambda span: span[:2], reverse=True):
            assert start <= end
            text = text[:start] + edit["newText"] + text[end:]
        return text

    def accepted(self, text: str, item: Mapping[str, Any]) -> str:
        """`text` after an item of the popup, as this client inserts it."""
        new_text = item["textEdit"]["newText"]
        if item.get("insertTextFormat") == 2:
            assert not _SYNTAX.search(_ESCAPED.sub("", new_text)), "a snippet that means something else than its text"
            new_text = _ESCAPED.sub(r"\1", new_text)
        elif self.name == "neovim":
            new_text = re.split(r"\s", new_text)[0]
        elif self.name == "ale":
            new_text = new_text.replace("\n", "\0")
        return self.edited(text, [{"range": item["textEdit"]["range"], "newText": new_text}])

    def take(self, params: dict[str, Any]) -> Any:
        """Answer a workspace/applyEdit, which ALE never does; `apply` is for the test to call."""
        self.edits.append(params["edit"])
        return NotImplemented if self.name == "ale" else {"applied": True}

    def apply(self, edit: dict[str, Any]) -> None:
        """Change the buffers, whose versions the edit must have."""
        for uri, edits in edit.get("changes", {}).items():
            self._set(uri, self.edited(self.buffers[uri].text, edits))
        for change in edit.get("documentChanges", ()):
            if change.get("kind") == "create":
                self.buffers[change["uri"]] = Buffer("", 0)
                continue
            buffer, version = self.buffers[change["textDocument"]["uri"]], change["textDocument"]["version"]
            assert version in (None, buffer.version)
            self._set(change["textDocument"]["uri"], self.edited(buffer.text, change["edits"]))

    def _set(self, uri: str, text: str) -> None:
        buffer = self.buffers[uri]
        buffer.text, buffer.version = text, buffer.version + 1
        if buffer.version > 1:  # a file that was created is open nowhere
            self._tell(uri, {"text": text})

    async def menu(self, uri: str, found: str, **context: Any) -> list[dict[str, Any]]:
        """The code actions of a stretch of the document."""
        span = self.span(self.buffers[uri].text, found)
        context = {"diagnostics": [], **context}
        asked = {"textDocument": {"uri": uri}, "range": span, "context": context}
        return list(await self.request("textDocument/codeAction", asked))

    async def choose(self, entry: dict[str, Any], **params: Any) -> Any:
        """Do what the client does with an entry of its menu; the answer of the command, or the resolved entry."""
        if "command" not in entry and "edit" not in entry:
            entry = await self.request("codeAction/resolve", entry)
            if "edit" not in entry:
                return entry
        if "edit" in entry:
            self.edits.append(entry["edit"])
            return entry
        return await self.request("workspace/executeCommand", {**_command(entry), **params})

    def choose_later(self, entry: dict[str, Any], **params: Any) -> int:
        """Choose it, and do not wait; the request's id."""
        if "command" not in entry:
            return self.put("codeAction/resolve", entry)
        return self.put("workspace/executeCommand", {**_command(entry), **params})


def _command(entry: dict[str, Any]) -> dict[str, Any]:
    named = entry["command"] if isinstance(entry["command"], dict) else entry
    return {"command": named["command"], "arguments": named["arguments"]}


def _lines(text: str) -> list[str]:
    """With their ends; the last has none."""
    parts = [*re.split(r"(\r\n|\r|\n)", text), ""]
    return [line + end for line, end in zip(parts[::2], parts[1::2], strict=True)]
