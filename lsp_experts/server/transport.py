"""Moves bytes between client and event loop on two threads of its own: no model and no slow client blocks the other."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from lsp_experts.server.framing import CHUNK_BYTES, Frames, frame

_LOG = logging.getLogger(__name__)
_WAITING_MESSAGES = 1000  # the reader stops reading when the loop is this far behind
_UNSENT_BYTES = 8 * 1024 * 1024  # above this, what nobody waits for is dropped


@dataclass(frozen=True)
class Channel:
    """A byte stream to the client: blocking `read(at most n)` (empty at the end), `write` of all bytes, `close`."""

    read: Callable[[int], bytes]
    write: Callable[[bytes], object]
    close: Callable[[], object]


def stdio_channel() -> Channel:
    """The process's own stdin and stdout, taken away from everybody else.

    File descriptor 1 is pointed at stderr and 0 at nothing: a print() of any library, C libraries included, lands in
    the editor's log instead of in the middle of a message.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(source, os.O_BINARY)
        msvcrt.setmode(sink, os.O_BINARY)

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(sink, view) :]

    return Channel(lambda n: os.read(source, n), write, lambda: os.close(sink))


def socket_channel(connection: socket.socket) -> Channel:
    """An accepted connection."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Channel(connection.recv, connection.sendall, connection.close)


class Reader:
    """Reads on its own thread; `next` gives the loop one body at a time."""

    def __init__(self, channel: Channel, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._loop = loop
        self._bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = threading.Semaphore(_WAITING_MESSAGES)
        self._thread = threading.Thread(target=self._run, name="lsp-reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    async def next(self) -> bytes | None:
        """The next body; None when the client has closed its side."""
        body = await self._bodies.get()
        self._room.release()
        return body

    def _run(self) -> None:
        frames, refused = Frames(), 0
        try:
            while data := self._channel.read(CHUNK_BYTES):
                for body in frames.feed(data):
                    self._room.acquire()
                    self._loop.call_soon_threadsafe(self._bodies.put_nowait, body)
                if frames.refused != refused:
                    refused = frames.refused
                    _LOG.warning("a message of more than 32 MiB was skipped")
        except OSError as error:
            _LOG.info("reading ended: %s", error.strerror)
        except RuntimeError:  # the loop is closed: the process is about to end
            return
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._bodies.put_nowait, None)


class Writer:
    """Writes on its own thread, in order. `on_broken` is called (on that thread) once the client reads no more."""

    def __init__(self, channel: Channel, on_broken: Callable[[], None]) -> None:
        self._channel = channel
        self._on_broken = on_broken
        self._unsent: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._changed = threading.Condition()
        self._closing = self._broken = False
        self._thread = threading.Thread(target=self._run, name="lsp-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def send(self, body: bytes, *, droppable: bool = False) -> None:
        """Queue a message. A droppable one (a log line, a progress report) is lost if the client does not read."""
        with self._changed:
            if self._broken or (droppable and self._unsent_bytes > _UNSENT_BYTES):
                return
            self._unsent.append(frame(body))
            self._unsent_bytes += len(body)
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Send what is queued, as far as the client takes it within `timeout_s`, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while (data := self._take()) is not None:
                self._channel.write(data)
        except OSError as error:
            _LOG.info("writing ended: %s", error.strerror)
            with self._changed:
                self._broken = True
                self._unsent.clear()
            self._on_broken()

    def _take(self) -> bytes | None:
        with self._changed:
            while not self._unsent and not self._closing:
                self._changed.wait()
            if not self._unsent:
                return None
            data = b"".join(self._unsent)
            self._unsent.clear()
            self._unsent_bytes = 0
            return data
