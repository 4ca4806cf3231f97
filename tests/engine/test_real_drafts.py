"""The real engine: guesses checked in one decode change nothing but the number of decodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine.real import StartEngine, disturb, document, load, prompt

from lsp_experts.engine.protocol import Complete, Stop

REQUEST = Complete("tiny", prompt("\tret", document("total", 6)), stop=Stop(max_tokens=40, max_lines=99))


def test_whatever_is_guessed_the_answer_is_the_same(tiny_gguf: Path) -> None:
    """Right, wrong and partly right guesses, under limits, healing, stop rules; the cache is what the mirror says."""
    seen = disturb("drafts", tiny_gguf)
    assert seen["drafted"] > seen["accepted"] > 100
    assert seen["decodes"] < 0.8 * seen["decodes without"]


def test_an_abort_among_guesses_leaves_a_true_mirror(tiny_gguf: Path) -> None:
    assert 1 < disturb("aborts", tiny_gguf, 1, 15)["decodes"] < 20


@pytest.mark.asyncio
@pytest.mark.parametrize("draft_tokens", [-1, 3, 7, 15, 99])
async def test_drafts_from_the_prompt(start_engine: StartEngine, tiny_gguf: Path, draft_tokens: int) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    plain = await client.complete(REQUEST).result()
    drafted = await client.complete(replace(REQUEST, draft_tokens=draft_tokens)).result()
    assert (drafted.text, drafted.stop, drafted.decoded_tokens) == (plain.text, plain.stop, plain.decoded_tokens)
    assert drafted.line_probabilities == pytest.approx(plain.line_probabilities, rel=1e-3)
    assert 0 <= drafted.accepted_tokens <= drafted.drafted_tokens
    assert plain.drafted_tokens == plain.accepted_tokens == 0


@pytest.mark.asyncio
async def test_partners_draft_nothing(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    for name in ("tiny", "twin"):
        await load(client, tiny_gguf, name)
    report = await client.complete(replace(REQUEST, partners=("twin",), draft_tokens=15, choices=3)).result()
    assert (report.drafted_tokens, report.others) == (0, ())
