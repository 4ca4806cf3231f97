"""A base with weights of another type, made and proved by the engine, and what is left where that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from lsp_experts.completion.templates import TEMPLATES
from lsp_experts.engine.command import engine_spawner, fake_command
from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
from lsp_experts.engine.protocol import Load
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import CarveError, EngineDied, EngineError, StoreError
from lsp_experts.lab.carving.importance import calibration_prompts, measure, write_imatrix
from lsp_experts.lab.carving.requantise import Requantisation, predicted_bytes, requantise
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Supervisor]:
    async with open_engine(default_paths()) as running:
        yield running


@pytest.fixture
def store() -> Store:
    return Store(default_paths().store)


@pytest.mark.asyncio
async def test_a_base_gets_another_type(engine: Supervisor, store: Store, tiny_gguf: Path, tmp_path: Path) -> None:
    order, steps = Requantisation(tiny_gguf, "Q8_0"), list[float]()
    made = await requantise(order, engine, store, tmp_path / "q8.gguf", steps.append)
    assert (made.path, made.second_loss) == (tmp_path / "q8.gguf", False)
    assert made.file_bytes == made.path.stat().st_size < made.source_bytes == tiny_gguf.stat().st_size
    assert made.bytes_by_type.keys() == {"Q8_0", "F32"}
    assert steps[-1] == 1.0
    assert 0 < made.file_bytes - await predicted_bytes(order, engine) < 20_000
    assert not engine.loaded
    again = await requantise(replace(order, source=made.path, file_type="F16"), engine, store, tmp_path / "f16.gguf")
    assert again.second_loss and again.file_bytes > made.file_bytes
    from_f16 = replace(order, source=again.path, file_type="Q4_0", token_embedding_type="Q8_0")
    assert not (await requantise(from_f16, engine, store, tmp_path / "q4.gguf")).second_loss


@pytest.mark.asyncio
async def test_an_importance_matrix_changes_the_bytes(engine: Supervisor, store: Store, tmp_path: Path) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", n_ff=256)
    await engine.load(Load("base", str(base), n_ctx=512))
    text = "".join(f"func f{number}() int {{\n\treturn {number} + other\n}}\n" for number in range(30))
    prompts = calibration_prompts((SourceFile(Path("a.go"), "go", text),), TEMPLATES["qwen"], 12)
    matrix = tmp_path / "imatrix.gguf"
    write_imatrix(base, await measure(engine, "base", prompts), "go", matrix)
    plain = Requantisation(base, "IQ4_XS")
    made = [
        await requantise(order, engine, store, tmp_path / f"{number}.gguf")
        for number, order in enumerate((plain, replace(plain, imatrix=matrix), plain))
    ]
    contents = [one.path.read_bytes() for one in made]
    assert contents[0] == contents[2], "the same order gives the same bytes"
    assert contents[0] != contents[1] and len(contents[0]) - len(contents[1]) < 1000
    assert made[0].bytes_by_type == made[1].bytes_by_type
    with pytest.raises(EngineError, match="needs an importance matrix"):
        await requantise(replace(plain, file_type="IQ2_XXS"), engine, store, tmp_path / "small.gguf")
    smallest = replace(plain, file_type="IQ2_XXS", imatrix=matrix)
    assert (await requantise(smallest, engine, store, tmp_path / "small.gguf")).file_bytes < made[0].file_bytes


@pytest.mark.asyncio
async def test_what_cannot_be_made_leaves_nothing(
    engine: Supervisor, store: Store, tiny_gguf: Path, tmp_path: Path
) -> None:
    target = tmp_path / "made.gguf"
    good = Requantisation(tiny_gguf, "Q8_0")
    dead = tmp_path / "dead.gguf"  # it loads, and computes no numbers
    dead.write_bytes(tiny_gguf.read_bytes())
    with GgufFile(tiny_gguf) as file:
        norm = next(tensor for tensor in file.tensors if tensor.name == "output_norm.weight")
    with dead.open("r+b") as raw:
        raw.seek(norm.start)
        raw.write(bytes(norm.n_bytes))
    for order, error in [
        (replace(good, source=tmp_path / "missing.gguf"), CarveError),
        (replace(good, file_type="Q9"), EngineError),
        (replace(good, imatrix=tmp_path / "missing.gguf"), EngineError),
        (replace(good, source=dead), EngineError),
    ]:
        with pytest.raises(error):
            await requantise(order, engine, store, target)
        assert not target.exists()
    with pytest.raises(StoreError, match="no space left"):
        await requantise(good, engine, store, tmp_path / "no" / "such" / "folder.gguf")
    assert not engine.loaded


@pytest.mark.asyncio
async def test_no_room_is_said_before_anything_is_written(engine: Supervisor, tiny_gguf: Path, tmp_path: Path) -> None:
    full = Store(default_paths().store, free_bytes=lambda _: 1000)
    with pytest.raises(StoreError, match="0 MB free"):
        await requantise(Requantisation(tiny_gguf, "Q8_0"), engine, full, tmp_path / "made.gguf")
    assert not list(tmp_path.iterdir())


@pytest.mark.asyncio
async def test_a_death_leaves_nothing_and_blames_no_expert(tiny_gguf: Path, store: Store, tmp_path: Path) -> None:
    paths, said = default_paths(), list[str]()
    spawn = engine_spawner(paths, fake_command("die:SIGABRT@quantize2", f"once:{tmp_path / 'once'}"))
    engine = Supervisor(spawn, ExtraBuftsMemory.of(paths), said.append)
    target = tmp_path / "made.gguf"
    try:
        with pytest.raises(EngineDied):
            await requantise(Requantisation(tiny_gguf, "Q8_0"), engine, store, target)
        assert not target.exists()
        assert not engine.quarantined
        assert (await requantise(Requantisation(tiny_gguf, "Q8_0"), engine, store, target)).file_bytes
    finally:
        await engine.close()


@pytest.mark.asyncio
async def test_who_gives_up_gets_his_time_back(tiny_gguf: Path, store: Store, tmp_path: Path) -> None:
    """The engine cannot stop, so it is ended with the command; the folder of the target is its caller's."""
    paths = default_paths()
    engine = Supervisor(
        engine_spawner(paths, fake_command("stall@quantize2")), ExtraBuftsMemory.of(paths), lambda _: None
    )
    task = asyncio.create_task(requantise(Requantisation(tiny_gguf, "Q8_0"), engine, store, tmp_path / "made.gguf"))
    while not engine.work["open"]:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(engine.close(), 20)
    assert not list(tmp_path.iterdir())
