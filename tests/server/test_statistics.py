"""Statistics on the wire: what clients send, whatever its shape, and what is on the disk in the end."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from server.rawclient import INLINE, RawClient, at
from server.test_statistics_file import DAY, RECORD

from lsp_experts.server.statistics import Statistics
from lsp_experts.server.statistics_file import read

in_module = pytest.mark.asyncio(loop_scope="module")
asynchronous = pytest.mark.asyncio
SHOW, PARTLY, EXECUTE = (
    "textDocument/didShowCompletion",
    "textDocument/didPartiallyAcceptCompletion",
    "workspace/executeCommand",
)
CANARY = "canary4711"
_NUMBERS = itertools.count(1000)
ODD = [None, 3, "x", True, [], [1], {}, {"a": 1}, 1e300, [[[]]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RawClient]:
    async with RawClient.start(home=tmp_path_factory.mktemp("home")) as client:
        await client.initialize()
        yield client


async def counts(client: RawClient) -> dict[str, int]:
    return dict((await client.call(next(_NUMBERS), "lspExperts/status"))["result"]["suggestions"])


async def items(client: RawClient, uri: str, text: str, method: str = INLINE) -> list[dict[str, Any]]:
    client.open(uri, text)
    answer = await client.call(next(_NUMBERS), method, at(uri, 0, len(text)))
    return list(answer["result"]["items"])


async def accept(client: RawClient, item: dict[str, Any]) -> dict[str, Any]:
    return dict(await client.call(next(_NUMBERS), EXECUTE, {**item["command"]}))


async def end(client: RawClient) -> None:
    await client.call("bye", "shutdown")
    client.notify("exit")
    assert await client.ended() == 0


def odd_items(item: dict[str, Any]) -> list[Any]:
    command = item["command"]
    return [
        *ODD,
        *({"item": value} for value in ODD),
        *({"item": {**item, "command": value}} for value in ODD),
        *({"item": {**item, "command": {**command, "arguments": value}}} for value in ODD),
        *({"item": {**item, "command": {**command, "arguments": [value]}}} for value in ODD),
    ]


@in_module
async def test_parameters_of_any_shape_change_nothing(shared: RawClient) -> None:
    (item,) = await items(shared, "untitled:odd", "x = ")
    shared.notify(SHOW, {"item": item})  # from now on nothing is taken for shown because time passes
    before = await counts(shared)
    for params in odd_items(item):
        shared.notify(SHOW, params)
        shared.notify(PARTLY, {**params, "acceptedLength": 3} if isinstance(params, dict) else params)
    for length in [*ODD, -1, 0]:
        if length != 3:
            shared.notify(PARTLY, {"item": item, "acceptedLength": length})
    for arguments in (None, [], [None], [3], [{}], [["x"]], ["nonsense"], ["x", "y"]):
        params = {"command": "lspExperts.accepted", "arguments": arguments}
        answer = await shared.call(next(_NUMBERS), EXECUTE, params)
        assert "result" not in answer or answer["result"] is None
    assert await counts(shared) == before
    assert not [message for message in shared.sent if message["method"].startswith("window/")]
    assert b"failed" not in shared.stderr


@in_module
async def test_shown_and_accepted_as_clients_of_copilot_tell(shared: RawClient) -> None:
    first, other = await items(shared, "untitled:two", "y = ")
    before = await counts(shared)
    shared.notify(SHOW, {"item": first})
    shared.notify(SHOW, {"item": first})
    shared.notify(SHOW, {"item": other})
    shared.notify(PARTLY, {"item": other, "acceptedLength": 2})
    assert (await accept(shared, first))["result"] is None
    assert (await accept(shared, first))["result"] is None
    after = await counts(shared)
    chars = len(first["insertText"]) + 2
    assert {name: after[name] - before[name] for name in after} == {"shown": 2, "accepted": 2, "acceptedChars": chars}
    status = (await shared.call(next(_NUMBERS), "lspExperts/status"))["result"]
    assert status["seen"].count(["untitled:two", first["insertText"]]) == 1


@asynchronous
@pytest.mark.parametrize("runs", [True, False])
async def test_popup_items_carry_the_command_for_clients_that_run_commands(runs: bool) -> None:
    async with RawClient.start() as client:
        await client.initialize({"workspace": {"executeCommand": {}}} if runs else {})
        (item,) = await items(client, "untitled:a", "x = ", "textDocument/completion")
        assert ("command" in item) is runs
        (inline,) = await items(client, "untitled:a", "x = ")
        assert inline["command"]["command"] == "lspExperts.accepted"
        assert CANARY not in json.dumps(inline["command"])


@asynchronous
@pytest.mark.parametrize("wanted", [True, False])
async def test_what_is_on_the_disk_in_the_end(home: Path, wanted: bool) -> None:
    async with RawClient.start() as client:
        await client.initialize(initializationOptions={"statistics": wanted})
        uri = f"file:///{CANARY}/{CANARY}.go"
        (item,) = await items(client, uri, CANARY)
        client.notify(SHOW, {"item": item})
        await accept(client, item)
        await items(client, f"untitled:{CANARY}", CANARY)  # not shown, or the client would say so
        await end(client)
    (records,) = read(home / "state" / "statistics").values() if wanted else ([],)
    assert [(record.outcome, record.expert, record.language) for record in records] == (
        [("whole", "go-expert", "go")] if wanted else []
    )
    files = [file for file in home.rglob("*") if file.is_file()]
    assert len(files) == wanted
    assert not any(CANARY in f"{file}{file.read_text()}" for file in files)


@asynchronous
async def test_a_disk_that_refuses_costs_nothing(home: Path) -> None:
    (home / "state").mkdir(parents=True)
    (home / "state" / "statistics").write_text("a file where the folder should be")
    async with RawClient.start() as client:
        await client.initialize()
        (item,) = await items(client, "untitled:a", "x = ")
        await accept(client, item)
        await end(client)


@asynchronous
async def test_they_are_written_together_and_the_last_ones_at_the_end(tmp_path: Path) -> None:
    slept = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.set()
        await asyncio.Event().wait()

    statistics = Statistics(tmp_path, sleep)
    late = replace(RECORD, chars=7)
    statistics.add(DAY, RECORD)
    statistics.add("2026-02-01", RECORD)
    await asyncio.wait_for(slept.wait(), 20)
    assert read(tmp_path) == {DAY: [RECORD], "2026-02-01": [RECORD]}
    statistics.add(DAY, late)
    await asyncio.wait_for(statistics.close(), 20)
    assert read(tmp_path)[DAY] == [RECORD, late]
