"""The real engine: park, unpark, evict, load again; what was decoded once is not decoded twice."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from engine.real import StartEngine, complete, document, load, prompt

from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.protocol import Complete, CompleteReport, ExpertState, Stop
from lsp_experts.errors import EngineError
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

AGAIN = 32  # tokens that a return may decode again
GO, HTML = document("go"), document("div")


def same(one: CompleteReport, other: CompleteReport) -> bool:
    """The same text with the same probability: the KV was the same."""
    return one.text == other.text and one.joint_probability == pytest.approx(other.joint_probability, rel=1e-3)


async def expert_state(client: EngineClient, name: str = "tiny") -> ExpertState:
    return next(expert for expert in (await client.state().result()).experts if expert.expert == name)


async def fresh(client: EngineClient, path: Path, tail: str, head: str, **changes: object) -> CompleteReport:
    """The answer of an expert that never saw anything."""
    await load(client, path, "fresh", **changes)
    answer = await complete(client, tail, head, expert="fresh")
    await client.evict("fresh", forget=True).result()
    return answer


@pytest.mark.asyncio
async def test_park_gives_memory_back_and_unpark_needs_no_prefill(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    before = await complete(client, "\tret")
    hot = await expert_state(client)
    report = await client.park("tiny").result()
    parked = await expert_state(client)
    with pytest.raises(EngineError, match="parked"):
        await complete(client, "\tret")
    with pytest.raises(EngineError, match="loaded already"):
        await load(client, tiny_gguf)
    assert parked.parked
    assert parked.resident_bytes == report.resident_bytes < hot.resident_bytes
    assert parked.weights_bytes == report.weights_bytes <= hot.weights_bytes - tiny_gguf.stat().st_size // 2
    assert parked.kv_tokens == report.kv_tokens == hot.kv_tokens
    assert 0 < parked.saved_kv_bytes < hot.resident_bytes - parked.resident_bytes + parked.saved_kv_bytes
    back = await client.unpark("tiny").result()
    after = await complete(client, "\tret")
    assert back.kv_tokens == hot.kv_tokens
    assert (await expert_state(client)).saved_kv_bytes == 0
    assert same(before, after)
    assert after.prompt_tokens == 1
    assert report.ms > 0 and back.ms > 0


@pytest.mark.asyncio
async def test_moves_may_be_repeated(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    before = await complete(client, "\tret")
    for move in (client.unpark, client.park, client.park, client.unpark, client.unpark):
        await move("tiny").result()
    assert same(before, await complete(client, "\tret"))
    assert (await client.evict("tiny").result()).kv_tokens > 0
    assert (await client.evict("tiny").result()).kv_tokens == 0
    for move in (client.park, client.unpark):
        with pytest.raises(EngineError) as caught:
            await move("tiny").result()
        assert caught.value.code == "unknown_expert"


@pytest.mark.asyncio
async def test_two_documents_of_one_expert_are_not_decoded_twice(start_engine: StartEngine, tiny_gguf: Path) -> None:
    """a.go, b.go, a.go: each return decodes next to nothing, and answers as if it had decoded all."""
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    first = [await complete(client, "\tret", head) for head in (GO, HTML)]
    assert min(report.prompt_tokens for report in first) > 3 * AGAIN
    for tail in ("\treturn", "\treturn err"):
        for head in (GO, HTML):
            answer = await complete(client, tail, head)
            assert answer.prompt_tokens <= AGAIN
            assert same(answer, await fresh(client, tiny_gguf, tail, head))


@pytest.mark.asyncio
async def test_keystrokes_save_nothing(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    typed = "\treturn a + b"
    for end in range(1, len(typed)):
        await complete(client, typed[:end], GO, max_tokens=48)
        assert (await expert_state(client)).saved_kv_bytes == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("away", ["park", "evict"])
async def test_go_html_go_decodes_almost_nothing(start_engine: StartEngine, tiny_gguf: Path, away: str) -> None:
    """Two experts that take turns in memory; a few characters are typed at each return."""
    client = await start_engine(kind="real")
    heads, tails = {"go": GO, "html": HTML}, ("\tret", "\treturn e", "\treturn err")
    cost = {}
    for tail in tails:
        for name, head in heads.items():
            if away == "evict" or tail == tails[0]:
                await load(client, tiny_gguf, name)
            else:
                await client.unpark(name).result()
            answer = await complete(client, tail, head, expert=name)
            assert same(answer, await fresh(client, tiny_gguf, tail, head))
            cost[name, tail] = answer.prompt_tokens
            await getattr(client, away)(name).result()
    assert min(cost[name, tails[0]] for name in heads) > 3 * AGAIN
    assert max(cost[name, tail] for name in heads for tail in tails[1:]) <= AGAIN


@pytest.mark.asyncio
async def test_parked_and_evicted_experts_keep_their_earlier_documents(
    start_engine: StartEngine, tiny_gguf: Path
) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    for head in (GO, HTML):
        await complete(client, "\tret", head)
    await client.park("tiny").result()
    await client.unpark("tiny").result()
    assert (await complete(client, "\tret", GO)).prompt_tokens <= AGAIN
    evicted = await client.evict("tiny").result()
    assert evicted.resident_bytes == (await client.state().result()).evicted_kv_bytes > 0
    assert (await load(client, tiny_gguf)).kv_tokens == evicted.kv_tokens > 0
    assert (await client.state().result()).evicted_kv_bytes == 0
    assert (await complete(client, "\tret", HTML)).prompt_tokens <= AGAIN


@pytest.mark.asyncio
async def test_forget_forgets(start_engine: StartEngine, tiny_gguf: Path) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    whole = (await complete(client, "\tret")).prompt_tokens
    await client.evict("tiny").result()
    gone = await client.evict("tiny", forget=True).result()
    assert gone.kv_tokens == gone.resident_bytes == 0
    assert (await client.state().result()).evicted_kv_bytes == 0
    assert (await load(client, tiny_gguf)).kv_tokens == 0
    assert (await complete(client, "\tret")).prompt_tokens == whole


def touched(path: Path) -> dict[str, object]:
    os.utime(path, ns=(1, 1))
    return {}


def replaced(path: Path) -> dict[str, object]:
    new = path.with_name("new.gguf")
    shutil.copy(path, new)
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.replace(path)
    return {}


def smaller_context(path: Path) -> dict[str, object]:
    return {"n_ctx": 256}


def another_name(path: Path) -> dict[str, object]:
    return {"name": "another"}


@pytest.mark.asyncio
@pytest.mark.parametrize("change", [touched, replaced, smaller_context, another_name])
async def test_saved_kv_is_for_the_same_expert_over_the_same_file_only(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path, change: object
) -> None:
    path = Path(shutil.copy(tiny_gguf, tmp_path / "tiny.gguf"))
    client = await start_engine(kind="real")
    await load(client, path)
    await complete(client, "\tret")
    assert (await client.evict("tiny").result()).kv_tokens > 0
    changes = change(path)  # type: ignore[operator]
    assert (await load(client, path, **changes)).kv_tokens == 0
    if "name" not in changes:
        assert (await client.state().result()).evicted_kv_bytes == 0, "nobody will ask for it again"


@pytest.mark.asyncio
async def test_an_expert_is_parked_although_its_file_was_replaced(
    start_engine: StartEngine, tiny_gguf: Path, tmp_path: Path
) -> None:
    """A pull replaces files: the mapped one lives on without a name, and nobody shares it any more."""
    path = Path(shutil.copy(tiny_gguf, tmp_path / "tiny.gguf"))
    client = await start_engine(kind="real")
    await load(client, path)
    before = await complete(client, "\tret")
    hot = await expert_state(client)
    replaced(path)
    assert not (await load(client, path, "other")).shared
    await client.evict("other").result()
    parked = await client.park("tiny").result()
    assert parked.weights_bytes <= hot.weights_bytes - path.stat().st_size // 2
    await client.unpark("tiny").result()
    assert same(before, await complete(client, "\tret"))


@pytest.mark.asyncio
@pytest.mark.parametrize("move", ["park", "evict"])
@pytest.mark.parametrize("who", ["tiny", "other"])
async def test_a_move_cancels_what_runs_on_the_expert_or_with_it(
    start_engine: StartEngine, tmp_path: Path, move: str, who: str
) -> None:
    """Never freed under a decode: the running one is aborted first, the waiting one is refused, the rest goes on."""
    client = await start_engine(kind="real")
    model = write_tiny_gguf(tmp_path / "long.gguf", n_ctx=4096)
    for name in ("tiny", "other", "third"):
        await load(client, model, name, n_ctx=4096)
    # Seconds of text: this process may be late to say that it is enough.
    stop = Stop(max_tokens=3800, max_lines=9999, repetition=False)
    running = client.complete(Complete("tiny", prompt("x"), stop=stop, partners=("other",)))
    queued = client.complete(Complete("tiny", prompt("y"), stop=stop, partners=("other",)))
    unconcerned = client.complete(Complete("third", prompt("\tret"), stop=Stop(max_tokens=12, max_lines=99)))
    async for _ in running.pieces:
        break
    await asyncio.wait_for(getattr(client, move)(who).result(), 20)
    for call in (running, queued):
        with pytest.raises(EngineError) as caught:
            await call.result()
        assert caught.value.code == "cancelled"
    assert (await unconcerned.result()).decoded_tokens > 0
    states = {expert.expert: expert.parked for expert in (await client.state().result()).experts}
    assert states.get(who, True)
    rest = "other" if who == "tiny" else "tiny"
    assert (await complete(client, "\tret", expert=rest)).decoded_tokens > 0


@pytest.mark.asyncio
async def test_requests_on_one_expert_are_answered_one_after_the_other(
    start_engine: StartEngine, tiny_gguf: Path
) -> None:
    client = await start_engine(kind="real")
    await load(client, tiny_gguf)
    alone = [await complete(client, tail) for tail in ("\tret", "\tif", "x")]
    calls = [complete(client, tail) for tail in ("\tret", "\tif", "x")]
    assert [report.text for report in await asyncio.gather(*calls)] == [report.text for report in alone]
