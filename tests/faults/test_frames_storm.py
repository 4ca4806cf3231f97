"""Edits faster than anybody types, and a client that leaves its answers in the pipe: nothing is wrong or lost."""

from __future__ import annotations

import asyncio
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t

from lsp_experts.lab.faults.raw_client import TIMEOUT_S, RawClient
from lsp_experts.lab.faults.talk import GO, INLINE, at, changed
from lsp_experts.server.framing import CHUNK_BYTES
from lsp_experts.server.transport import Channel, Writer

LAUNCHER = (str(Path(__file__).parent.parent / "server" / "launch_scripted.py"),)
URI = "untitled:slow storm"


async def ready(client: RawClient, **capabilities: Any) -> None:
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    await client.call("initialize", "initialize", params)
    client.notify("initialized", {})


def opened(client: RawClient, uri: str, text: str) -> None:
    document = {"uri": uri, "languageId": "go", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})


def edit(lines: list[str], chance: random.Random) -> dict[str, Any]:
    """A random edit of `lines`, made there too. Columns count in UTF-16, which is what was agreed on."""
    first = chance.randrange(len(lines))
    last = min(len(lines) - 1, first + chance.randrange(3))
    start = chance.randint(0, len(lines[first]))
    end = chance.randint(start if last == first else 0, len(lines[last]))
    text = chance.choice(("x", "", "ab\ncd", "\n", "😋", "é", "\u2028", "\f", "tail"))
    units = [len(lines[line][:column].encode("utf-16-le")) // 2 for line, column in ((first, start), (last, end))]
    lines[first : last + 1] = (lines[first][:start] + text + lines[last][end:]).split("\n")
    ends = ({"line": first, "character": units[0]}, {"line": last, "character": units[1]})
    return {"range": {"start": ends[0], "end": ends[1]}, "text": text}


@pytest.mark.asyncio
async def test_the_text_after_a_storm_of_edits_is_the_reference() -> None:  # K3
    chance, lines, asked = random.Random(7), ["one", "two 😋", "three"], []
    async with RawClient.start({}, LAUNCHER) as client:
        await ready(client)
        opened(client, URI, "\n".join(lines))
        for version in range(2, 2002):
            client.notify("textDocument/didChange", changed(URI, version, edit(lines, chance)))
            if version % 40 == 0:
                client.ask(version, INLINE, at(URI, 0, 0))
                client.notify("$/cancelRequest", {"id": version})
                asked.append(version)
                await client.taken()
        await client.until(lambda: all(client.answers[version] for version in asked))
        status = (await client.call("status", "lspExperts/status"))["result"]
        client.ask("last", INLINE, at(URI, 0, 0))
        async with asyncio.timeout(TIMEOUT_S):
            for look in itertools.count():  # the question reaches the completer a turn of the loop later
                after = (await client.call(f"after {look}", "lspExperts/status"))["result"]
                if [event[2] for event in after["events"] if event[0] == "complete"][-1] == 2001:
                    break
    assert [client.answers[version][0]["error"]["code"] for version in asked] == [-32800] * 50
    assert all(len(client.answers[version]) == 1 for version in asked)
    changes = [event for event in status["events"] if event[0] == "changed"]
    assert len(changes) == 2000
    assert changes[-1][2:] == [2001, "\n".join(lines)[-200:]]


@pytest.mark.asyncio
async def test_a_client_that_reads_late_gets_everything(tmp_path: Path) -> None:  # K4
    count = 5000
    async with RawClient.start({"LSP_EXPERTS_HOME": str(tmp_path)}, LAUNCHER) as client:
        await ready(client)
        opened(client, GO, "abc")
        client.reads.clear()
        for number in range(count):  # some 600 KB of answers, and pipe and client hold about 200
            client.ask(number, "no/such/method", {"filler": "x" * 500})
            if number % 100 == 0:
                await client.taken()  # of 3 MB: the server reads on
        await client.taken()
        assert len(client.answers) < count
        client.reads.set()
        await client.until(lambda: client.answers[count - 1])
        assert [len(client.answers[number]) for number in range(count)] == [1] * count
        assert (await client.call("alive", INLINE, at(GO, 0, 3)))["result"]["items"][0]["insertText"] == "<abc>"


@pytest.mark.asyncio
async def test_what_nobody_waits_for_is_dropped_first() -> None:  # K4
    goes, written = asyncio.Event(), []
    loop = asyncio.get_running_loop()

    def write(data: bytes) -> None:
        asyncio.run_coroutine_threadsafe(goes.wait(), loop).result(TIMEOUT_S)
        written.append(data)

    writer = Writer(Channel(lambda _: b"", write, lambda: None), on_broken=lambda: None)
    writer.start()
    answer, report = b"a" * CHUNK_BYTES, b"r" * CHUNK_BYTES
    for _ in range(400):  # 25 MiB of each
        writer.send(answer)
        writer.send(report, droppable=True)
    goes.set()
    await asyncio.to_thread(writer.close, TIMEOUT_S)
    sent = b"".join(written)
    assert sent.count(answer) == 400
    assert 0 < sent.count(report) <= 8 * 1024 * 1024 // CHUNK_BYTES + 2


def test_the_reference_of_the_storm_is_not_the_product() -> None:
    """The edits that a test makes are those that it tells, in LSP's words."""
    lines = ["a😋b", "c"]
    told = edit(lines, random.Random(3))
    assert t.Position(**told["range"]["start"]) <= t.Position(**told["range"]["end"])
