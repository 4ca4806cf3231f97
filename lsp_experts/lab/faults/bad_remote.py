"""A host of a remote expert on this machine that answers `/completions` as it is told to, well or badly.

It counts what reached it and who hung up on it, so that a drill can say what was sent and that a stream was closed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def asked(self) -> dict[str, Any]:
        """The body as JSON."""
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Line:
    """The way back to who asks. A reply that returns hangs up."""

    writer: asyncio.StreamWriter
    hung_up: asyncio.Event  # who asked has closed the connection

    async def say(self, *parts: bytes) -> None:
        """Send parts one by one, as far as anybody listens."""
        for part in parts:
            self.writer.write(part)
            with suppress(ConnectionError):
                await self.writer.drain()

    async def wait(self) -> None:
        """Say nothing more until who asked hangs up."""
        await self.hung_up.wait()


Reply = Callable[[Heard, Line], Awaitable[None]]


class BadRemote:
    """A host at `endpoint`. `heard`: all requests, `received_bytes`: of them and of what was no request."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.heard: list[Heard] = []
        self.received_bytes = 0
        self.connections = 0
        self.hang_ups = 0  # of who asked, before the reply was over
        self.port = 0
        self._changed = asyncio.Condition()
        self._open: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> str:
        """What a registry entry calls it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @classmethod
    @asynccontextmanager
    async def serving(cls, reply: Reply) -> AsyncIterator[BadRemote]:
        """A host that answers each request by `reply`; replies under way end with the block."""
        remote = cls(reply)
        server = await asyncio.start_server(remote._serve, "127.0.0.1", 0)
        remote.port = server.sockets[0].getsockname()[1]
        try:
            yield remote
        finally:
            server.close()
            for task in remote._open:
                task.cancel()
            if remote._open:
                await asyncio.wait(remote._open)
            await server.wait_closed()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what was heard or counted."""
        async with self._changed:
            await self._changed.wait_for(holds)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._open.add(task)
        self.connections += 1
        try:
            await self._answer(reader, writer)
        except asyncio.CancelledError:  # the block has ended: a callback of asyncio's streams would raise it again
            pass
        finally:
            self._open.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard = await self._request(reader)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, ConnectionError):
            return  # a handshake of TLS, or nothing
        await self._tell(lambda: self.heard.append(heard))
        line = Line(writer, asyncio.Event())
        watching = asyncio.create_task(self._watch(reader, line))
        try:
            await self.reply(heard, line)
        finally:
            watching.cancel()

    async def _request(self, reader: asyncio.StreamReader) -> Heard:
        raw = await self._count(reader.readuntil(b"\r\n\r\n"))
        first, *lines = raw.decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await self._count(reader.readexactly(int(headers.get("content-length", "0"))))
        return Heard(method, path, headers, body)

    async def _count(self, reading: Awaitable[bytes]) -> bytes:
        try:
            data = await reading
        except asyncio.IncompleteReadError as error:
            self.received_bytes += len(error.partial)
            raise
        self.received_bytes += len(data)
        return data

    async def _watch(self, reader: asyncio.StreamReader, line: Line) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                self.received_bytes += len(data)
        line.hung_up.set()
        await self._tell(lambda: setattr(self, "hang_ups", self.hang_ups + 1))

    async def _tell(self, change: Callable[[], None]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()
