"""What the tests of training share: tiny bases, examples, and the engine's own logits to compare with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lsp_experts.engine.protocol import Load, Logits, Segment
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import read_vocabulary
from lsp_experts.lab.open_engine import open_engine, tokenizer
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.lab.training.fim_examples import Example, Spelling, examples, windows
from lsp_experts.paths import Paths

TEXT = "package main\n\nfunc add(a int, b int) int {\n\treturn a + b\n}\n"


def base(folder: Path, **changes: object) -> Path:
    """A tiny base whose biases are not zero, where it has any."""
    path = write_tiny_gguf(folder / "base.gguf", **changes)  # type: ignore[arg-type]
    rng = np.random.default_rng(3)
    with GgufFile(path) as file:
        biases = [tensor for tensor in file.tensors if tensor.name.endswith(".bias")]
    with path.open("r+b") as out:
        for tensor in biases:
            out.seek(tensor.start)
            out.write(rng.standard_normal(tensor.dims[0]).astype("<f4").tobytes())
    return path


async def engine_logits(
    paths: Paths, model: Path, text: str, adapter: Path | None = None
) -> tuple[list[int], np.ndarray]:
    """(tokens of the text, the logits after them) of the real engine."""
    async with open_engine(paths) as engine:
        await engine.load(Load("one", str(model), n_ctx=256, adapter=str(adapter) if adapter else ""))
        (tokens,) = await tokenizer(engine, "one")([text])
        return tokens, np.frombuffer(await engine.logits(Logits("one", (Segment(text),))), np.float32)


async def made_examples(paths: Paths, model: Path, texts: list[str], length: int = 96) -> list[Example]:
    """Examples of the texts in the tiny base's own tokens and template."""
    from lsp_experts.lab.open_engine import open_expert

    async with open_expert(paths, model, n_ctx=256) as expert:
        with GgufFile(model) as file:
            tokens = read_vocabulary(file).tokens
        assert expert.template is not None
        spelling = Spelling(
            expert.template,
            {text: tokens.index(text.encode()) for text in expert.template.controls},
            tokens.index(b"<|endoftext|>"),
        )
        prompts = windows(texts, expert.template, length, seed=1, most=1000)
        return await examples(prompts, spelling, tokenizer(expert.engine, expert.name), length)
