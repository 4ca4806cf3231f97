"""Scores of texts behind a prompt, of the fake and the real engine."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.real import StartEngine

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.protocol import Complete, Load, Score, ScoreReport, Segment, Stop, Tokenize
from lsp_experts.errors import EngineError
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

every_engine = pytest.mark.parametrize("kind", ["fake", "real"])
PROMPT = (Segment("<|fim_prefix|>", True), Segment("package main\n\nfunc main() {\n\treturn "))
TEXTS = ("return err", "", "return nil", "x = '日本'", "return err", "<|fim_prefix|>", "return err != nil")
SCORE = Score("go", PROMPT, TEXTS)
N_CTX = 32_768
LONG = Score("go", PROMPT, ("x = 1;" * 3000,))


@pytest.fixture(scope="session")
def roomy_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for texts that take a while."""
    return write_tiny_gguf(tmp_path_factory.mktemp("roomy") / "roomy.gguf", letters=True, n_ctx=N_CTX)


async def loaded(start_engine: StartEngine, kind: str, model: Path, *faults: str, n_ctx: int = 512) -> EngineClient:
    client = await start_engine(*faults, kind=kind)
    await client.load(Load("go", str(model), n_ctx=n_ctx)).result()
    return client


async def failure(call: Any) -> str:
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(call.result(), 60)
    return caught.value.code


def check_report(report: ScoreReport, texts: tuple[str, ...], tokens: list[list[int]]) -> None:
    """One item per token everywhere, in order, and nothing likelier than the likeliest."""
    assert len(report.scores) == len(texts)
    for score, text, ids in zip(report.scores, texts, tokens, strict=True):
        lists = (score.starts, score.log_probabilities, score.best_log_probabilities, score.entropies)
        assert [len(one) for one in lists] == [len(ids)] * 4
        assert list(score.starts) == sorted(score.starts)
        assert score.starts[:1] == ((0,) if text else ()) and max(score.starts, default=0) <= len(text)
        for own, best, entropy in zip(*lists[1:], strict=True):
            assert own <= best <= 0 <= entropy and math.isfinite(own)


@every_engine
@pytest.mark.asyncio
async def test_every_token_has_a_score(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    report = await client.score(SCORE).result()
    tokens = await client.tokenize(Tokenize("go", TEXTS)).result()
    check_report(report, TEXTS, tokens)
    assert len(tokens[5]) > 1, "user text never becomes a control token"
    assert report.scores[0] == report.scores[4]
    for one, ids in zip(report.scores, tokens, strict=True):
        for other, others in zip(report.scores, tokens, strict=True):
            common = next((at for at in range(len(ids)) if ids[: at + 1] != others[: at + 1]), len(ids))
            assert one.log_probabilities[:common] == other.log_probabilities[:common], "exactly"
            place = min(common + 1, len(ids), len(others))
            assert one.best_log_probabilities[:place] == other.best_log_probabilities[:place] or kind == "fake"
            assert one.entropies[:place] == other.entropies[:place]
    assert await client.score(replace(SCORE, texts=())).result() is not None
    alone = await client.score(replace(SCORE, texts=TEXTS[-1:])).result()
    assert alone.scores[0].log_probabilities == pytest.approx(report.scores[-1].log_probabilities, abs=1e-3)


@every_engine
@pytest.mark.asyncio
async def test_the_prompt_stays_in_the_cache(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    first = await client.score(SCORE).result()
    assert (first.prompt_tokens > 10, first.cached_tokens) == (True, 0)
    again = await client.score(replace(SCORE, texts=("something else",))).result()
    assert (again.prompt_tokens, again.cached_tokens) == (1, first.prompt_tokens - 1)
    speech = Complete("go", PROMPT, heal=False, stop=Stop(max_tokens=8, max_lines=9))
    warm = await client.complete(speech).result()
    assert warm.cached_tokens == first.prompt_tokens - 1
    await client.score(SCORE).result()
    await client.evict("go", forget=True).result()
    await client.load(Load("go", str(tiny_gguf), n_ctx=512)).result()
    assert (await client.complete(speech).result()).text == warm.text, "the mirror was true"


@every_engine
@pytest.mark.asyncio
async def test_a_keystroke_s_place_is_saved_before_a_score_takes_the_cache(
    start_engine: StartEngine, kind: str, tiny_gguf: Path
) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    typing = Complete("go", (Segment("<div class>\n" * 15),), stop=Stop(max_tokens=2))
    whole = (await client.complete(typing).result()).prompt_tokens
    await client.score(SCORE).result()
    assert (await client.complete(typing).result()).prompt_tokens <= 12 < whole


@every_engine
@pytest.mark.asyncio
async def test_nothing_stands_before_the_first_token_of_nothing(
    start_engine: StartEngine, kind: str, tiny_gguf: Path
) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    report = await client.score(Score("go", (), TEXTS)).result()
    check_report(report, TEXTS, await client.tokenize(Tokenize("go", TEXTS)).result())
    if kind == "real":  # it has no token for the start of a text; toys have
        assert (report.prompt_tokens, report.cached_tokens) == (0, 0)
        first = report.scores[0]
        assert (first.log_probabilities[0], first.best_log_probabilities[0], first.entropies[0]) == (0, 0, 0)
        assert first.log_probabilities[1] < 0


@every_engine
@pytest.mark.asyncio
async def test_refusals(start_engine: StartEngine, kind: str, tiny_gguf: Path) -> None:
    client = await loaded(start_engine, kind, tiny_gguf)
    await client.score(SCORE).result()
    long = "a = b;" * 200
    for request, code in [
        (replace(SCORE, expert="html"), "unknown_expert"),
        (replace(SCORE, texts=(long,)), "bad_request"),
        (replace(SCORE, segments=(Segment(long),)), "bad_request"),
        (replace(SCORE, texts=tuple("a=" * 150 + str(number) for number in range(300))), "bad_request"),
    ]:
        assert await failure(client.score(request)) == code
    assert (await client.score(SCORE).result()).prompt_tokens == 1, "nothing was touched"
    await client.park("go").result()
    assert await failure(client.score(SCORE)) == "bad_request"


async def running(client: EngineClient, request: Score) -> Any:
    """A score that has begun."""
    call = client.score(request)
    while (await client.state().result()).waiting:
        pass
    return call


@every_engine
@pytest.mark.parametrize("how", ["cancel", "park", "evict", "a keystroke"])
@pytest.mark.asyncio
async def test_a_score_is_ended_by(start_engine: StartEngine, kind: str, how: str, roomy_gguf: Path) -> None:
    """Nothing waits for its end, and the next request is answered as ever."""
    client = await loaded(start_engine, kind, roomy_gguf, "slow_prompt:2ms", n_ctx=N_CTX)
    speech = Complete("go", PROMPT, stop=Stop(max_tokens=8, max_lines=9))
    answer = (await client.complete(speech).result()).text
    call = await running(client, LONG)
    queued = client.score(LONG)
    if how == "a keystroke":
        assert (await client.complete(speech).result()).text == answer
        assert await failure(call) == "cancelled"
        await client.evict("go").result()
    elif how == "cancel":
        call.cancel()
        queued.cancel()
    else:
        await getattr(client, how)("go").result()
    for one in (call, queued):
        assert await failure(one) == "cancelled"
    if how == "park":
        await client.unpark("go").result()
    elif how != "cancel":
        await client.load(Load("go", str(roomy_gguf), n_ctx=N_CTX)).result()
    assert (await client.complete(speech).result()).text == answer


@pytest.mark.asyncio
async def test_what_surprises_a_toy_is_scripted(
    start_engine: StartEngine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LSP_EXPERTS_FAKE_SURPRISE", '{"wrd": 0.001, "word": 0.99}')
    client = await loaded(start_engine, "fake", tiny_gguf)
    (score,) = (await client.score(Score("go", PROMPT, ("a wrd word",))).result()).scores
    assert score.starts == (0, 1, 2, 5, 6)
    assert score.log_probabilities == tuple(map(math.log, (0.9, 0.9, 0.001, 0.9, 0.99)))
    assert score.best_log_probabilities == tuple(map(math.log, (0.9, 0.9, 0.9, 0.9, 0.99)))
    assert score.entropies == (0.1,) * 5
