"""Bad input on the wire: each row is one of the faults a language server meets, with what it gets."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from server.rawclient import INLINE, RawClient, at, framed, inserted

in_module = pytest.mark.asyncio(loop_scope="module")
URI = "untitled:a"
ZERO = {"line": 0, "character": 0}


def rpc(**fields: Any) -> bytes:
    return framed({"jsonrpc": "2.0", **fields})


_NUMBERS = itertools.count(1000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RawClient]:
    """One server for the tables: what a row breaks, the next one notices. Its home is none of one test's."""
    async with RawClient.start(home=tmp_path_factory.mktemp("home")) as client:
        await client.initialize()
        yield client


async def alive(client: RawClient) -> None:
    """The server still answers, exactly once, and nothing popped up."""
    request_id = next(_NUMBERS)
    client.open("untitled:alive", "abc")
    assert inserted(await client.call(request_id, INLINE, at("untitled:alive", 0, 3))) == ["<abc>"]
    assert len(client.answers[request_id]) == 1
    assert not [message for message in client.sent if message["method"].startswith("window/")]


@in_module
@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"Content-Length: 3\r\n\r\n{{{", -32700, id="P-01 not JSON"),
        pytest.param(b"Content-Length: 2\r\n\r\n\xff\xfe", -32700, id="P-01 not UTF-8"),
        pytest.param(framed([]), -32600, id="P-01 list"),
        pytest.param(framed(None), -32600, id="P-01 null"),
        pytest.param(rpc(id=1), -32600, id="no method"),
        pytest.param(framed({"id": 1, "method": INLINE}), -32600, id="no version"),
        pytest.param(rpc(id=1, method=7), -32600, id="method is a number"),
        pytest.param(rpc(id=None, method="shutdown"), -32600, id="P-19 null id"),
        pytest.param(rpc(id=1.5, method="shutdown"), -32600, id="float id"),
        pytest.param(rpc(id=True, method="shutdown"), -32600, id="bool id"),
        pytest.param(rpc(id=[], method="shutdown"), -32600, id="list id"),
        pytest.param(b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000, -32700, id="P-18 nested"),
        pytest.param(b'Content-Length: 5\r\n\r\n{"a":1}', -32700, id="length too short"),
        pytest.param(b"Content-Length: 1000000000000\r\n\r\n", None, id="P-02 10^12"),
        pytest.param(b"Content-Length: -5\r\n\r\n", None, id="P-04 negative"),
        pytest.param(b"x" * 1_000_000 + b"\n", None, id="P-04 long line"),
        pytest.param(rpc(id="x", result=None), None, id="answer nobody waits for"),
        pytest.param(rpc(id=[], error=3), None, id="malformed answer"),
        pytest.param(rpc(method="$/x", params=3), None, id="P-10 $/ notification"),
        pytest.param(rpc(method="$/cancelRequest", params=3), None, id="P-12 cancel of 3"),
        pytest.param(rpc(method="$/cancelRequest", params={"id": 9}), None, id="P-12 unknown"),
        pytest.param(rpc(method="textDocument/didOpen", params={}), None, id="bad didOpen"),
        pytest.param(rpc(method="textDocument/didFocus", params=[1]), None, id="bad didFocus"),
        pytest.param(rpc(method="textDocument/didClose", params={"textDocument": {"uri": "x"}}),
                     None, id="didClose of an unopened document"),
    ],
)  # fmt: skip
async def test_a_message_that_is_none(shared: RawClient, data: bytes, code: int | None) -> None:
    shared.answers.pop(None, None)
    shared.raw(data)
    await alive(shared)
    errors = [answer["error"] for answer in shared.answers[None]]
    assert [error["code"] for error in errors] == ([code] if code else [])
    assert all(set(error) == {"code", "message"} for error in errors)


@in_module
@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        pytest.param(INLINE, at(line=-1), -32602, id="P-05 line -1"),
        pytest.param(INLINE, at(line=2**31), -32602, id="P-05 line 2^31"),
        pytest.param(INLINE, at(line=1.5), -32602, id="P-06 float"),
        pytest.param(INLINE, at(line=True), -32602, id="bool line"),
        pytest.param(INLINE, at(line="1"), -32602, id="text line"),
        pytest.param(INLINE, {}, -32602, id="no fields"),
        pytest.param(INLINE, None, -32602, id="no params"),
        pytest.param(INLINE, [1, 2], -32602, id="list params"),
        pytest.param("textDocument/completion", {"textDocument": {"uri": 3}, "position": ZERO}, -32602, id="uri 3"),
        pytest.param("initialize", {"capabilities": {}}, -32600, id="P-08 second initialize"),
        pytest.param("no/such", {}, -32601, id="P-10 unknown"),
        pytest.param("$/such", {}, -32601, id="P-10 $/ request"),
        pytest.param("textDocument/hover", at(), -32601, id="P-10 not offered"),
    ],
)
async def test_a_request_that_is_refused(shared: RawClient, method: str, params: Any, code: int) -> None:
    shared.open(URI, "kept")
    answer = await shared.call(next(_NUMBERS), method, params)
    assert answer["error"]["code"] == code
    assert set(answer["error"]) == {"code", "message"}
    assert inserted(await shared.call(next(_NUMBERS), INLINE, at(character=4))) == ["<kept>"]
    await alive(shared)


@in_module
@pytest.mark.parametrize(
    ("uri", "params", "reason"),
    [
        pytest.param("file:///etc/passwd", {}, "document not open", id="P-16 not open"),
        pytest.param("http://evil/x", {}, "document not open", id="P-17 other scheme"),
        pytest.param(URI, {"version": 7}, "stale version", id="P-14 other version"),
        pytest.param("untitled:silent", {}, "scripted", id="silent"),
        pytest.param("untitled:raise-secret", {}, "error", id="P-11 the completer fails"),
    ],
)
async def test_silence_is_an_empty_answer_with_a_reason(
    shared: RawClient, uri: str, params: dict[str, Any], reason: str
) -> None:
    for opened in (URI, "untitled:silent", "untitled:raise-secret"):
        shared.open(opened, "canary4711")
    before = (await shared.call(next(_NUMBERS), "lspExperts/status"))["result"]["silences"]
    assert inserted(await shared.call(next(_NUMBERS), INLINE, at(uri, **params))) == []
    after = (await shared.call(next(_NUMBERS), "lspExperts/status"))["result"]["silences"]
    assert after == {**before, reason: before.get(reason, 0) + 1}
    await alive(shared)
    assert b"canary4711" not in shared.stderr


@pytest.mark.asyncio
async def test_any_scheme_is_served_from_memory() -> None:  # P-17
    async with RawClient.start() as client:
        await client.initialize()
        for number, uri in enumerate(("vscode-notebook-cell:/x#1", "http://evil/x", "", "file:///C:/a b.go")):
            client.open(uri, f"text{number}")
            assert inserted(await client.call(number, INLINE, at(uri, character=9))) == [f"<text{number}>"]


@pytest.mark.asyncio
async def test_before_initialize_and_after_shutdown() -> None:
    async with RawClient.start() as client:
        client.open(URI, "lost")
        assert (await client.call(1, INLINE, at()))["error"]["code"] == -32002  # P-07
        assert (await client.call(2, "initialize", {}))["error"]["code"] == -32602
        await client.initialize()
        assert inserted(await client.call(3, INLINE, at())) == []
        assert (await client.call(4, "shutdown"))["result"] is None
        assert (await client.call(5, INLINE, at()))["error"]["code"] == -32600  # P-09
        assert (await client.call(6, "shutdown"))["error"]["code"] == -32600
        client.notify("exit")
        assert await client.ended() == 0


@pytest.mark.asyncio
async def test_a_handler_that_raises_tells_nothing_of_it() -> None:  # P-11
    async with RawClient.start() as client:
        await client.initialize()
        client.open("untitled:status-raises", "x")
        error = (await client.call(1, "lspExperts/status"))["error"]
        assert error["code"] == -32603
        assert "secret" not in json.dumps(error)
        await alive(client)
        assert b"RuntimeError" in client.stderr
        assert b"secret" not in client.stderr


@pytest.mark.asyncio
async def test_cancel_is_answered_at_once_and_stops_the_work() -> None:  # P-12
    async with RawClient.start() as client:
        await client.initialize()
        client.open("untitled:slow", "x")
        client.ask("17", INLINE, at("untitled:slow"))
        client.ask(17, INLINE, at("untitled:slow"))  # another id; the same question shares the work
        client.notify("$/cancelRequest", {"id": "17"})
        assert (await client.answer("17"))["error"]["code"] == -32800
        assert not client.answers[17]
        client.notify("$/cancelRequest", {"id": 17})
        assert (await client.answer(17))["error"]["code"] == -32800
        status = (await client.call(1, "lspExperts/status"))["result"]
        assert status["cancelled"] == 1
        assert [event[0] for event in status["events"]] == ["opened", "complete"]


@pytest.mark.asyncio
async def test_a_newer_question_supersedes_the_older_one() -> None:
    async with RawClient.start() as client:
        await client.initialize()
        client.open("untitled:slow", "xy")
        client.ask(1, INLINE, at("untitled:slow", 0, 1))
        client.ask(2, INLINE, at("untitled:slow", 0, 2))
        assert inserted(await client.answer(1)) == []
        client.ask(3, "textDocument/completion", at("untitled:slow", 0, 1))
        assert inserted(await client.answer(2)) == []
        client.notify("textDocument/didClose", {"textDocument": {"uri": "untitled:slow"}})
        assert (await client.answer(3))["result"] == {"isIncomplete": True, "items": []}
        status = (await client.call(4, "lspExperts/status"))["result"]
        assert status["silences"] == {"superseded": 3}
        assert status["cancelled"] == 3


@pytest.mark.asyncio
async def test_the_snapshot_is_taken_before_the_next_message() -> None:
    change = {
        "textDocument": {"uri": URI, "version": 2},
        "contentChanges": [{"range": {"start": ZERO, "end": ZERO}, "text": "new "}],
    }
    async with RawClient.start() as client:
        await client.initialize()
        client.open(URI, "old")
        await client.call("warm", INLINE, at(character=1))
        question = {"jsonrpc": "2.0", "id": 1, "method": INLINE, "params": at(character=3)}
        edit = {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change}
        client.raw(framed(question) + framed(edit))  # in one write
        await client.answer(1)
        events = (await client.call(2, "lspExperts/status"))["result"]["events"]
        seen = [event for event in events if event[0] == "complete" and event[3] == 3]
        assert seen in ([], [["complete", URI, 1, 3, False]])  # of the old version, or not at all
        assert ["changed", URI, 2, "new old"] in events


@pytest.mark.asyncio
async def test_an_answer_for_a_version_that_is_gone_is_dropped() -> None:
    async with RawClient.start() as client:
        await client.initialize()
        client.open("untitled:turns", "old")  # takes a few turns of the loop
        client.ask(1, INLINE, at("untitled:turns", 0, 3))
        whole = {"textDocument": {"uri": "untitled:turns", "version": 2}, "contentChanges": [{"text": "other"}]}
        client.notify("textDocument/didChange", whole)
        assert inserted(await client.answer(1)) == []
        assert (await client.call(2, "lspExperts/status"))["result"]["silences"] == {"document changed": 1}


@pytest.mark.asyncio
async def test_duplicate_ids_and_ids_like_ours() -> None:  # P-19
    async with RawClient.start() as client:
        await client.initialize({"workspace": {"configuration": True}})
        await client.until(lambda: client.sent)
        ours = client.sent[0]["id"]
        client.open("untitled:slow", "x")
        client.ask(ours, INLINE, at("untitled:slow"))
        client.ask(ours, INLINE, at("untitled:slow"))
        assert (await client.answer(ours))["error"]["code"] == -32600
        client.raw(framed({"jsonrpc": "2.0", "id": ours, "result": [{"maxTokens": 5}]}))
        await alive(client)
        status = (await client.call(1, "lspExperts/status"))["result"]
        assert status["settings"]["maxTokens"] == 5
        client.notify("$/cancelRequest", {"id": ours})
        await client.until(lambda: len(client.answers[ours]) == 2)
        assert client.answers[ours][1]["error"]["code"] == -32800


@pytest.mark.asyncio
async def test_a_jsonrpc_key_inside_params_is_nothing_special() -> None:  # P-18
    async with RawClient.start() as client:
        await client.initialize({}, initializationOptions={"jsonrpc": "2.0", "id": 3, "method": "x", "maxTokens": 7})
        status = (await client.call(1, "lspExperts/status"))["result"]
        assert status["settings"]["maxTokens"] == 7


@pytest.mark.asyncio
async def test_prints_do_not_reach_the_wire() -> None:  # P-27
    async with RawClient.start() as client:
        await client.initialize()
        client.open("untitled:print", "x")
        assert inserted(await client.call(1, INLINE, at("untitled:print", 0, 1))) == ["<x>"]
        await alive(client)
        assert b"this must not reach the wire" in client.stderr


@pytest.mark.asyncio
async def test_every_request_is_answered_exactly_once() -> None:
    """Valid, refused, cancelled and superseded ones, mixed."""
    async with RawClient.start() as client:
        await client.initialize()
        for uri in (URI, "untitled:slow"):
            client.open(uri, "abc")
        for number in range(600):
            kind = number % 6
            if kind == 0:
                client.ask(number, INLINE, at(character=number % 4))
            elif kind == 1:
                client.ask(number, INLINE, at("untitled:slow", character=number % 4))
            elif kind == 2:
                client.ask(number, INLINE, at(line=-1))
            elif kind == 3:
                client.ask(number, "no/such")
            elif kind == 4:
                client.ask(number, "textDocument/completion", at(character=number % 4))
            else:
                client.ask(number, INLINE, at("untitled:slow", character=number % 3))
                client.notify("$/cancelRequest", {"id": number})
        assert (await client.call("last", "shutdown"))["result"] is None
        assert {number: len(client.answers[number]) for number in range(600)} == dict.fromkeys(range(600), 1)


@pytest.mark.asyncio
async def test_documents_stay_out_of_the_log(tmp_path: Any) -> None:
    log = tmp_path / "log" / "server.log"
    async with RawClient.start("--log-file", str(log), "--log-level", "DEBUG") as client:
        await client.initialize()
        client.open("untitled:raise", "canary4711")
        await client.call(1, INLINE, at("untitled:raise", 0, 3))
        client.open(URI, "canary4711")
        assert inserted(await client.call(2, INLINE, at(character=10))) == ["<canary4711>"]
        client.notify("textDocument/didChange", {"textDocument": "canary4711"})
        await client.call(3, "shutdown")
        client.notify("exit")
        await client.ended()
        assert b"canary4711" not in client.stderr
    text = log.read_text()
    assert "RuntimeError" in text
    assert "canary4711" not in text
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.asyncio
async def test_a_client_that_does_not_read_loses_reports_only() -> None:  # K4
    async with RawClient.start() as client:
        await client.initialize({}, initializationOptions={"report": True})
        client.open(URI, "abc")
        for number in range(300):
            client.ask(number, INLINE, at(character=number % 4))
        for number in range(300):
            await client.answer(number)
        assert {message["method"] for message in client.sent} == {"lspExperts/completed", "lspExperts/status"}
