"""The supervisor's requests for the lab: who starts the process, whose paths, who is blamed, who may give up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from engine.supervised import Make, load

from lsp_experts.engine.protocol import Activations, Quantize, Segment

READ = Activations("go", ((Segment("return x"),), (Segment("return y"),)))


@pytest.mark.asyncio
async def test_a_quantisation_needs_no_expert(world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts the process; paths are those of the caller, whose folder is another one than the engine's."""
    monkeypatch.chdir(tmp_path)
    Path("base.gguf").write_bytes(b"GGUF" * 20)
    w, steps = world(), list[float]()
    report = await w.supervisor.quantize(Quantize("base.gguf", "made.gguf", "Q8_0"), steps.append)
    assert (w.starts, report.file_bytes, Path("made.gguf").read_bytes()) == (1, 80, b"GGUF" * 20)
    assert steps == [0.5, 1.0]


@pytest.mark.asyncio
async def test_activations_are_of_what_is_loaded(world: Make) -> None:
    w = world()
    await w.fails(w.supervisor.activations(READ), "unknown_expert")
    assert w.starts == 0
    await w.supervisor.load(load())
    assert (await w.supervisor.activations(READ)).tokens == 8


@pytest.mark.asyncio
async def test_only_an_expert_s_own_activations_are_held_against_it(world: Make, tmp_path: Path) -> None:
    w = world(("die:SIGSEGV@activations", "die:SIGSEGV@quantize"))
    order = Quantize(str(tmp_path / "a"), str(tmp_path / "b"), "Q8_0")
    for _ in range(2):
        await w.supervisor.load(load())
        await w.fails(w.supervisor.quantize(order))
        w.now += 100
    assert not w.supervisor.quarantined
    w.now += 10_000
    for _ in range(2):
        await w.supervisor.load(load())
        await w.fails(w.supervisor.activations(READ))
        w.now += 100
    assert list(w.supervisor.quarantined) == ["go"]


@pytest.mark.asyncio
async def test_a_caller_that_gives_up_ends_its_request(world: Make) -> None:
    w = world(("slow_prompt:50ms",))
    await w.supervisor.load(load())
    begun = asyncio.Event()
    task = asyncio.create_task(w.supervisor.activations(READ, lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(w.supervisor.activations(READ), 30)
    assert w.supervisor.work["open"] == 0
