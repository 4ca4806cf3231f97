"""What every engine does, the real one and the fake: engine/protocol.py as sentences."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.engine.command import fake_command, worker_command, worker_environment
from lsp_experts.engine.framing import decode_request, encode_request
from lsp_experts.engine.protocol import (
    OPERATIONS,
    PROTOCOL_VERSION,
    Activations,
    Complete,
    Evict,
    Load,
    Logits,
    Quantize,
    Score,
    Segment,
    Stop,
    Target,
    Tokenize,
)
from lsp_experts.errors import EngineError

ENGINES = ["fake", "real"]
FIM = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
every_engine = pytest.mark.parametrize("kind", ENGINES)


def anchored(before: str, after: str, typed: str, **how: Any) -> Complete:
    """The anchored prompt: what stands between anchor and cursor comes last."""
    texts = [(FIM[0], True), (before, False), (FIM[1], True), (after, False), (FIM[2], True), (typed, False)]
    return Complete("go", tuple(Segment(text, control) for text, control in texts), **how)


PROMPT = anchored("package main\n\nfunc main() {\n", "\n}\n", "    return err", stop=Stop(max_tokens=6, max_lines=9))


async def loaded(start_engine: Any, kind: str, model: Path, *faults: str) -> Any:
    client = await start_engine(*faults, kind=kind)
    await client.load(Load("go", str(model), n_ctx=512)).result()
    return client


async def failure(call: Any) -> str:
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(call.result(), 30)
    return caught.value.code


@every_engine
@pytest.mark.asyncio
async def test_load_reports_the_file_and_progress(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await start_engine(kind=kind)
    seen: list[float] = []
    report = await client.load(Load("go", str(tiny_gguf), n_ctx=512, control_texts=FIM), seen.append).result()
    assert report.file_bytes == tiny_gguf.stat().st_size
    assert (report.controls, report.fim) == (FIM, FIM)
    assert report.n_ctx == 512
    assert report.resident_bytes > 0
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@every_engine
@pytest.mark.asyncio
async def test_refusals_touch_nothing(start_engine: Any, kind: str, tiny_gguf: Path, tmp_path: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    (tmp_path / "empty.gguf").touch()
    load = Load("other", str(tiny_gguf))
    for send, code in [
        (lambda: client.load(Load("go", str(tiny_gguf))), "bad_request"),  # loaded already
        (lambda: client.load(replace(load, n_ctx=1 << 31)), "bad_request"),
        (lambda: client.load(replace(load, n_threads=0)), "bad_request"),
        (lambda: client.load(replace(load, path=str(tmp_path / "missing.gguf"))), "load_failed"),
        (lambda: client.load(replace(load, path=str(tmp_path / "empty.gguf"))), "load_failed"),
        (lambda: client.load(replace(load, path=str(tmp_path))), "load_failed"),
        (lambda: client.complete(replace(PROMPT, expert="html")), "unknown_expert"),
        (lambda: client.park("html"), "unknown_expert"),
        (lambda: client.complete(replace(PROMPT, stop=Stop(max_tokens=511))), "bad_request"),
    ]:
        assert await failure(send()) == code
    assert (await client.complete(PROMPT).result()).decoded_tokens > 0


@every_engine
@pytest.mark.asyncio
async def test_the_same_prompt_is_cached_and_says_the_same(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    call = client.complete(PROMPT)
    pieces = [piece async for piece in call.pieces]
    first = await call.result()
    second = await client.complete(PROMPT).result()
    assert "".join(pieces).startswith(first.text) or first.text.startswith("".join(pieces))
    assert (first.text, first.stop, first.decoded_tokens) == (second.text, second.stop, second.decoded_tokens)
    assert first.cached_tokens == 0
    assert second.cached_tokens >= first.prompt_tokens - 3
    assert second.prompt_tokens <= 3
    assert 0 < second.joint_probability <= 1


@every_engine
@pytest.mark.asyncio
async def test_every_line_has_a_probability(
    start_engine: Any, kind: str, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", '{"go": [{"text": "a b", "lines": [0.3]}, "c"]}')
    client = await loaded(start_engine, kind, tiny_gguf)
    request = replace(PROMPT, stop=Stop(max_tokens=40, max_lines=9), draft_tokens=7)
    report = await client.complete(request).result()
    assert len(report.line_probabilities) == report.text.count("\n") + 1
    assert report.joint_probability == pytest.approx(math.prod(report.line_probabilities))
    assert report.others == ()
    unsure = await client.complete(replace(request, stop=replace(request.stop, least_probability=0.99))).result()
    assert unsure.stop == "unsure"
    assert unsure.decoded_tokens < report.decoded_tokens or kind == "fake"
    assert report.text.startswith(unsure.text) and unsure.line_probabilities[0] < 0.99
    both = await client.complete(replace(request, choices=2)).result()
    assert both.text == report.text
    assert len(both.others) == 1 and both.others[0].text != both.text
    assert both.others[0].joint_probability == pytest.approx(math.prod(both.others[0].line_probabilities))


@every_engine
@pytest.mark.asyncio
async def test_a_keystroke_decodes_few_tokens(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    await client.complete(PROMPT).result()
    typed = anchored("package main\n\nfunc main() {\n", "\n}\n", "    return err\n    if", stop=PROMPT.stop)
    assert (await client.complete(typed).result()).prompt_tokens <= 6


@every_engine
@pytest.mark.asyncio
async def test_no_tokens_wanted_only_warms(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    warm = await client.complete(replace(PROMPT, stop=Stop(max_tokens=0), priority=10)).result()
    assert (warm.text, warm.stop, warm.decoded_tokens) == ("", "warm", 0)
    again = await client.complete(replace(PROMPT, stop=Stop(max_tokens=0), priority=10)).result()
    assert (again.prompt_tokens, again.cached_tokens) == (0, warm.prompt_tokens)


@every_engine
@pytest.mark.asyncio
async def test_cancel_ends_the_call_at_once_and_leaves_the_engine_well(
    start_engine: Any, kind: str, tiny_gguf: Path
) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    calls = [client.complete(replace(PROMPT, stop=Stop(max_tokens=200, max_lines=200))) for _ in range(5)]
    for call in calls:  # all before the loop runs again: a call that has its answer cannot be cancelled any more
        call.cancel(keep_prefill=call.id % 2 == 0)
        assert call.ended
    for call in calls:
        assert await failure(call) == "cancelled"
    assert (await client.complete(PROMPT).result()).decoded_tokens > 0


@every_engine
@pytest.mark.asyncio
async def test_park_keeps_the_expert_and_evict_does_not(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    before = await client.complete(PROMPT).result()
    hot = (await client.state().result()).experts[0]
    parked = await client.park("go").result()
    assert parked.kv_tokens > 0
    assert 0 < parked.resident_bytes < hot.resident_bytes
    assert parked.weights_bytes <= parked.resident_bytes
    assert [expert.parked for expert in (await client.state().result()).experts] == [True]
    assert await failure(client.complete(PROMPT)) == "bad_request"
    unparked = await client.unpark("go").result()
    assert unparked.kv_tokens == parked.kv_tokens, "the KV cache came back"
    assert unparked.resident_bytes > parked.resident_bytes
    after = await client.complete(PROMPT).result()
    assert after.text == before.text
    assert after.prompt_tokens <= 3
    await client.evict("go").result()
    await client.evict("go").result()
    assert (await client.state().result()).experts == ()
    assert await failure(client.complete(PROMPT)) == "unknown_expert"


@every_engine
@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.asyncio
async def test_saved_kv_outlives_the_expert_unless_it_is_forgotten(
    start_engine: Any, kind: str, tiny_gguf: Path, forget: bool
) -> None:
    client = await loaded(start_engine, kind, tiny_gguf, "kv:10")
    before = await client.complete(PROMPT).result()
    evicted = await client.evict("go", forget=forget).result()
    state = await client.state().result()
    assert (evicted.kv_tokens > 0, state.evicted_kv_bytes > 0) == (not forget, not forget)
    assert evicted.resident_bytes == state.evicted_kv_bytes
    report = await client.load(Load("go", str(tiny_gguf), n_ctx=512)).result()
    assert report.kv_tokens == evicted.kv_tokens
    after = await client.complete(PROMPT).result()
    assert after.text == before.text
    assert (after.prompt_tokens <= 3) == (not forget)


@every_engine
@pytest.mark.asyncio
async def test_experts_over_one_file_share_its_weights(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    alone = (await client.state().result()).experts[0]
    second = await client.load(Load("html", str(tiny_gguf), n_ctx=512)).result()
    assert second.shared
    assert second.weights_bytes > 0
    state = await client.state().result()
    assert [expert.weights_bytes > 0 for expert in state.experts] == [True, True]
    own = [expert.resident_bytes - expert.weights_bytes for expert in state.experts]
    assert state.resident_bytes < state.anonymous_bytes + sum(expert.resident_bytes for expert in state.experts)
    assert sum(own) + second.weights_bytes < 2 * alone.resident_bytes
    await client.evict("go").result()
    assert (await client.complete(replace(PROMPT, expert="html")).result()).decoded_tokens > 0


@every_engine
@pytest.mark.asyncio
async def test_an_ensemble_needs_all_its_experts(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    await client.load(Load("html", str(tiny_gguf), n_ctx=512)).result()
    alone = await client.complete(PROMPT).result()
    together = await client.complete(replace(PROMPT, partners=("html",))).result()
    if kind == "real":  # twice the same model
        assert together.text == alone.text
    assert 0 < together.joint_probability <= 1
    assert (await client.complete(replace(PROMPT, expert="html")).result()).prompt_tokens <= 3, (
        "it read the prompt, too"
    )
    assert await failure(client.complete(replace(PROMPT, partners=("css",)))) == "unknown_expert"
    assert await failure(client.complete(replace(PROMPT, partners=("go",)))) == "bad_request"
    await client.park("html").result()
    assert await failure(client.complete(replace(PROMPT, partners=("html",)))) == "bad_request"


@every_engine
@pytest.mark.parametrize("move", ["park", "evict"])
@pytest.mark.parametrize("who", ["go", "html"])
@pytest.mark.asyncio
async def test_park_and_evict_cancel_what_runs(
    start_engine: Any, kind: str, tiny_gguf: Path, move: str, who: str
) -> None:
    client = await loaded(start_engine, kind, tiny_gguf, "slow:5ms")
    await client.load(Load("html", str(tiny_gguf), n_ctx=512)).result()
    long = replace(PROMPT, stop=Stop(max_tokens=200, max_lines=200), partners=("html",))
    calls = [client.complete(replace(long, heal=number > 0)) for number in range(4)]
    await getattr(client, move)(who).result()
    ends = [await asyncio.wait_for(asyncio.gather(call.result(), return_exceptions=True), 30) for call in calls]
    assert all(not isinstance(end, EngineError) or end.code == "cancelled" for (end,) in ends)
    assert isinstance(ends[-1][0], EngineError)


@every_engine
@pytest.mark.asyncio
async def test_state_says_what_is_loaded(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    await client.complete(PROMPT).result()
    state = await client.state().result()
    (go,) = state.experts
    assert (go.expert, go.parked, go.file_bytes) == ("go", False, tiny_gguf.stat().st_size)
    assert go.resident_bytes > 0
    assert go.kv_tokens > 0
    assert 0 < state.anonymous_bytes <= state.resident_bytes
    await client.ping().result()


@every_engine
@pytest.mark.asyncio
async def test_the_lab_sees_tokens_and_logits(start_engine: Any, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    (one, two, nothing) = await client.tokenize(Tokenize("go", ("return err", FIM[0], ""))).result()
    assert len(one) > 0
    assert len(two) > 1, "user text never becomes a control token"
    assert nothing == []
    request = Logits("go", (Segment("return err"),))
    logits = await client.logits(request).result()
    assert logits.typecode == "f"
    assert logits == await client.logits(request).result()


@every_engine
def test_lines_that_are_no_request_are_refused_by_name(kind: str, home: Path) -> None:
    lines = [
        (b"hello", 0, "bad_request"),
        (b"[1]", 0, "bad_request"),
        (b"[" * 100_000, 0, "bad_request"),
        (b'{"id":"1","op":"ping"}', 0, "bad_request"),
        (b'{"id":5,"op":"dance"}', 5, "unknown_op"),
        (b'{"id":6,"op":"evict","expert":7}', 6, "bad_request"),
        (b'{"id":7,"op":"load"}', 7, "bad_request"),
        (b'{"id":8,"op":"complete","expert":"go","segments":[{"text":1}]}', 8, "bad_request"),
        (b'{"id":9,"op":"ping","unknown":1}', 9, None),
        (b'{"id":10,"op":"score","expert":"go","segments":[],"texts":[1]}', 10, "bad_request"),
    ]
    command = fake_command() if kind == "fake" else worker_command()
    ran = subprocess.run(
        command, input=b"\n".join(line for line, _, _ in lines) + b"\n", env=worker_environment(), capture_output=True
    )
    hello, *events = map(json.loads, ran.stdout.splitlines())
    assert (ran.returncode, hello["event"], hello["protocol"]) == (0, "hello", PROTOCOL_VERSION)
    # A request with a readable id is answered under it; only a line without one is answered under 0.
    assert [(event.get("code"), event["event"]) for event in events] == [
        (code, "error" if code else "done") for _, _, code in lines
    ]
    assert [event["id"] for event in events] == [number for _, number, _ in lines]


def test_every_operation_round_trips() -> None:
    samples: dict[str, Any] = {
        "load": Load("go", "/x", control_texts=("a",), adapter="/y", adapter_scale=0.5, n_gpu_layers=9),
        "complete": replace(PROMPT, partners=("html",), gives_way=True, whole=True),
        "score": Score("go", PROMPT.segments, ("return err", "", "日本"), priority=9),
        "evict": Evict("go", forget=True),
        "park": Target("go"),
        "activations": Activations("go", (PROMPT.segments, (Segment("日本"),)), priority=7),
        "quantize": Quantize("/a", "/b", "IQ4_XS", "/c", "Q8_0", "Q6_K", True, True, 2),
    }
    for op in OPERATIONS:
        if op in samples:
            line = encode_request(3, op, samples[op])
            assert line.isascii()
            assert line.count(b"\n") == 1
            assert decode_request(line) == (3, op, samples[op])
    text = "naïve 🎉 \u2028 \x00"
    line = encode_request(1, "tokenize", Tokenize("go", (text,)))
    assert decode_request(line)[2] == Tokenize("go", (text,))
