"""Requests to a host that answers: streamed, healed, stopped, cancelled; keys, proxies, affinity, probes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from engine.remote.asking import CONTROLS, HANG_S, engine_at, fim, request, result

from lsp_experts.engine.protocol import Complete, Stop
from lsp_experts.engine.remote.engine import AFFINITY_HEADER
from lsp_experts.errors import EngineError, RemoteFailed
from lsp_experts.lab.faults.bad_host import head
from lsp_experts.lab.faults.bad_remote import BadRemote, Heard, Line
from lsp_experts.lab.faults.remote_replies import DONE, FAULTS, STREAM, event, saying, sending

WHOLE = json.dumps({"choices": [{"text": "one\ntwo", "finish_reason": "stop"}]}).encode()


@pytest.mark.asyncio
async def test_a_stream_comes_in_pieces_and_ends_at_the_line() -> None:
    reply = sending(STREAM, event("x = "), event("1"), event("\ny"), then_waits=True)
    async with BadRemote.serving(reply) as remote, engine_at(remote.endpoint) as engine:
        call = engine.complete(request())
        report = await result(call)
        assert (report.text, report.stop, [piece async for piece in call.pieces]) == ("x = 1", "lines", ["x = ", "1"])
        assert (report.decoded_tokens, report.joint_probability, report.line_probabilities) == (3, 1.0, (1.0,))
        async with asyncio.timeout(HANG_S):
            await remote.until(lambda: remote.hang_ups == 1)  # so the engine there stops
        (heard,) = remote.heard
        assert (heard.method, heard.path) == ("POST", "/v1/completions") and heard.asked["stream"] is True
        assert heard.asked["prompt"] == "<|fim_prefix|>head\n<|fim_suffix|>\n<|fim_middle|>"
        assert "authorization" not in heard.headers and heard.headers["accept-encoding"] == "identity"
        assert engine.health.state == "prompt"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([bytes([byte]) for byte in STREAM + event("größe").replace(b"\\u00f6", "ö".encode()) + DONE], "größe"),
        ([head(200, Content_Type="application/json; charset=utf-8"), WHOLE], "one"),
        ([STREAM, event("x"), DONE], "x"),  # never says why it ends
        ([STREAM, event("a<|fim_suffix|>b"), event("", finish_reason="stop")], "a"),  # a control token as text
    ],
)
async def test_other_ways_to_answer(parts: list[bytes], text: str) -> None:
    async with BadRemote.serving(sending(*parts)) as remote, engine_at(remote.endpoint) as engine:
        assert (await result(engine.complete(request()))).text == text


@pytest.mark.asyncio
async def test_what_was_typed_of_a_word_is_spelled_again() -> None:
    async with BadRemote.serving(saying(" re", "turn x", "\n")) as remote, engine_at(remote.endpoint) as engine:
        report = await result(engine.complete(request("    retu")))
        assert (report.text, report.stop) == ("rn x", "lines")
        assert [heard.asked["prompt"] for heard in remote.heard] == [
            "<|fim_prefix|>head\n<|fim_suffix|>\n<|fim_middle|>   "
        ]


@pytest.mark.asyncio
async def test_a_host_that_spells_something_else_is_asked_once_more_without_healing() -> None:
    async with BadRemote.serving(saying(" x", "y")) as remote, engine_at(remote.endpoint) as engine:
        report = await result(engine.complete(request("    retu")))
        assert report.text == " xy"
        assert [heard.asked["prompt"].rpartition("|>")[2] for heard in remote.heard] == ["   ", "    retu"]


@pytest.mark.asyncio
async def test_unhealed_requests_and_warming() -> None:
    async with BadRemote.serving(saying("rn", "\n")) as remote, engine_at(remote.endpoint) as engine:
        assert (await result(engine.complete(request("    retu", heal=False)))).text == "rn"
        report = await result(engine.complete(request("    retu", heal=False, stop=Stop(max_tokens=0))))
        assert (report.text, report.stop) == ("", "warm")
        assert remote.heard[1].asked["max_tokens"] == 1


@pytest.mark.asyncio
async def test_a_text_that_spells_a_control_token_is_never_sent() -> None:
    async with BadRemote.serving(saying("x")) as remote, engine_at(remote.endpoint) as engine:
        with pytest.raises(EngineError) as raised:
            await result(engine.complete(Complete("far", fim(f"a {CONTROLS[0]}", "b"))))
        assert raised.value.code == "bad_request"
        assert (remote.connections, engine.health.state) == (0, "unknown")


@pytest.mark.asyncio
async def test_cancel_closes_the_stream_and_what_comes_after_it_is_nobody_s() -> None:
    async def reply(heard: Heard, line: Line) -> None:
        await line.say(STREAM, event("x"))
        await line.wait()
        await line.say(event("late"), DONE)

    async with BadRemote.serving(reply) as remote, engine_at(remote.endpoint) as engine:
        call = engine.complete(request())
        async with asyncio.timeout(HANG_S):
            assert await anext(call.pieces) == "x"
            call.cancel()
            await remote.until(lambda: remote.hang_ups == 1)
        with pytest.raises(EngineError) as raised:
            await call.result()
        assert raised.value.code == "cancelled" and engine.health.state == "unknown"


@pytest.mark.asyncio
async def test_close_ends_what_runs_and_nothing_starts_any_more() -> None:
    async with BadRemote.serving(FAULTS["never answers"][0]) as remote, engine_at(remote.endpoint) as engine:
        calls = [engine.complete(request()) for _ in range(3)]
        async with asyncio.timeout(HANG_S):
            await remote.until(lambda: len(remote.heard) == 3)
            await engine.close()
            await remote.until(lambda: remote.hang_ups == 3)
        calls.append(engine.complete(request()))
        for call in calls:
            with pytest.raises(EngineError) as raised:
                await result(call)
            assert raised.value.code == "cancelled"
        assert len(remote.heard) == 3


@pytest.mark.asyncio
async def test_after_a_rest_one_request_probes() -> None:
    now = 0.0
    async with BadRemote.serving(FAULTS["500"][0]) as remote, engine_at(remote.endpoint, clock=lambda: now) as engine:
        with pytest.raises(RemoteFailed):
            await result(engine.complete(request()))
        now, remote.reply = 1.0, FAULTS["never answers"][0]
        abandoned = engine.complete(request())
        assert engine.complete(request()).ended, "one at a time"
        async with asyncio.timeout(HANG_S):
            await remote.until(lambda: len(remote.heard) == 2)
        remote.reply = saying("x")
        abandoned.cancel()
        call = engine.complete(request())  # a keystroke later, in the same breath
        assert engine.complete(request()).ended
        assert (await result(call)).text == "x"
        assert engine.health.state == "prompt"


@pytest.mark.asyncio
async def test_a_connection_is_kept_where_the_host_keeps_it() -> None:
    async def reply(heard: Heard, line: Line) -> None:
        said = event("x", finish_reason="stop")
        fields = f"HTTP/1.1 200 said\r\nContent-Type: text/event-stream\r\nContent-Length: {len(said)}\r\n\r\n"
        await line.say(fields.encode(), said)
        await line.wait()

    async with BadRemote.serving(reply) as remote:
        async with engine_at(remote.endpoint) as engine:
            assert (await result(engine.complete(request()))).text == "x"
        async with asyncio.timeout(HANG_S):
            await remote.until(lambda: remote.hang_ups == 1)


@pytest.mark.asyncio
async def test_the_document_is_a_hash_that_only_this_engine_makes() -> None:
    async with BadRemote.serving(saying("x")) as remote:
        for _ in range(2):
            async with engine_at(remote.endpoint) as engine:
                for affinity in ("file:///a.py", "file:///a.py", "file:///b.py", ""):
                    await result(engine.complete(request(), affinity=affinity))
        found = [heard.headers.get(AFFINITY_HEADER.lower()) for heard in remote.heard]
        assert found[0] == found[1] and len({*found}) == 5 and found[3] is found[7] is None
        assert all(len(name) == 16 for name in found if name)


@pytest.mark.asyncio
async def test_the_key_comes_from_the_environment_and_is_read_again_once_it_was_refused() -> None:
    now, environment = 0.0, {"TEAM_KEY": "old"}
    async with (
        BadRemote.serving(FAULTS["401"][0]) as remote,
        engine_at(remote.endpoint, key_variable="TEAM_KEY", environment=environment, clock=lambda: now) as engine,
    ):
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(request()))
        assert "TEAM_KEY" in raised.value.remedy and engine.health.rest_until == 60
        now, environment["TEAM_KEY"], remote.reply = 60.0, "new\n", saying("x")
        await result(engine.complete(request()))
        assert [heard.headers["authorization"] for heard in remote.heard] == ["Bearer old", "Bearer new"]


@pytest.mark.asyncio
async def test_a_key_that_no_header_can_carry_is_not_sent() -> None:
    key = "two\r\nlines"
    async with (
        BadRemote.serving(saying("x")) as remote,
        engine_at(remote.endpoint, key_variable="TEAM_KEY", environment={"TEAM_KEY": key}) as engine,
    ):
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(request()))
        assert raised.value.reason == "key refused" and "two" not in str(raised.value) and remote.connections == 0


@pytest.mark.asyncio
async def test_the_keyring_is_asked_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text("def get_password(service, user):\n    return f'{service} of {user}'\n")
    monkeypatch.syspath_prepend(tmp_path)
    async with BadRemote.serving(saying("x")) as remote, engine_at(remote.endpoint) as engine:
        await result(engine.complete(request()))
        assert remote.heard[0].headers["authorization"] == "Bearer lsp-experts of 127.0.0.1"


@pytest.mark.asyncio
async def test_no_proxy_sees_what_goes_to_this_machine_and_other_hosts_are_reached_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with BadRemote.serving(sending(head(403))) as proxy, BadRemote.serving(saying("x")) as remote:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        async with engine_at(remote.endpoint) as engine:
            assert (await result(engine.complete(request()))).text == "x"
        assert proxy.connections == 0
        environment = {"TEAM_KEY": "secret"}
        async with engine_at(
            "https://models.example.org/v1", key_variable="TEAM_KEY", environment=environment
        ) as engine:
            with pytest.raises(RemoteFailed) as raised:
                await result(engine.complete(request()))
        assert raised.value.reason == "unreachable"
        (heard,) = proxy.heard
        assert (heard.method, heard.path, heard.body) == ("CONNECT", "models.example.org:443", b"")
        assert "authorization" not in heard.headers


@pytest.mark.asyncio
async def test_certificates_that_cannot_be_read_are_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    async with engine_at("https://models.example.org/v1") as engine:
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(request()))
        assert raised.value.reason == "untrusted" and "SSL_CERT_FILE" in raised.value.remedy


@pytest.mark.asyncio
async def test_time_after_the_first_token_ends_it_with_what_was_said() -> None:
    ticks = iter(range(1000))
    reply = sending(STREAM, *[event("word ")] * 8, then_waits=True)
    async with BadRemote.serving(reply) as remote, engine_at(remote.endpoint, clock=lambda: next(ticks)) as engine:
        report = await result(engine.complete(request(stop=Stop(max_tokens=16, time_ms=3000))))
        assert (report.text, report.stop) == ("word " * 4, "time")
