"""A client that sends bytes, good and bad. One server process, answers by id, notifications in order."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

TIMEOUT_S = 30.0  # a hang guard, not a measurement
SERVE = ("-m", "lsp_experts", "serve")
SCRIPTED = ("-m", "lsp_experts.cli.scripted_server")


def framed(message: object) -> bytes:
    """A message with its header."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class RawClient:
    """`answers` by request id; `sent` holds the server's requests and notifications, which nobody answers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.answers: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        self.sent: list[dict[str, Any]] = []
        self.stderr = b""
        self.reads = asyncio.Event()  # cleared: this client leaves what the server writes in the pipe
        self.reads.set()
        self._news = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._drain())]

    @classmethod
    @asynccontextmanager
    async def start(
        cls, environment: Mapping[str, str], command: Sequence[str] = SERVE, cwd: str | None = None
    ) -> AsyncIterator[RawClient]:
        """A server: this Python with `command`, with `environment` over this process's own. Killed at the end."""
        pipe = asyncio.subprocess.PIPE
        env = {**os.environ, **environment}
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=cwd
        )
        client = cls(process)
        try:
            yield client
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            client.reads.set()
            await process.wait()
            await asyncio.wait(client._tasks, timeout=TIMEOUT_S)

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        if self.process.stdin is not None:
            self.process.stdin.write(data)

    async def taken(self) -> None:
        """Wait until the pipe holds, or the server has read, what was sent."""
        if self.process.stdin is not None:
            await asyncio.wait_for(self.process.stdin.drain(), TIMEOUT_S)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.raw(framed({"jsonrpc": "2.0", "method": method, "params": params}))

    def ask(self, request_id: Any, method: str, params: Any = None) -> None:
        """Send a request; its answer comes into `answers`."""
        self.raw(framed({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}))

    async def until(self, ready: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
        """What `ready` says once that is true. TimeoutError."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(ready), timeout_s)
        return ready()

    async def call(self, request_id: Any, method: str, params: Any = None) -> dict[str, Any]:
        """Ask, and the first answer."""
        self.ask(request_id, method, params)
        await self.until(lambda: self.answers[request_id])
        return self.answers[request_id][0]

    async def _read(self) -> None:
        stdout = self.process.stdout
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while stdout is not None:
                await self.reads.wait()
                header = await stdout.readuntil(b"\r\n\r\n")
                message = json.loads(await stdout.readexactly(int(header.split(b":")[1].split()[0])))
                async with self._news:
                    (self.sent if "method" in message else self.answers[message.get("id")]).append(message)
                    self._news.notify_all()

    async def _drain(self) -> None:
        while self.process.stderr is not None and (data := await self.process.stderr.read(65536)):
            async with self._news:
                self.stderr += data
                self._news.notify_all()
