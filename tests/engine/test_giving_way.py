"""Requests that give way to more urgent ones, and prompts that must be whole, of the fake and the real engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.real import StartEngine, disturb

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.fake_model import Cancelled, Scripted, ToyExpert, ToyWeights, Turn
from lsp_experts.engine.protocol import Complete, Load, Segment, Stop
from lsp_experts.errors import EngineError
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

every_engine = pytest.mark.parametrize("kind", ["fake", "real"])
N_CTX = 8192
LONG = Stop(max_tokens=6000, max_lines=9999, repetition=False)
TASK = Complete(
    "go", (Segment("func add(a int) {\n" * 20),), heal=False, stop=LONG, priority=5, gives_way=True, whole=True
)
KEYSTROKE = Complete("go", (Segment("<div class>" * 40),), stop=Stop(max_tokens=2))


@pytest.fixture(scope="session")
def letters_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that tokenises a text as it said it, with room for a long one."""
    return write_tiny_gguf(tmp_path_factory.mktemp("letters") / "letters.gguf", letters=True, n_ctx=N_CTX)


async def loaded(
    start_engine: StartEngine, kind: str, model: Path, monkeypatch: pytest.MonkeyPatch, *faults: str
) -> EngineClient:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_TEXT", " ".join(f"w{number}" for number in range(900)))
    client = await start_engine(*faults, kind=kind)
    for expert in ("go", "html"):
        await client.load(Load(expert, str(model), n_ctx=N_CTX)).result()
    return client


@every_engine
@pytest.mark.parametrize("expert", ["go", "html"])
@pytest.mark.asyncio
async def test_a_keystroke_interrupts_a_task_that_then_goes_on(
    start_engine: StartEngine, kind: str, expert: str, letters_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same expert about another place, and on another one."""
    client = await loaded(start_engine, kind, letters_gguf, monkeypatch, "slow:5ms")
    task = client.complete(TASK)
    async for _ in task.pieces:
        break
    assert (await client.complete(replace(KEYSTROKE, expert=expert)).result()).decoded_tokens > 0
    part = await task.result()
    assert part.stop == "gave way"
    assert part.text and part.decoded_tokens < LONG.max_tokens
    rest = await client.complete(
        replace(TASK, segments=(*TASK.segments, Segment(part.text)), stop=replace(LONG, max_tokens=20))
    ).result()
    assert rest.prompt_tokens <= 2, "what it said last was not decoded before"
    assert rest.cached_tokens >= part.prompt_tokens + part.decoded_tokens - 2
    most = part.decoded_tokens + rest.decoded_tokens
    whole = await client.complete(replace(TASK, stop=replace(LONG, max_tokens=most))).result()
    assert part.text + rest.text == whole.text
    if expert == "go":
        again = await client.complete(KEYSTROKE).result()
        assert again.prompt_tokens < 12, "the keystroke's place was saved, too"


@every_engine
@pytest.mark.asyncio
async def test_who_does_not_give_way_goes_on(
    start_engine: StartEngine, kind: str, letters_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await loaded(start_engine, kind, letters_gguf, monkeypatch)
    task = client.complete(replace(TASK, gives_way=False, stop=replace(LONG, max_tokens=300)))
    async for _ in task.pieces:
        break
    await client.complete(KEYSTROKE).result()
    assert (await task.result()).stop == "tokens"


@pytest.mark.parametrize("choices", [1, 3])
def test_going_on_behind_any_interruption_says_what_would_have_been_said(tmp_path: Path, choices: int) -> None:
    """Interrupted between any two chunks of its prompt or tokens of its text, by a prompt about another place."""
    seen = disturb("interruptions", write_tiny_gguf(tmp_path / "letters.gguf", letters=True), choices)
    assert seen["in prompt"] >= 3 and seen["in text"] > 20


@pytest.mark.parametrize("looks", range(1, 20))
@pytest.mark.parametrize("heal", [True, False])
def test_the_toy_gives_way_at_any_place(looks: int, heal: bool) -> None:
    script = "one two three four five six"
    toy = ToyExpert("go", ToyWeights("", 1), 1, 0, 512, (Scripted(script),))
    seen = 0

    def must_yield() -> bool:
        nonlocal seen
        seen += 1
        return seen == looks

    turn = Turn(lambda: False, must_yield, lambda _: None, lambda: None, lambda _: None)
    request = Complete("go", (Segment("a " * 40 + "on"),), heal=heal, gives_way=True)
    part = toy.complete(request, turn)
    assert script.startswith("on" + part.text)
    if part.stop == "gave way":
        assert (part.text, part.decoded_tokens == 0) == ("", True) or looks > 3
        said = (*request.segments, Segment(part.text)) if part.text else request.segments
        rest = toy.complete(replace(request, segments=said, heal=heal and not part.text), turn)
        assert "on" + part.text + rest.text == script
        if looks > 3 and not heal:
            assert rest.prompt_tokens <= 2
    else:
        assert (part.text, part.stop) == (script[2:], "end") and looks > 8


def test_whoever_warms_gives_way_as_before() -> None:
    """Without `gives_way` it ends as cancelled."""
    toy = ToyExpert("go", ToyWeights("", 1), 1, 0, 512, ())
    turn = Turn(lambda: False, lambda: True, lambda _: None, lambda: None, lambda _: None)
    warming = Complete("go", (Segment("a " * 40),), stop=Stop(max_tokens=0))
    with pytest.raises(Cancelled):
        toy.complete(warming, turn)
    report = toy.complete(replace(warming, gives_way=True), turn)
    assert (report.text, report.stop, report.prompt_tokens) == ("", "gave way", 0)


async def refusal(call: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(call.result(), 30)
    return caught.value


@every_engine
@pytest.mark.parametrize("heal", [True, False])
@pytest.mark.asyncio
async def test_a_prompt_that_must_be_whole_loses_nothing(
    start_engine: StartEngine, kind: str, heal: bool, tiny_gguf: Path
) -> None:
    client = await start_engine(kind=kind)
    await client.load(Load("go", str(tiny_gguf), n_ctx=512)).result()
    short = Complete("go", (Segment("a = b\n" * 30),), heal=heal, stop=Stop(max_tokens=6, max_lines=9))
    usual = await client.complete(short).result()
    whole = await client.complete(replace(short, whole=True)).result()
    assert (whole.text, whole.stop) == (usual.text, usual.stop)
    long = replace(short, segments=(Segment("a = b\n" * 400),))
    trimmed = await client.complete(long).result()
    assert trimmed.prompt_tokens + trimmed.cached_tokens <= 512
    before = (await client.state().result()).experts
    error = await refusal(client.complete(replace(long, whole=True)))
    assert error.code == "bad_request"
    assert "room for 503" in error.message and "tokens long" in error.message
    assert (await client.state().result()).experts == before, "nothing was touched"
