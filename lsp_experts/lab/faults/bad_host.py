"""A host on this machine that answers as it is told to, well or badly; an answer is bytes, and ends where they end."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Asked:
    """One request; header names in lower case. `over` is set when the host closes: a reply that hangs waits for it."""

    method: str
    path: str
    headers: Mapping[str, str]
    over: threading.Event

    @property
    def first_byte(self) -> int | None:
        """Where the range that is asked for begins; None if no range is."""
        value = self.headers.get("range", "")
        return int(value.removeprefix("bytes=").split("-")[0]) if value.startswith("bytes=") else None


Reply = Callable[[Asked], Iterable[bytes]]  # the bytes of an answer, head and body; the connection ends with them


def head(status: int, **fields: object) -> bytes:
    """The head of an answer; `Content_Length=3` is the field Content-Length."""
    lines = [f"HTTP/1.1 {status} said", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode()


class BadHost:
    """`asked` holds every request, in order; `sent_bytes` what was written of all answers."""

    def __init__(self, reply: Reply) -> None:
        self.asked: list[Asked] = []
        self.sent_bytes = 0
        self._over = threading.Event()
        host = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                first = self.rfile.readline(_HEAD_BYTES).decode("latin-1").split()
                fields = iter(lambda: self.rfile.readline(_HEAD_BYTES).decode("latin-1").strip(), "")
                pairs = (line.partition(":") for line in fields)
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                if len(first) != 3:
                    return
                asked = Asked(first[0], first[1], headers, host._over)
                host.asked.append(asked)
                with suppress(ConnectionError):  # who had enough hangs up
                    for piece in reply(asked):
                        self.wfile.write(piece)
                        host.sent_bytes += len(piece)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @contextmanager
    def serving(cls, reply: Reply) -> Iterator[BadHost]:
        """A host that answers each request with what `reply` says; replies that hang end with the block."""
        host = cls(reply)
        threading.Thread(target=host._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield host
        finally:
            host._over.set()
            host._server.shutdown()
            host._server.server_close()
