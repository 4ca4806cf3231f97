"""What is sent to a host and how its words are read: wording, healing, bodies, event streams, answers, speech. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from cursor import MARK

from lsp_experts.engine.protocol import Segment, Stop
from lsp_experts.engine.remote.answer import Said, SaidError, Token, said_in
from lsp_experts.engine.remote.body import body
from lsp_experts.engine.remote.event_stream import EventStream
from lsp_experts.engine.remote.healing import as_grammar, as_regex, head_of
from lsp_experts.engine.remote.speech import Speech
from lsp_experts.engine.remote.wording import worded
from lsp_experts.errors import EngineError
from lsp_experts.registry.entry import Remote, RemoteServer

CONTROLS = ("<|fim_prefix|>", "<|fim_middle|>", "<PRE>")


def test_segments_become_one_text() -> None:
    segments = (Segment("<|fim_prefix|>", True), Segment("a < b | c"), Segment("<|fim_middle|>", True), Segment("d"))
    assert worded(segments, CONTROLS) == "<|fim_prefix|>a < b | c<|fim_middle|>d"


@pytest.mark.parametrize(
    "segments",
    [
        (Segment("a <|fim_prefix|> b"),),
        (Segment("<|fim_prefix|>", True), Segment("x<|fim_prefix|>")),
        (Segment("a <|fim_"), Segment("prefix|>")),  # across a seam
        (Segment("<"), Segment("PRE>", True)),
        (Segment("<|fim_prefix|>", True), Segment("<PRE>"), Segment("<|fim_middle|>", True)),
    ],
)
def test_a_text_that_spells_a_control_token_is_refused(segments: tuple[Segment, ...]) -> None:
    with pytest.raises(EngineError) as raised:
        worded(segments, CONTROLS)
    assert raised.value.code == "bad_request"


@pytest.mark.parametrize(
    "marked",
    [
        "x =‸ retu", "   ‸ retu", "self‸.na", "f‸(na", "my‸_name", "‸camelCa",
        "x‸ = ", "f‸(", "if x‸:", "a[‸123", "1‸234", "a\n‸    ", "a\n‸", "a\r\n‸", "a\n‸b", "‸", "naïve‸ größ",
        "x" * 30 + "‸" + "y" * 24, "#" + " " * 10 + "‸" + " " * 24, "foo‸_", "x‸ 变量",
    ],
)  # fmt: skip
def test_the_head_is_the_last_piece(marked: str) -> None:
    before, head = marked.split(MARK)
    assert head_of((Segment("p", True), Segment(before + head))) == head


def test_nothing_is_healed_behind_control_text() -> None:
    assert head_of((Segment("retu"), Segment("<|fim_middle|>", True))) == "" and head_of(()) == ""


def test_a_head_is_quoted_for_grammars_and_regular_expressions() -> None:
    assert as_grammar('\t"\\(') == r'root ::= "\t\"\\(" .*'
    assert as_regex(" a[0].b(") == r" a\[0\]\.b\((.|\n)*"


@pytest.mark.parametrize(
    ("server", "more"),
    [
        (
            "llama-server",
            {"cache_prompt": True, "n_probs": 5, "timings_per_token": True, "grammar": 'root ::= " re" .*'},
        ),
        (
            "vllm",
            {
                "logprobs": 5,
                "skip_special_tokens": False,
                "repetition_penalty": 1.0,
                "stream_options": {"include_usage": True, "continuous_usage_stats": True},
                "structured_outputs": {"regex": r" re(.|\n)*"},
            },
        ),
        ("ollama", {}),
        ("tgi", {}),
        ("openai", {"logprobs": 5}),
    ],
)
def test_each_engine_is_asked_for_what_it_can(server: RemoteServer, more: dict[str, Any]) -> None:
    usual = {"model": "m", "prompt": "x =", "max_tokens": 9, "temperature": 0, "stream": True}
    assert body(Remote("http://127.0.0.1/v1", "m", server), "x =", " re", 9) == usual | more
    unhealed = body(Remote("http://127.0.0.1/v1", "m", server), "x = re", "", 9)
    assert not {"grammar", "structured_outputs"} & set(unhealed)


STREAM = 'data: {"a": "ä"}\n\n: still here\r\n\r\nevent: x\rdata:one\rdata: two\r\rdata: [DONE]\n\n'.encode()
EVENTS = ['{"a": "ä"}', "one\ntwo", "[DONE]"]


def test_events_may_come_in_any_pieces() -> None:
    for size in range(1, len(STREAM) + 1):
        stream = EventStream(100)
        pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
        assert [event for piece in pieces for event in stream.feed(piece)] == EVENTS, size


@pytest.mark.parametrize("data", [b"x" * 101, b"data: " + b"x" * 101 + b"\n", b"data: " + b"x" * 60 + b"\n"])
def test_lines_and_events_have_a_limit(data: bytes) -> None:
    stream = EventStream(100)
    with pytest.raises(OverflowError):
        stream.feed(data)
        stream.feed(data)


def told(text: str, **more: Any) -> str:
    return json.dumps({"choices": [{"text": text, **more}]})


TOP = [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1}]
LLAMA = {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": TOP}, {"token": "b", "logprob": 0}]}
LEGACY = {"tokens": ["a", "b"], "token_logprobs": [-0.5, None], "top_logprobs": [{"a": -0.5, "b": -1}, None]}
FIRST = Token("a", math.exp(-0.5), (("a", math.exp(-0.5)), ("b", math.exp(-1))))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (told("ab"), Said((Token("ab"),))),
        (told(""), Said()),
        (told("ab", finish_reason=""), Said((Token("ab"),))),  # TGI's way to say that more comes
        (told("ab", finish_reason="length"), Said((Token("ab"),), "length")),
        (told("ab", logprobs=LLAMA), Said((FIRST, Token("b")))),
        (told("ab", logprobs=LEGACY), Said((FIRST, Token("b")))),
        (told("é", logprobs={"tokens": ["\ufffd", "\ufffd"], "token_logprobs": [0, 0]}), Said((Token("é"),))),
        (told("a", logprobs={"tokens": 5, "content": [7]}), Said((Token("a"),))),
        (told("a", logprobs={"tokens": ["a"], "token_logprobs": [float("nan")]}), Said((Token("a"),))),
        (told("a", logprobs={"tokens": ["a"], "token_logprobs": [-(10**400)]}), Said((Token("a", 0.0),))),
        ('{"choices": [{"text": "\\ud800!"}]}', Said((Token("\ufffd!"),))),
        ('{"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}', Said((), "", 9, None, 2)),
        (
            '{"choices": [], "usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 7}}}',
            Said((), "", 2, 7),
        ),
        ('{"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": true}}', Said()),
        (
            '{"choices": [{"text": "a"}], "timings": {"prompt_n": 3, "cache_n": 40, "predicted_n": 1}}',
            Said((Token("a"),), "", 3, 40, 1),
        ),
    ],
)
def test_what_an_event_says(data: str, said: Said) -> None:
    assert said_in(data) == said


@pytest.mark.parametrize(
    "data",
    ["", "{", "[]", "7", "{}", '{"choices": 7}', '{"choices": []}', '{"choices": [7]}', '{"choices": [{"text": 7}]}',
     '{"choices": [{"delta": {"content": "x"}}]}', "[" * 100_000, "9" * 5000],
)  # fmt: skip
def test_what_is_no_answer(data: str) -> None:
    with pytest.raises(ValueError):
        said_in(data)


def test_an_error_among_the_events_is_one() -> None:
    with pytest.raises(SaidError):
        said_in('{"error": {"message": "CUDA out of memory"}}')


def heard(stop: Stop, must: str, *tokens: Token, finish: str = "") -> Speech:
    speech = Speech(stop, must)
    speech.hear(Said(tokens, finish))
    return speech


@pytest.mark.parametrize(
    ("must", "tokens", "ended", "unhealable"),
    [
        ("", ("a", "b"), None, False),
        ("", ("a", "\nb"), ("a", "lines"), False),
        (" retu", (" re", "turn", " x", "\n"), ("rn x", "lines"), False),
        (" retu", (" return x\n",), ("rn x", "lines"), False),
        (" retu", (" re",), None, False),
        (" retu", (" re", "ad"), None, True),
        ("", ("a", "b", "c", "d", "e"), ("abcd", "tokens"), False),
        ("(", ("(", "a", "b", "c", "d"), ("abcd", "tokens"), False),  # what is only healed counts for nothing
    ],
)
def test_a_speech_is_healed_and_ended(
    must: str, tokens: tuple[str, ...], ended: tuple[str, str] | None, unhealable: bool
) -> None:
    speech = heard(Stop(max_tokens=4), must, *map(Token, tokens))
    assert (speech.ended, speech.unhealable) == (ended, unhealable)


def test_a_speech_that_finishes_before_it_is_healed_is_unhealable() -> None:
    assert heard(Stop(), " retu", Token(" re"), finish="stop").unhealable
    assert heard(Stop(), "", Token("x"), finish="stop").ended == ("x", "end")
    assert heard(Stop(), "", Token("x"), finish="length").ended == ("x", "tokens")


def test_a_healed_token_has_its_share_among_those_that_agree() -> None:
    others = ((" print", 0.9), (" return", 0.03), (" ret", 0.01), (" x", 0.05))
    speech = heard(Stop(), " ret", Token(" return", 0.03, others))
    assert speech.spelling.line_probabilities(speech.spelling.text) == (pytest.approx(0.75),)
    assert heard(Stop(), " ret", Token(" return", 0.0)).spelling.line_probabilities("urn") == (1.0,)


def test_a_speech_has_a_limit() -> None:
    with pytest.raises(OverflowError):
        heard(Stop(max_tokens=4), "", Token("x" * 500))
