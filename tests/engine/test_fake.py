"""What the fake adds to the protocol: its toy tokens, its scripted texts, its faults (their effect: test_client.py)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.engine.fake_faults import Fault, parse
from lsp_experts.engine.fake_model import Scripted, ToyExpert, ToyWeights, Turn, script_of, toy_tokens
from lsp_experts.engine.protocol import Complete, CompleteReport, Load, Segment, Stop
from lsp_experts.errors import EngineError

P, S, M = (Segment(text, control=True) for text in ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"))


def toy_expert(script: str | None, n_ctx: int = 2048) -> ToyExpert:
    return ToyExpert("go", ToyWeights("", 1), 1, 0, n_ctx, () if script is None else (Scripted(script),))


def run(toy: ToyExpert, *segments: Segment, heal: bool = True, **stop: Any) -> tuple[CompleteReport, str]:
    pieces: list[str] = []
    turn = Turn(lambda: False, lambda: False, lambda count: None, lambda: None, pieces.append)
    report = toy.complete(Complete(toy.name, segments, heal=heal, stop=Stop(**stop)), turn)
    return report, "".join(pieces)


def check_text(before: str, script: str, expected: str, reason: str = "end", **stop: Any) -> None:
    """At the end of `before` an expert with `script` says `expected`: usual and anchored, healed and not."""
    head, _, line = before.rpartition("\n")
    for heal in (True, False):
        for segments in (
            (Segment(before),),
            (P, Segment(head + "\n" if "\n" in before else ""), S, Segment("\n}"), M, Segment(line)),
        ):
            report, streamed = run(toy_expert(script), *segments, heal=heal, **stop)
            assert (report.text, report.stop) == (expected, reason), (heal, segments)
            assert report.text.startswith(streamed) or streamed.startswith(report.text), "pieces are provisional"


@pytest.mark.parametrize(
    ("before", "script", "expected", "reason", "stop"),
    [
        ("func f() {\n\t", "return x", "return x", "end", {}),
        ("func f() {\n\tret", "return x", "urn x", "end", {}),
        ("func f() {\n\treturn ", "return x", "x", "end", {}),
        ("func f() {\n\treturn x", "return x", "", "end", {}),
        ("a\nb", "c\nd\ne", "c", "lines", {}),
        ("a\nb", "c\nd\ne", "c\nd", "lines", {"max_lines": 2}),
        ("a\nb", "one two three", "one", "tokens", {"max_tokens": 1}),
        ("a\nb ", "one; two", "one", "text", {"texts": (";",)}),
        ("a\nb ", "one\n}", "one", "rejoin", {"max_lines": 5, "rejoin": "}"}),
    ],
)
def test_the_toy_says_what_is_scripted(before: str, script: str, expected: str, reason: str, stop: Any) -> None:
    if reason == "tokens":  # healing spends a token
        report, _ = run(toy_expert(script), Segment(before), heal=False, **stop)
        assert (report.text, report.stop) == (expected, reason)
    else:
        check_text(before, script, expected, reason, **stop)


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(toy_tokens(text)) == text


def test_counts_are_longest_common_prefixes() -> None:
    toy = toy_expert(None)
    head = (P, Segment("package main\n"), S, Segment("\n"), M)
    first, _ = run(toy, *head, Segment("x = foo"), heal=False)
    assert (first.prompt_tokens, first.cached_tokens) == (1 + 3 + 4 + 1 + 5, 0)
    assert first.text == "«go»:14"
    again, _ = run(toy, *head, Segment("x = foo"), heal=False)
    assert (again.prompt_tokens, again.cached_tokens) == (1, 13)
    typed, _ = run(toy, *head, Segment("x = foo(bar"), heal=False)
    assert (typed.prompt_tokens, typed.cached_tokens) == (2, 14)
    moved, _ = run(toy, P, Segment("package other\n"), S, Segment("\n"), M, heal=False)
    assert moved.cached_tokens == 4
    healed, _ = run(toy, P, Segment("package other\n"), S, Segment("\n"), M, Segment("abc"))
    assert healed.prompt_tokens == 2, "the last prompt token again, and one forced token that adds no text"


def test_a_prompt_that_is_too_long_loses_its_head() -> None:
    toy = toy_expert("x", 512)
    report, _ = run(toy, P, Segment("a " * 400), S, M, Segment("b"), heal=False)
    assert report.prompt_tokens <= 512
    with pytest.raises(EngineError):
        run(toy, P, Segment("a"), S, M, Segment("b " * 600), heal=False)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (None, ()),
        ("plain", (Scripted("plain"),)),
        ('{"go": "a", "*": "b"}', (Scripted("a"),)),
        ('{"*": "b"}', (Scripted("b"),)),
        ('{"html": "b"}', ()),
        ("{ not json", (Scripted("{ not json"),)),
        ('{"go": {"text": "a\\nb", "lines": [0.5, 0.25]}}', (Scripted("a\nb", (0.5, 0.25)),)),
        ('{"go": ["a", {"text": "b", "lines": [0.5]}]}', (Scripted("a"), Scripted("b", (0.5,)))),
    ],
)
def test_scripts_come_from_one_variable(variable: str | None, expected: tuple[Scripted, ...]) -> None:
    assert script_of("go", {} if variable is None else {"LSP_EXPERTS_FAKE_TEXT": variable}) == expected


@pytest.mark.parametrize("heal", [True, False])
def test_lines_have_the_scripted_probabilities(heal: bool) -> None:
    toy = toy_expert(None)
    toy.script = (Scripted("return a\n\tb c\nd e", (0.5, 0.25)),)
    report, _ = run(toy, Segment("ret"), heal=heal, max_lines=9)
    assert report.line_probabilities == pytest.approx((0.5, 0.25, 0.9**3))
    assert report.joint_probability == pytest.approx(0.5 * 0.25 * 0.9**3)
    report, _ = run(toy, Segment("ret"), heal=heal, max_lines=9, least_probability=0.4)
    assert (report.text, report.stop, report.line_probabilities) == ("urn a", "unsure", (0.5,))


def test_choices_are_the_scripted_texts() -> None:
    toy = toy_expert(None)
    toy.script = (Scripted("a b\nc", (0.5,)), Scripted("x", (0.1,)), Scripted("y", (0.2,)), Scripted("z"))
    request = Complete("go", (Segment("f "),), stop=Stop(), choices=3)
    report = toy.complete(request, Turn(lambda: False, lambda: False, lambda _: None, lambda: None, lambda _: None))
    assert (report.text, report.stop) == ("a b", "lines")
    assert [(other.text, other.stop, other.joint_probability) for other in report.others] == [
        ("y", "end", 0.2),
        ("x", "end", 0.1),
    ]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("die:SIGSEGV@load", Fault("die", "SIGSEGV", "load")),
        ("die:SIGSEGV@load+extra_bufts", Fault("die", "SIGSEGV", "load", extra_bufts=True)),
        ("die:SIGKILL@token3", Fault("die", "SIGKILL", "token", 3)),
        ("die@complete2", Fault("die", "", "complete", 2)),
        ("die@load:qwen2.5-go", Fault("die", "", "load", expert="qwen2.5-go")),
        ("exit0", Fault("exit", "0")),
        ("hang@complete", Fault("hang")),
        ("longline", Fault("longline")),
        ("close@load:go", Fault("close", "", "load", expert="go")),
    ],
)
def test_faults_are_read(argument: str, expected: Fault) -> None:
    assert parse([argument]).faults == (expected,)


def test_settings_are_read_and_unknown_ones_refused() -> None:
    script = parse(["slow:5ms", "slow_load:2s", "rss:2x", "size:go=10", "size:a=b=3", "load_failed:css"])
    assert (script.seconds("slow"), script.seconds("slow_load"), script.seconds("slow_prompt")) == (0.005, 2.0, 0.0)
    assert (script.number("rss", 1), script.sizes, script.load_failed) == (2.0, {"go": 10, "a=b": 3}, {"css"})
    script = parse(["oom:go=1", "oom:html", "probability:0.5", "probability:go=0.7"])
    assert [script.runs_out_of_memory(expert) for expert in ("go", "html", "css") * 2] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert [script.probability(expert) for expert in ("go", "html")] == [0.7, 0.5]
    for wrong in ("dye", "die@@", "slow_down:1"):
        with pytest.raises(SystemExit):
            parse([wrong])


def test_a_fault_is_due_when_its_turn_comes() -> None:
    script = parse(["die@load2:go", "exit@load+extra_bufts"])
    assert script.due("load", "go") == []
    assert [fault.what for fault in script.due("load", "go")] == ["die"]
    assert script.due("load", "go") == []
    assert [fault.what for fault in script.due("load", "x", extra_bufts=True)] == ["exit"]


@pytest.mark.asyncio
async def test_priorities_decide_who_runs_next(start_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", json.dumps({"go": "a b c d e f g h"}))
    client = await start_engine("size:go=10", "slow:10ms")
    await client.load(Load("go", "/nowhere")).result()
    order: list[str] = []
    request = Complete("go", (Segment("x"),), stop=Stop(max_tokens=50))

    async def note(name: str, priority: int) -> None:
        report = await client.complete(replace(request, priority=priority)).result()
        assert report.text == "a b c d e f g h"
        order.append(name)

    first = client.complete(replace(request, priority=10))
    await anext(first.pieces)  # it runs: what is more urgent waits for its end
    await asyncio.gather(note("warm", 10), note("key", 0), note("key2", 0))
    assert first.ended
    assert order == ["key", "key2", "warm"]


@pytest.mark.asyncio
async def test_a_load_can_be_cancelled(start_engine: Any) -> None:
    client = await start_engine("size:go=1000", "slow_load:30s")
    call = client.load(Load("go", "/nowhere"))
    call.cancel()
    await client.evict("go").result()
    assert (await client.state().result()).experts == ()


@pytest.mark.asyncio
async def test_too_many_requests_are_busy(start_engine: Any) -> None:
    client = await start_engine("size:go=1000", "stall@load")
    calls = [client.load(Load("go", "/nowhere"))] + [client.park("go") for _ in range(300)]
    with pytest.raises(EngineError) as caught:
        await calls[-1].result()
    assert caught.value.code == "busy"


@pytest.mark.asyncio
async def test_once_is_once_over_all_processes(start_engine: Any, tmp_path: Any) -> None:
    arguments = ("size:go=10", "die@load", f"once:{tmp_path / 'happened'}")
    with pytest.raises(EngineError):
        await (await start_engine(*arguments)).load(Load("go", "/nowhere")).result()
    assert (await (await start_engine(*arguments)).load(Load("go", "/nowhere")).result()).file_bytes == 10
