"""Fuzzing: the byte streams of the client, and of the engine in both directions."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lsp_experts.engine import framing, protocol
from lsp_experts.engine.client import EngineClient, Patience
from lsp_experts.engine.protocol import PROTOCOL_VERSION, Complete, CompleteReport, Load, StateReport
from lsp_experts.errors import EngineDied, EngineError
from lsp_experts.server.framing import Frames, frame

FUZZ = settings(derandomize=True, deadline=None, database=None, max_examples=100)
HUGE = 10**400  # a whole number in JSON, and no float
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(HUGE) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
HELLO = {"id": 0, "event": "hello", "protocol": PROTOCOL_VERSION, "build": {}}
DONE = {
    "id": 1, "event": "done", "text": "x", "stop": "end", "prompt_tokens": 1, "cached_tokens": 0, "decoded_tokens": 1,
    "first_token_ms": 1.0, "total_ms": 2.0, "joint_probability": 1.0, "line_probabilities": [1.0],
}  # fmt: skip


@FUZZ
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=5), st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_bodies_are_the_same_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream, found, reader = b"".join(map(frame, bodies)), list[bytes](), Frames()
    while stream:
        cut = cuts[len(stream) % len(cuts)]
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == bodies


@FUZZ
@given(st.binary(max_size=200), st.binary(min_size=1, max_size=40))
@example(b"Content-Length: -5\r\n\r\n{}", b"{}")
@example(b"Content-Length: 99999999999\r\n\r\n", b"{}")
def test_the_next_message_is_found_behind_any_noise_that_announces_no_body(noise: bytes, body: bytes) -> None:
    assert list(Frames().feed(noise + b"\r\n\r\n" + frame(body)))[-1:] == [body]


@FUZZ
@given(
    st.lists(st.sampled_from([b"Content-Length: ", b"content-length:", b"7", b"0", b"\r\n", b"\n", b"\0", b"{}", b" "]))
)
def test_headers_made_of_pieces_end_no_reader(pieces: list[bytes]) -> None:
    reader = Frames()
    bodies = list(reader.feed(b"".join(pieces)))
    assert all(bodies) and sum(map(len, bodies)) <= sum(map(len, pieces))


@FUZZ
@given(st.data())
def test_every_request_comes_through_the_pipe_as_it_was(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(protocol.OPERATIONS))
    request = data.draw(st.from_type(framing._REQUESTS[operation]).filter(lambda one: one == one))
    line = framing.encode_request(7, operation, request)
    assert line.isascii() and line.count(b"\n") == 1
    assert repr(framing.decode_request(line)) == repr((7, operation, request))  # nan is not equal to itself


@FUZZ
@given(st.binary(max_size=80))
def test_bytes_that_are_no_request_are_refused(line: bytes) -> None:
    with pytest.raises(EngineError):
        framing.decode_request(line)
    assert isinstance(framing.readable_id(line), int)


@FUZZ
@given(
    st.sampled_from(protocol.OPERATIONS),
    st.dictionaries(
        st.sampled_from(
            ["expert", "path", "n_ctx", "adapter_scale", "segments", "stop", "heal", "texts", "control_texts", "target"]
        ),
        JSON,
    ),
)
@example("load", {"expert": "go", "path": "x", "adapter_scale": HUGE})
def test_any_fields_are_a_request_or_are_refused(operation: str, fields: dict[str, Any]) -> None:
    line = json.dumps({"id": 1, "op": operation, **fields}).encode()
    try:
        _, _, request = framing.decode_request(line)
    except EngineError as error:
        assert error.code == "bad_request"
    else:
        assert isinstance(request, framing._REQUESTS[operation])


@FUZZ
@given(st.sampled_from([Load, CompleteReport, StateReport]), JSON)
@example(CompleteReport, {**DONE, "total_ms": HUGE})
@example(CompleteReport, {**DONE, "stop": "a new word"})
def test_any_json_is_a_report_or_is_refused(kind: type, value: Any) -> None:
    try:
        assert isinstance(framing.structure(value, kind), kind)
    except EngineError as error:
        assert error.code == "bad_request"


CRAFTED = [
    json.dumps(event).encode()
    for event in (DONE, {**DONE, "stop": "a new word"}, {**DONE, "total_ms": HUGE},
                  {"id": 1, "event": "progress", "fraction": HUGE}, {"id": 1, "event": "progress", "fraction": 0.5})
]  # fmt: skip
EVENTS = st.one_of(
    st.just(DONE),
    st.fixed_dictionaries({"id": st.just(1), "event": st.sampled_from(["piece", "progress", "done", "error", "hello"])},
                          optional={"text": JSON, "fraction": JSON, "work": JSON, "code": JSON, "message": JSON}),
    st.dictionaries(st.sampled_from(["id", "event", "text"]), JSON),
    JSON,
).map(lambda event: json.dumps(event).encode()) | st.binary(max_size=40)  # fmt: skip


@pytest.mark.asyncio
async def test_whatever_an_engine_writes_a_call_ends_once_and_nothing_is_raised_beside(tmp_path: Path) -> None:
    """Each life is a process that greets, waits for the request, and writes what hypothesis found."""
    uncaught: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: uncaught.append(context))
    lives: list[list[bytes]] = [[line] for line in CRAFTED]

    @settings(FUZZ, max_examples=60)
    @given(st.lists(EVENTS, max_size=4))
    def collect(lines: list[bytes]) -> None:
        lives.append(lines)

    collect()
    outcomes = [await outcome(tmp_path, lines) for lines in lives]
    gc.collect()  # a task whose exception nobody saw tells it when it goes
    await asyncio.sleep(0)
    assert uncaught == []
    assert {"a report", "died"} <= set(outcomes)


async def outcome(folder: Path, lines: list[bytes]) -> str:
    """What became of a completion that an engine answered with `lines` and its end."""
    hello, events = folder / "hello", folder / "events"
    hello.write_bytes(json.dumps(HELLO).encode() + b"\n")
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    argv = ["sh", "-c", 'cat "$0"; read -r line; cat "$1"', str(hello), str(events)]
    client = await EngineClient.start(argv, patience=Patience(close_s=0.01))
    deaths: list[object] = []
    client.when_dead(deaths.append)
    progress: list[float] = []
    load = client.load(Load("go", "x"), progress.append) if lines and b"progress" in lines[0] else None
    call = load or client.complete(Complete("go", ()))
    try:
        await asyncio.wait_for(call.result(), 30.0)
        found = "a report"
    except EngineDied:
        found = "died"
    except EngineError:
        found = "an error"
    await client.ended()
    assert len(deaths) == 1 and client.open_requests == 0
    assert all(0 <= fraction <= 1 for fraction in progress)
    return found
