"""The objects of OpenAI's completions API that an answer becomes."""

from __future__ import annotations

import json

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.silence import Silence
from lsp_experts.server.http.answer import answer_response
from lsp_experts.server.http.question import CompletionQuestion

SAID = Suggestion("x", 0, "go-carved", "expert", prompt_tokens=7, decoded_tokens=3, language="go")


def question(*, stream: bool = False, usage: bool = False) -> CompletionQuestion:
    return CompletionQuestion("auto", "a", "b", None, (), stream, usage)


def test_whole() -> None:
    response = answer_response(SAID, "x", question(), 4)
    answer = json.loads(response.body)
    assert response.content_type == "application/json"
    assert answer.pop("created") > 1_700_000_000
    assert answer == {
        "id": "cmpl-4",
        "object": "text_completion",
        "model": "go-carved",
        "choices": [{"index": 0, "text": "x", "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        "lspExperts": {"expert": "go-carved", "reason": "expert", "language": "go"},
    }


def test_a_silence_is_an_empty_text_with_its_reason() -> None:
    answer = json.loads(answer_response(Silence("empty", "why"), "", question(), 1).body)
    assert answer["choices"][0]["text"] == ""
    assert answer["model"] == "auto"
    assert answer["lspExperts"] == {"silence": "empty", "detail": "why"}


def events(response_body: bytes) -> list[str]:
    *parts, last = response_body.decode().split("\n\n")
    assert last == ""
    return [part.removeprefix("data: ") for part in parts]


def test_stream() -> None:
    response = answer_response(SAID, "x", question(stream=True), 1)
    assert response.content_type == "text/event-stream"
    *parts, done = events(response.body)
    assert done == "[DONE]"
    found = [json.loads(part) for part in parts]
    assert [(each["choices"][0]["text"], each["choices"][0]["finish_reason"]) for each in found] == [
        ("x", None),
        ("", "stop"),
    ]
    assert all("usage" not in each and each["object"] == "text_completion" for each in found)


def test_stream_with_usage() -> None:
    *parts, _ = events(answer_response(SAID, "x", question(stream=True, usage=True), 1).body)
    *texts, usage = [json.loads(part) for part in parts]
    assert [each["usage"] for each in texts] == [None, None]
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 10)
