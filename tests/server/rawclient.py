"""A client that sends bytes: what pytest-lsp cannot do. One server process, answers by id, notifications in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

LAUNCHER = Path(__file__).with_name("launch_scripted.py")
TIMEOUT_S = 60.0  # a hang guard, not a measurement


INLINE = "textDocument/inlineCompletion"


def framed(message: object) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def at(uri: str = "untitled:a", line: Any = 0, character: Any = 0, **document: Any) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri, **document},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 2},
    }


def inserted(answer: dict[str, Any]) -> list[str]:
    return [item["insertText"] for item in answer["result"]["items"]]


class RawClient:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.answers: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        self.sent: list[dict[str, Any]] = []  # requests and notifications of the server
        # What a request of the server is answered with, or a function from its parameters to that (NotImplemented: no
        # answer); others never are.
        self.replies: dict[str, Any] = {}
        self.stderr = b""
        self._news = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._drain())]

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, *arguments: str, command: tuple[str, ...] = (str(LAUNCHER),), home: Path | None = None) -> Any:
        pipe = asyncio.subprocess.PIPE
        argv = (sys.executable, *command, *arguments)
        env = {**os.environ, "LSP_EXPERTS_HOME": str(home)} if home else None
        process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
        client = cls(process)
        try:
            yield client
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await asyncio.wait(client._tasks, timeout=TIMEOUT_S)

    def raw(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)

    def notify(self, method: str, params: Any = None) -> None:
        self.raw(framed({"jsonrpc": "2.0", "method": method, "params": params}))

    def ask(self, request_id: Any, method: str, params: Any = None) -> None:
        self.raw(framed({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}))

    async def until(self, ready: Any) -> Any:
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(ready), TIMEOUT_S)
        return ready()

    async def until_stderr(self, text: bytes) -> None:
        await self.until(lambda: text in self.stderr)

    async def answer(self, request_id: Any) -> dict[str, Any]:
        await self.until(lambda: self.answers[request_id])
        return self.answers[request_id][0]

    async def call(self, request_id: Any, method: str, params: Any = None) -> dict[str, Any]:
        self.ask(request_id, method, params)
        return await self.answer(request_id)

    async def initialize(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        params = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities or {}, **params}
        answer = await self.call("initialize", "initialize", params)
        self.notify("initialized", {})
        return answer

    def open(self, uri: str, text: str, version: int = 1, language: str = "go") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def notified(self, method: str) -> list[Any]:
        """The parameters of every notification of this method so far."""
        return [message["params"] for message in self.sent if message["method"] == method]

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), TIMEOUT_S)

    async def _read(self) -> None:
        assert self.process.stdout
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await self.process.stdout.readuntil(b"\r\n\r\n")
                message = json.loads(await self.process.stdout.readexactly(int(header.split(b":")[1].split()[0])))
                async with self._news:
                    if "method" in message:
                        self.sent.append(message)
                        if "id" in message and message["method"] in self.replies:
                            reply = self.replies[message["method"]]
                            result = reply(message["params"]) if callable(reply) else reply
                            if result is not NotImplemented:
                                self.raw(framed({"jsonrpc": "2.0", "id": message["id"], "result": result}))
                    else:
                        self.answers[message.get("id")].append(message)
                    self._news.notify_all()

    async def _drain(self) -> None:
        assert self.process.stderr
        while data := await self.process.stderr.read(65536):
            async with self._news:
                self.stderr += data
                self._news.notify_all()
