"""A connection: whole requests within limits, one answer each, and clients that go away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from lsp_experts.server.http.connection import MOST_BODY_BYTES, Connection
from lsp_experts.server.http.message import Request, Response

TIMEOUT_S = 20.0  # a hang guard, not a measurement
Answer = Callable[[Request], Awaitable[Response]]


async def echo(request: Request) -> Response:
    said = f"{request.method} {request.path} {request.headers.get('host')} {request.body.decode()}"
    return Response(200, said.encode(), "text/plain")


@contextlib.asynccontextmanager
async def client(answer: Answer = echo, request_s: float = 60) -> AsyncIterator[tuple]:  # type: ignore[type-arg]
    tasks = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.ensure_future(Connection(reader, writer, answer, request_s=request_s).run()))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield reader, writer
        writer.close()
        await asyncio.wait_for(asyncio.gather(*tasks), TIMEOUT_S)
    finally:
        server.close()


def post(body: bytes, *headers: str) -> bytes:
    lines = ["POST /v1/completions?x=1 HTTP/1.1", "Host: me", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def said(data: bytes, request_s: float = 60) -> bytes:
    """All that is answered to `data`, until the server hangs up."""
    async with client(request_s=request_s) as (reader, writer):
        writer.write(data)
        return bytes(await asyncio.wait_for(reader.read(), TIMEOUT_S))


@pytest.mark.asyncio
async def test_requests_of_one_connection_are_answered_in_order() -> None:
    async with client() as (reader, writer):
        writer.write(post(b"one") + post(b"two"))
        for text in (b"one", b"two"):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)
            assert head.startswith(b"HTTP/1.1 200")
            assert b"nosniff" in head
            assert await reader.readexactly(len(b"POST /v1/completions me ") + 3) == b"POST /v1/completions me " + text


@pytest.mark.asyncio
async def test_a_body_in_chunks_and_one_that_waits_for_its_continue() -> None:
    start = b"POST / HTTP/1.1\r\nHost: me\r\nConnection: close\r\n"
    chunked = await said(start + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert chunked.endswith(b"POST / me abc")
    async with client() as (reader, writer):
        writer.write(start + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)).startswith(b"HTTP/1.1 100")
        writer.write(b"abc")
        assert (await asyncio.wait_for(reader.read(), TIMEOUT_S)).endswith(b"POST / me abc")


@pytest.mark.asyncio
async def test_head_gets_no_body() -> None:
    assert (await said(b"HEAD / HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n")).endswith(b"\r\n\r\n")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"what is this\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),  # no Host
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000, b"431"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {MOST_BODY_BYTES + 1}\r\n\r\n".encode(), b"413"),
        (post(b"x" * (MOST_BODY_BYTES + 1)), b"413"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 0x8000 + b"\r\n",
            None,
        ),
    ],
)
async def test_what_is_not_answered(data: bytes, status: bytes | None) -> None:
    if status is None:  # the same chunk again and again
        head, chunk = data.split(b"\r\n\r\n", 1)
        data, status = head + b"\r\n\r\n" + chunk * 40, b"413"
    answer = await said(data)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b'"error"' in answer and b"close" in answer


@pytest.mark.asyncio
async def test_the_largest_body_is_read() -> None:
    answer = await said(post(b"x" * MOST_BODY_BYTES, "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.asyncio
@pytest.mark.parametrize("data", [b"", b"POST / HTT", post(b"abc")[:-1]])
async def test_who_is_too_slow_is_hung_up_on(data: bytes) -> None:
    assert await said(data, request_s=0.05) == b""


@pytest.mark.asyncio
@pytest.mark.parametrize("abort", [False, True])
async def test_a_client_that_goes_away_cancels_the_work(abort: bool) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def never(request: Request) -> Response:
        begun.set()
        try:
            return await asyncio.Future()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with client(never) as (_, writer):
        writer.write(post(b"abc"))
        await asyncio.wait_for(begun.wait(), TIMEOUT_S)
        if abort:
            writer.transport.abort()
        else:
            writer.close()
        await asyncio.wait_for(cancelled.wait(), TIMEOUT_S)
