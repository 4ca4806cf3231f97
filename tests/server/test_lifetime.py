"""When the server process ends, and that it ends in time, with everything it started."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable

import pytest
from server.rawclient import INLINE, RawClient, at, inserted

pytestmark = pytest.mark.asyncio


async def alive(client: RawClient) -> None:
    client.open("untitled:alive", "abc")
    assert inserted(await client.call("alive", INLINE, at("untitled:alive", 0, 3))) == ["<abc>"]


def _hang_up(client: RawClient) -> None:
    assert client.process.stdin
    client.process.stdin.close()


def _exit(client: RawClient) -> None:
    client.ask("bye", "shutdown")
    client.notify("exit")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param(_exit, 0, id="P-25 shutdown and exit"),
        pytest.param(lambda client: client.notify("exit"), 1, id="exit without shutdown"),
        pytest.param(_hang_up, 0, id="P-25 EOF"),
        pytest.param(lambda client: client.process.terminate(), 143, id="P-26 SIGTERM"),
    ],
)
async def test_the_process_ends_though_work_and_threads_are_busy(end: Callable[[RawClient], None], code: int) -> None:
    async with RawClient.start() as client:
        await client.initialize()
        for uri in ("untitled:slow", "untitled:thread"):
            client.open(uri, "x")
            client.ask(uri, INLINE, at(uri))
        child = (await client.call(1, "lspExperts/status"))["result"]["child"]
        before = time.monotonic()
        end(client)
        assert await client.ended() == code
        assert time.monotonic() - before < 10  # the thread sleeps for ten minutes
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


async def test_the_process_ends_with_its_client_even_if_the_pipe_stays_open() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    async with RawClient.start() as client:
        await client.initialize(processId=parent.pid)
        await alive(client)
        parent.kill()
        await parent.wait()
        assert await client.ended() == 1


async def test_a_client_that_cannot_be_seen_is_not_watched() -> None:
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    async with RawClient.start() as client:
        await client.initialize(processId=gone.pid)
        await alive(client)
