"""The real engine: different completions of one prompt, decoded together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine.real import StartEngine, complete, disturb, load, prompt

from lsp_experts.engine.protocol import Complete, CompleteReport, Stop

REQUEST = Complete("tiny", prompt("\tret"), stop=Stop(max_tokens=12, max_lines=99), choices=3)


def check_choices(report: CompleteReport, count: int) -> None:
    """`count` texts that differ from their first character on, the others likeliest first."""
    texts = [report.text, *(other.text for other in report.others)]
    assert len(texts) == count
    assert len({text.strip() for text in texts}) == count and all(text.strip() for text in texts)
    likely = [other.joint_probability for other in report.others]
    assert likely == sorted(likely, reverse=True)
    for answer in (report, *report.others):
        assert len(answer.line_probabilities) == answer.text.count("\n") + 1
        assert 0 <= answer.joint_probability <= 1


@pytest.mark.asyncio
@pytest.mark.parametrize("tail", ["\tret", "", "\treturn a", "x = '日", "\tretur"])
async def test_choices_differ_and_the_first_is_the_usual_one(
    start_engine: StartEngine, tiny_gguf: Path, tail: str
) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    alone = await complete(client, tail)
    request = replace(REQUEST, segments=prompt(tail))
    for count in (1, 2, 3):
        report = await client.complete(replace(request, choices=count)).result()
        check_choices(report, count)
        assert (report.text, report.stop) == (alone.text, alone.stop)
    assert report.decoded_tokens > 2 * alone.decoded_tokens
    assert (await complete(client, tail)).text == alone.text
    many = await client.complete(replace(request, choices=99)).result()
    assert many.others == pytest.approx(report.others)


@pytest.mark.asyncio
async def test_the_cache_holds_the_prompt_and_the_best_choice(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """Typing on, parking and coming back decode and say what they would after one completion."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    fresh = [await complete(client, "\tret"), await complete(client, "\treturn x")]
    await client.evict("tiny", forget=True).result()
    await load(client, tiny_gguf)
    await client.complete(REQUEST).result()
    held = [one.kv_tokens for one in (await client.state().result()).experts]
    typed = await complete(client, "\treturn x")
    assert (typed.text, typed.prompt_tokens) == (fresh[1].text, fresh[1].prompt_tokens)
    await client.complete(REQUEST).result()
    parked = await client.park("tiny").result()
    assert [parked.kv_tokens] == held
    await client.unpark("tiny").result()
    again = await complete(client, "\tret")
    assert again.text == fresh[0].text
    assert again.prompt_tokens <= 2


@pytest.mark.asyncio
async def test_choices_end_where_the_context_does(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """Three texts share the cells that one had to itself."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    head = "0123456789\n" * 34  # about 400 of 512 tokens
    request = replace(REQUEST, segments=prompt("\tret", head), stop=Stop(max_tokens=100, max_lines=99))
    report = await client.complete(request).result()
    check_choices(report, 3)
    assert "context" in {report.stop, *(other.stop for other in report.others)}
    assert (await client.complete(replace(request, choices=1)).result()).text.startswith(report.text)


def test_an_abort_among_choices_leaves_a_true_mirror(tiny_gguf: Path) -> None:
    seen = disturb("aborts", tiny_gguf, 3, 15)
    assert seen["decodes"] > 20 and seen["others"] == 2
