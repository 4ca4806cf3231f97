"""One client's connection: requests are read whole, within limits, and answered one after the other (h11 knows HTTP).

A client that goes away before its answer is there cancels the work behind it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import h11

from lsp_experts.server.http.message import Request, Response, refused
from lsp_experts.server.http.refusal import Refusal

MOST_BODY_BYTES = 1 << 20
_MOST_HEAD_BYTES = 16 << 10
_CHUNK_BYTES = 64 << 10
_REQUEST_S = 75.0  # from the answer before, until the next request is there
_SEND_S = 20.0
_LINGER_S = 1.0

Answer = Callable[[Request], Awaitable[Response]]


class Connection:
    """Reads requests and writes what `answer` gives; `run` ends with the connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: Answer,
        *,
        request_s: float = _REQUEST_S,
    ) -> None:
        self._reader, self._writer, self._answer = reader, writer, answer
        self._request_s = request_s
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEAD_BYTES)

    async def run(self) -> None:
        """Answer until one of the two ends it."""
        try:
            while await self._once():
                self._http.start_next_cycle()
        except (OSError, TimeoutError):  # gone, or too slow
            return
        finally:
            self._writer.close()

    async def _once(self) -> bool:
        """One request and its answer; whether another one may follow."""
        try:
            async with asyncio.timeout(self._request_s):
                request = await self._request()
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint or 400
            await self._refuse(Refusal(status, f"This is not HTTP/1.1: {error}.", code="bad_request"))
            return False
        except Refusal as refusal:
            await self._refuse(refusal)
            return False
        if request is None:
            return False
        response = await self._answered(request)
        if response is None:
            return False
        await self._send(response, body=request.method != "HEAD")
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _request(self) -> Request | None:
        """The next whole request; None at the connection's end."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    await self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
                self._http.receive_data(await self._reader.read(_CHUNK_BYTES))
            elif isinstance(event, h11.Request):
                head = event
                _check_length(event)
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MOST_BODY_BYTES:
                    raise _too_large()
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request_of(head, bytes(body))
            else:  # the connection was closed, or asks for another protocol
                return None

    async def _answered(self, request: Request) -> Response | None:
        """The answer; None if the client went away first."""
        answer = asyncio.ensure_future(self._answer(request))
        more = asyncio.ensure_future(self._reader.read(_CHUNK_BYTES))
        try:
            await asyncio.wait({answer, more}, return_when=asyncio.FIRST_COMPLETED)
            if more.done():
                data = more.result()
                if not data:
                    return None
                self._http.receive_data(data)  # its next request, which waits
            return await answer
        finally:
            for task in (answer, more):
                task.cancel()
            await asyncio.gather(answer, more, return_exceptions=True)

    async def _refuse(self, refusal: Refusal) -> None:
        """Say why, and hang up; what is still being sent is read over, or the client would not see the answer."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        response = refused(refusal)
        await self._send(Response(response.status, response.body, headers=(("Connection", "close"),)))
        with suppress(TimeoutError, OSError):
            self._writer.write_eof()
            async with asyncio.timeout(_LINGER_S):
                while await self._reader.read(_CHUNK_BYTES):
                    continue

    async def _send(self, response: Response, *, body: bool = True) -> None:
        headers = [
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
            ("X-Content-Type-Options", "nosniff"),
            *response.headers,
        ]
        data = self._http.send(h11.Response(status_code=response.status, headers=headers)) or b""
        if body:
            data += self._http.send(h11.Data(data=response.body)) or b""
        await self._write(data + (self._http.send(h11.EndOfMessage()) or b""))

    async def _write(self, data: bytes | None) -> None:
        self._writer.write(data or b"")
        async with asyncio.timeout(_SEND_S):
            await self._writer.drain()


def _check_length(head: h11.Request) -> None:
    length = next((value for name, value in head.headers if name == b"content-length"), b"0")
    if int(length) > MOST_BODY_BYTES:  # h11 lets nothing but digits through
        raise _too_large()


def _too_large() -> Refusal:
    return Refusal(413, f"A body may have {MOST_BODY_BYTES} bytes.", code="too_large")


def _request_of(head: h11.Request, body: bytes) -> Request:
    named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
    counts = Counter(name for name, _ in named)
    return Request(
        method=head.method.decode("latin-1"),
        path=head.target.decode("latin-1").partition("?")[0],
        headers={name: value for name, value in named if counts[name] == 1},
        twice=frozenset(name for name, count in counts.items() if count > 1),
        body=body,
    )
