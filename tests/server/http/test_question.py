"""The body of POST /v1/completions: what is understood, and what is refused with the field's name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lsp_experts.server.http.question import CompletionQuestion, question_of
from lsp_experts.server.http.refusal import Refusal


def asked(**fields: Any) -> CompletionQuestion:
    return question_of(json.dumps(fields).encode())


def test_the_request_of_zed() -> None:
    question = asked(
        model="auto",
        prompt="<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>",
        max_tokens=64,
        stop=["<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"],
        environment=None,
    )
    assert (question.model, question.before, question.after, question.max_tokens) == ("auto", "a", "b", 64)
    assert len(question.stops) == 4 and not question.stream


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ({"prompt": "a"}, "a", ""),
        ({"prompt": ["a"]}, "a", ""),
        ({"prompt": "a", "suffix": "b"}, "a", "b"),
        ({"prompt": "[SUFFIX]b[PREFIX]a", "suffix": ""}, "[SUFFIX]b[PREFIX]a", ""),  # plain text, as it says itself
        ({"prompt": "[SUFFIX]b[PREFIX]a", "suffix": None}, "a", "b"),
        ({"prompt": "\ud83d\ude00 \ud800", "suffix": ""}, "😀 \ufffd", ""),
    ],
)
def test_texts(fields: dict[str, Any], before: str, after: str) -> None:
    question = asked(**fields)
    assert (question.before, question.after) == (before, after)


@pytest.mark.parametrize(("stop", "expected"), [(None, ()), ("x", ("x",)), (["x", ""], ("x",))])
def test_stops(stop: object, expected: tuple[str, ...]) -> None:
    assert asked(prompt="a", stop=stop).stops == expected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": "a", "suffix": 1}, "suffix"),
        ({"prompt": "a", "model": {}}, "model"),
        ({"prompt": "a", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "a", "max_tokens": True}, "max_tokens"),
        ({"prompt": "a", "max_tokens": "64"}, "max_tokens"),
        ({"prompt": "a", "stop": 1}, "stop"),
        ({"prompt": "a", "stop": ["x"] * 17}, "stop"),
        ({"prompt": "a", "n": 2}, "n"),
        ({"prompt": "a", "best_of": 3}, "best_of"),
        ({"prompt": "a", "echo": True}, "echo"),
        ({"prompt": "a", "logprobs": 5}, "logprobs"),
    ],
)
def test_wrong_fields_are_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as found:
        asked(**fields)
    assert found.value.status == 400
    assert found.value.body()["error"]["param"] == field
    assert field in found.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_other_bodies(body: bytes) -> None:
    with pytest.raises(Refusal) as found:
        question_of(body)
    assert (found.value.status, found.value.code) == (400, "invalid_json")
