"""The socket form of the server."""

from __future__ import annotations

import asyncio
import re

import pytest
from server.rawclient import TIMEOUT_S, RawClient, framed

from lsp_experts.errors import UsageError
from lsp_experts.server.serve import serve


@pytest.mark.asyncio
async def test_one_client_on_loopback() -> None:
    async with RawClient.start("--tcp") as client:
        await client.until_stderr(b"listening on")
        found = re.search(rb"listening on 127\.0\.0\.1:(\d+)", client.stderr)
        assert found
        reader, writer = await asyncio.open_connection("127.0.0.1", int(found.group(1)))
        for message in (
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}},
            {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
            {"jsonrpc": "2.0", "method": "exit"},
        ):
            writer.write(framed(message))
        answers = await asyncio.wait_for(reader.read(), TIMEOUT_S)
        assert b'"inlineCompletionProvider":{}' in answers
        assert b'"id":2,"result":null' in answers
        assert await client.ended() == 0
        writer.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "192.0.2.1", ""])
def test_other_hosts_are_refused(host: str) -> None:
    def build(*_: object) -> None: ...

    with pytest.raises(UsageError, match="not this machine"):
        serve(tcp=True, host=host, port=0, log_file=None, log_level="info", build=build)  # type: ignore[arg-type]
