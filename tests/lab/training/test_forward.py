"""The model that is trained says what the engine says, with and without an adapter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from lab.training.stand import TEXT, base, engine_logits  # noqa: E402

from lsp_experts.errors import AdaptError  # noqa: E402
from lsp_experts.lab.gguf_file import GgufFile  # noqa: E402
from lsp_experts.lab.random_adapter import write_random_adapter  # noqa: E402
from lsp_experts.lab.training.adapter_file import read_adapter  # noqa: E402
from lsp_experts.lab.training.forward import AdaptedModel  # noqa: E402
from lsp_experts.lab.training.model_weights import read_shape, weights  # noqa: E402
from lsp_experts.paths import Paths  # noqa: E402

TOLERANCE = 0.03  # of logits: the engine keeps its KV cache in 16 bits


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


def our_logits(model: Path, tokens: list[int], adapter: Path | None = None) -> np.ndarray:
    with GgufFile(model) as file:
        shape = read_shape(file)
        held = {name: torch.from_numpy(values) for name, values in weights(file)}
    alpha, pairs = read_adapter(adapter) if adapter else (8.0, {})
    adapted = AdaptedModel(shape, held, rank=8, alpha=alpha)
    with torch.no_grad():
        for key, piece in adapted.pieces.items():
            layer, _, name = key.partition("-")
            if pairs:
                a, b = pairs[f"blk.{layer}.{name}.weight"]
                piece.a.copy_(torch.from_numpy(a))
                piece.b.copy_(torch.from_numpy(b))
        hidden = adapted(torch.tensor(tokens))
        logits: np.ndarray = adapted.logits(hidden[-1:])[0].numpy()
    return logits


@pytest.mark.asyncio
@pytest.mark.parametrize("changes", [
    {}, {"tied": True}, {"quantised": True}, {"n_head_kv": 1}, {"architecture": "llama"},
    {"architecture": "llama", "n_head_kv": 1},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("adapted", [False, True])
async def test_logits_are_the_engines(tmp_path: Path, paths: Paths, changes: dict[str, object], adapted: bool) -> None:
    model = base(tmp_path, **changes)
    adapter = write_random_adapter(model, tmp_path / "adapter.gguf") if adapted else None
    tokens, theirs = await engine_logits(paths, model, TEXT, adapter)
    ours = our_logits(model, tokens, adapter)
    assert np.abs(ours - theirs).max() < TOLERANCE * np.abs(theirs).max()
    assert not adapted or np.abs(ours - our_logits(model, tokens)).max() > 10 * TOLERANCE


@pytest.mark.parametrize(("key", "value", "said"), [
    (b"qwen2", b"gemma", "gemma"), (b"attn_q.weight", b"attn_x.weight", "attn_q"),
])  # fmt: skip
def test_what_cannot_be_trained_is_refused(tmp_path: Path, key: bytes, value: bytes, said: str) -> None:
    model = base(tmp_path)
    model.write_bytes(model.read_bytes().replace(key, value))
    with GgufFile(model) as file, pytest.raises(AdaptError, match=said):
        read_shape(file)


def test_a_model_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(AdaptError, match="not a LoRA adapter"):
        read_adapter(base(tmp_path))
