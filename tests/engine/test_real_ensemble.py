"""The real engine: experts with one vocabulary choose each token together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine.real import StartEngine, complete, load

from lsp_experts.engine.protocol import Complete, Logits, Segment, Stop
from lsp_experts.engine.worker.ensemble import joint_logits
from lsp_experts.errors import EngineError
from lsp_experts.lab.tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Another model with the same vocabulary, and one with another vocabulary."""
    folder = tmp_path_factory.mktemp("others")
    return {
        "sister": write_tiny_gguf(folder / "sister.gguf", seed=8),
        "stranger": write_tiny_gguf(folder / "stranger.gguf", fim=False),
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def test_the_mean_is_of_probabilities() -> None:
    sure, unsure = np.array([9.0, 0.0, -9.0], np.float32), np.array([0.0, 0.1, 0.0], np.float32)
    joint = softmax(joint_logits([sure, unsure]))
    assert joint == pytest.approx((softmax(sure) + softmax(unsure)) / 2, rel=1e-5)
    assert int(joint.argmax()) == 0
    assert joint_logits([sure]) is sure
    never = np.array([0.0, -np.inf], np.float32)
    assert softmax(joint_logits([never, never])) == pytest.approx([1.0, 0.0])


def one_token(expert: str, text: str, partner: str) -> Complete:
    return Complete(expert, (Segment(text),), heal=False, stop=Stop(max_tokens=1, max_lines=9), partners=(partner,))


@pytest.mark.asyncio
async def test_the_first_token_is_the_likeliest_by_the_mean(
    start_engine: StartEngine, tiny_gguf: Path, others: dict[str, Path]
) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    await load(client, others["sister"], "sister")
    for text in ("package main\n", "<div>\n", "x = "):
        logits = [np.array(await client.logits(Logits(name, (Segment(text),))).result()) for name in ("tiny", "sister")]
        mean = (softmax(logits[0]) + softmax(logits[1])) / 2
        answer = await client.complete(one_token("tiny", text, "sister")).result()
        swapped = await client.complete(one_token("sister", text, "tiny")).result()
        assert answer.joint_probability == pytest.approx(float(mean.max()), rel=0.05)
        assert (swapped.text, swapped.joint_probability) == (answer.text, pytest.approx(answer.joint_probability))


@pytest.mark.asyncio
async def test_an_ensemble_heals_and_types_on_like_one_expert(
    start_engine: StartEngine, tiny_gguf: Path, others: dict[str, Path]
) -> None:
    client = await start_engine(kind="real")
    for name, path in (("tiny", tiny_gguf), ("twin", tiny_gguf), ("sister", others["sister"])):
        await load(client, path, name)
    alone = await complete(client, "\tretu")
    assert (await complete(client, "\tretu", partners=("twin",))).text == alone.text
    both = await complete(client, "\tretu", partners=("sister",))
    sister = await complete(client, "\tretu", expert="sister")
    assert len({alone.text, both.text, sister.text}) >= 2
    assert sister.prompt_tokens <= 3, "a partner reads the prompt, too"
    again = await complete(client, "\tretur", partners=("sister",))
    assert again.prompt_tokens <= 5
    assert not again.text.startswith("retu")


@pytest.mark.asyncio
async def test_warming_warms_the_partners(start_engine: StartEngine, tiny_gguf: Path, others: dict[str, Path]) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    await load(client, others["sister"], "sister")
    assert (await complete(client, "\tret", partners=("sister",), max_tokens=0)).stop == "warm"
    for expert in ("tiny", "sister"):
        assert (await complete(client, "\tret", expert=expert)).prompt_tokens == 1


@pytest.mark.asyncio
async def test_who_cannot_be_a_partner(start_engine: StartEngine, tiny_gguf: Path, others: dict[str, Path]) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    await load(client, others["stranger"], "stranger")
    await load(client, others["sister"], "parked")
    await client.park("parked").result()
    for partner, code, why in (
        ("stranger", "bad_request", "vocabulary"),
        ("parked", "bad_request", "parked"),
        ("tiny", "bad_request", "twice"),
        ("nobody", "unknown_expert", "not loaded"),
    ):
        with pytest.raises(EngineError, match=why) as caught:
            await complete(client, "\tret", partners=(partner,))
        assert caught.value.code == code
    assert (await complete(client, "\tret")).decoded_tokens > 0
