"""Training: it learns, it can be stopped anywhere, and what it wrote the engine speaks with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from lab.training.stand import base, engine_logits, made_examples  # noqa: E402

from lsp_experts.lab.gguf_file import GgufFile  # noqa: E402
from lsp_experts.lab.training.adapter_file import read_adapter  # noqa: E402
from lsp_experts.lab.training.fim_examples import Example  # noqa: E402
from lsp_experts.lab.training.model_weights import read_shape  # noqa: E402
from lsp_experts.lab.training.trainer import Step, Trained, TrainOrder, memory_bytes, train  # noqa: E402
from lsp_experts.paths import Paths  # noqa: E402

TEXTS = [
    f"package main\n\nfunc add{number}(a int, b int) int {{\n\tif err != nil {{\n\t\treturn {number}\n\t}}\n"
    f"\treturn a + b + {number}\n}}\n\nfunc main() {{\n\tprint(add{number}({number}, 2), string(err))\n}}\n"
    for number in range(12)
]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return base(tmp_path)


@pytest.fixture
def examples(paths: Paths, model: Path) -> list[Example]:
    return asyncio.run(made_examples(paths, model, TEXTS))


def run(
    model: Path, examples: list[Example], folder: Path, tokens: int = 6000, stop_at: int = 0, **changes: object
) -> tuple[Trained, list[Step], Path]:
    order = replace(TrainOrder(model, tokens=tokens, rank=4, learning_rate=5e-3, length=96), **changes)
    steps: list[Step] = []
    adapter = folder / "adapter.gguf"
    trained = train(
        order, examples[4:], examples[:4], folder / "checkpoint.pt", adapter, steps.append,
        stop=lambda: len(steps) == stop_at,
    )  # fmt: skip
    return trained, steps, adapter


def test_it_learns_and_the_engine_speaks_with_it(
    tmp_path: Path, paths: Paths, model: Path, examples: list[Example]
) -> None:
    trained, steps, adapter = run(model, examples, tmp_path)
    assert trained.finished and trained.loss_after < 0.8 * trained.loss_before
    assert [step.number for step in steps] == list(range(1, len(steps) + 1)) and steps[-1].share == 1.0
    alpha, pairs = read_adapter(adapter)
    assert alpha == 32.0 and len(pairs) == 2 * 7 and all(a.shape[0] == 4 == b.shape[1] for a, b in pairs.values())
    _, plain = asyncio.run(engine_logits(paths, model, TEXTS[0]))
    _, adapted = asyncio.run(engine_logits(paths, model, TEXTS[0], adapter))
    assert np.abs(plain - adapted).max() > 0.1


def test_stopped_and_gone_on_with_it_is_the_same(tmp_path: Path, model: Path, examples: list[Example]) -> None:
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole, _, adapter = run(model, examples, tmp_path / "whole")
    stopped, _, nothing = run(model, examples, tmp_path / "parts", stop_at=3)
    assert not stopped.finished and stopped.steps == 3 and not nothing.exists()
    went_on, steps, other = run(model, examples, tmp_path / "parts")
    assert steps[0].number == 4 and went_on.steps == whole.steps and went_on.loss_before == whole.loss_before
    for name, (a, b) in read_adapter(adapter)[1].items():
        for one, two in zip((a, b), read_adapter(other)[1][name], strict=True):
            assert np.allclose(one, two, atol=2e-3), name


def test_ctrl_c_keeps_what_was_trained(tmp_path: Path, model: Path, examples: list[Example]) -> None:
    def interrupt(step: Step) -> None:
        if step.number == 2:
            raise KeyboardInterrupt

    order = TrainOrder(model, tokens=6000, rank=4, length=96)
    with pytest.raises(KeyboardInterrupt):
        train(order, examples, [], tmp_path / "checkpoint.pt", tmp_path / "adapter.gguf", interrupt)
    steps: list[Step] = []
    train(order, examples, [], tmp_path / "checkpoint.pt", tmp_path / "adapter.gguf", steps.append)
    assert steps[0].number == 3


@pytest.mark.parametrize("changes", [{"rank": 2}, {"seed": 8}, {"learning_rate": 1e-3}])
def test_a_checkpoint_of_another_order_is_not_used(
    tmp_path: Path, model: Path, examples: list[Example], changes: dict[str, object]
) -> None:
    run(model, examples, tmp_path, stop_at=2)
    _, steps, _ = run(model, examples, tmp_path, stop_at=1, **changes)
    assert steps[0].number == 1


@pytest.mark.parametrize("broken", [b"not a checkpoint", b"", b"IZZ\n.", b"\x80\x02.", b"X\x01\x00\x00\x00\x86."])
def test_a_checkpoint_that_is_broken_is_not_used(
    tmp_path: Path, model: Path, examples: list[Example], broken: bytes
) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(broken)
    _, steps, _ = run(model, examples, tmp_path, stop_at=1)
    assert steps[0].number == 1


def test_it_goes_on_from_an_adapter(tmp_path: Path, model: Path, examples: list[Example]) -> None:
    trained, _, adapter = run(model, examples, tmp_path)
    (tmp_path / "second").mkdir()
    again, _, _ = run(model, examples, tmp_path / "second", tokens=600, start=adapter, alpha=16.0)
    assert again.loss_before == pytest.approx(trained.loss_after, abs=0.02)


def test_time_ends_it(tmp_path: Path, model: Path, examples: list[Example]) -> None:
    now = iter(range(10_000))
    order = TrainOrder(model, tokens=10**9, minutes=1.0, rank=4, length=96)
    trained = train(
        order, examples, [], tmp_path / "c.pt", tmp_path / "a.gguf", lambda step: None, clock=lambda: float(next(now))
    )
    assert trained.finished and trained.elapsed_s >= 60


def test_memory_is_told_before(model: Path) -> None:
    with GgufFile(model) as file:
        shape = read_shape(file)
    order = TrainOrder(model, tokens=1)
    assert memory_bytes(shape, order) > 4 * sum(n_in * n_out for n_in, n_out in shape.linear.values()) * shape.layers
    assert memory_bytes(shape, replace(order, length=1024)) > memory_bytes(shape, order)


def test_the_time_to_read_the_base_is_no_training(tmp_path: Path, model: Path, examples: list[Example]) -> None:
    """Else a slow machine would end before its first step."""
    times = iter([0.0])
    order = TrainOrder(model, tokens=600, minutes=1, rank=4, length=96)
    steps: list[Step] = []
    checkpoint, adapter = tmp_path / "checkpoint.pt", tmp_path / "adapter.gguf"
    trained = train(order, examples, [], checkpoint, adapter, steps.append, clock=lambda: next(times, 1000.0))
    assert trained.finished and trained.tokens >= 600 and steps[-1].elapsed_s == 0


def test_a_full_disk_leaves_the_older_checkpoint(tmp_path: Path, model: Path, examples: list[Example]) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(b"older")
    (tmp_path / "checkpoint.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        train(TrainOrder(model, tokens=10, rank=4, length=96), examples, [], checkpoint, tmp_path / "a.gguf", print)
    assert [path.name for path in tmp_path.iterdir() if "checkpoint" in path.name] == ["checkpoint.pt"]
    assert checkpoint.read_bytes() == b"older"
