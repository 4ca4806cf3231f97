"""What a host of a remote expert may say to a request: completions, and everything that is none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from types import MappingProxyType

from lsp_experts.lab.faults.bad_host import head
from lsp_experts.lab.faults.bad_remote import Heard, Line, Reply

STREAM = head(200, Content_Type="text/event-stream")
DONE = b"data: [DONE]\n\n"
_MEBIBYTE = 1024 * 1024


def event(text: str, **more: object) -> bytes:
    """One event of a stream that says `text`; `more` goes into its choice."""
    return b"data: " + json.dumps({"choices": [{"index": 0, "text": text, **more}]}).encode() + b"\n\n"


def saying(*texts: str) -> Reply:
    """A reply that says `texts`, an event each, and ends as it should."""

    async def reply(heard: Heard, line: Line) -> None:
        await line.say(STREAM, *map(event, texts), event("", finish_reason="stop"), DONE)

    return reply


def sending(*parts: bytes, then_waits: bool = False) -> Reply:
    """A reply of these bytes, head and body."""

    async def reply(heard: Heard, line: Line) -> None:
        await line.say(*parts)
        if then_waits:
            await line.wait()

    return reply


def _answer(status: int, kind: str, body: bytes, **fields: object) -> Reply:
    return sending(head(status, Content_Type=kind, Content_Length=len(body), **fields), body)


_ERROR = b'{"error": {"message": "no"}}'
_HTML = b"<!DOCTYPE html><title>Sign in</title>"
_WHOLE = json.dumps({"choices": [{"text": "x", "finish_reason": "stop"}]}).encode()

# Each with the reason that RemoteFailed should give.
FAULTS: Mapping[str, tuple[Reply, str]] = MappingProxyType(
    {
        "never answers": (sending(then_waits=True), "too late"),
        "never closes": (sending(STREAM, event("x"), then_waits=True), "too late"),
        "only comments": (sending(STREAM, b": still here\n\n" * 100, then_waits=True), "too late"),
        "hangs up": (sending(), "unreachable"),
        "drops mid-stream": (sending(STREAM, event("x")), "unreachable"),
        "drops mid-event": (sending(STREAM, event("x")[:-9]), "unreachable"),
        "drops mid-chunk": (
            sending(head(200, Content_Type="text/event-stream", Transfer_Encoding="chunked"), b"fff\r\n", event("x")),
            "unreachable",
        ),
        "no HTTP": (sending(b"SSH-2.0-OpenSSH_9.9\r\n"), "unreachable"),
        "401": (_answer(401, "application/json", _ERROR), "key refused"),
        "403": (_answer(403, "text/html", _HTML), "key refused"),
        "404": (_answer(404, "application/json", _ERROR), "not found"),
        "429": (_answer(429, "application/json", _ERROR, Retry_After=120), "too many requests"),
        "500": (_answer(500, "text/html", _HTML), "server error"),
        "error in the stream": (sending(STREAM, b"data: " + _ERROR + b"\n\n"), "server error"),
        "400": (_answer(400, "application/json", _ERROR), "not an answer"),
        "redirect": (_answer(307, "text/html", b"", Location="http://127.0.0.1:9/v1/completions"), "not an answer"),
        "HTML": (_answer(200, "text/html", _HTML), "not an answer"),
        "HTML as JSON": (_answer(200, "application/json", _HTML), "not an answer"),
        "HTML in a stream": (sending(STREAM, b"data: ", _HTML, b"\n\n"), "not an answer"),
        "wrong content type": (_answer(200, "application/octet-stream", _WHOLE), "not an answer"),
        "no content type": (sending(head(200), _WHOLE), "not an answer"),
        "no choices": (_answer(200, "application/json", b'{"choices": []}'), "not an answer"),
        "a list": (_answer(200, "application/json", b"[]"), "not an answer"),
        "a chat": (sending(STREAM, b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'), "not an answer"),
        "nested JSON": (_answer(200, "application/json", b"[" * 100_000), "not an answer"),
        "invalid UTF-8": (sending(STREAM, event("x")[:-6] + b"\xff\xfe\n\n"), "not an answer"),
        "gzip bomb": (
            _answer(200, "application/json", gzip.compress(bytes(4 * _MEBIBYTE)), Content_Encoding="gzip"),
            "not an answer",
        ),
        "a megabyte per token": (sending(STREAM, *[event("x" * _MEBIBYTE)] * 2), "too much"),
        "a line that never ends": (sending(STREAM, b"data: ", *[b"x" * 65536] * 64), "too much"),
        "comments without end": (sending(STREAM, *[b": %s\n" % (b"x" * 32768)] * 256), "too much"),
        "a kilobyte per token": (sending(STREAM, *[event("x " * 512)] * 64), "too much"),
        "a whole of megabytes": (_answer(200, "application/json", b" " * 2 * _MEBIBYTE), "too much"),
    }
)
