"""How much each column of a base's weights matters for a language: the product's own prompts through the base.

Prompts are fill-in-the-middle ones, each with what its writer wrote behind it, since that is what the base is used for.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf.constants import GGMLQuantizationType
from numpy.typing import NDArray

from lsp_experts.completion.templates import FimTemplate
from lsp_experts.engine.protocol import Activations, Segment
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import CarveError
from lsp_experts.lab import gguf_file
from lsp_experts.lab.case_request import written_prompt
from lsp_experts.lab.gguf_file import GgufFile, NewTensor, Written
from lsp_experts.lab.replay_cases import SourceFile, holes
from lsp_experts.settings import Settings

Columns = NDArray[np.float64]
Prompt = tuple[Segment, ...]

_PROMPTS_PER_REQUEST = 8  # some 6000 tokens: progress comes at least that often, and a request stays small
_CHUNK_TOKENS = 1024  # what llama.cpp's tools want to know; a prompt has at most so many
# The weights that read the same input, as llama.cpp names its tensors, under the one that a report names.
_SAME_INPUT = {"attn_q": ("attn_q", "attn_k", "attn_v"), "ffn_gate": ("ffn_gate", "ffn_up")}


@dataclass(frozen=True)
class Importance:
    """Sums over `tokens`, a number a column; keys as in ActivationsReport."""

    prompts: int
    tokens: int
    squares: Mapping[str, Columns]
    magnitudes: Mapping[str, Columns]


def calibration_prompts(
    files: Sequence[SourceFile], template: FimTemplate | None, count: int, seed: int = 7
) -> tuple[Prompt, ...]:
    """At most `count` prompts of the files, which take turns; of a file the kinds of places do. Deterministic."""
    rng = random.Random(seed)
    turns = [_prompts_of(file, template, rng) for file in rng.sample(files, len(files))]
    found: list[Prompt] = []
    while turns and len(found) < count:
        going = [(turn, prompt) for turn in turns if (prompt := next(turn, None)) is not None]
        turns = [turn for turn, _ in going]
        found += [prompt for _, prompt in going]
    return tuple(found[:count])


def _prompts_of(file: SourceFile, template: FimTemplate | None, rng: random.Random) -> Iterator[Prompt]:
    settings, seen = Settings(), set[Prompt]()
    by_kind = [rng.sample(places, len(places)) for places in holes(file.text).values() if places]
    while by_kind:
        for places in by_kind:
            prompt = written_prompt(file.text, places.pop(), template, settings)
            if prompt not in seen:  # two holes that end at one place make the same prompt, once their text is written
                seen.add(prompt)
                yield prompt
        by_kind = [places for places in by_kind if places]


async def measure(
    engine: Supervisor, expert: str, prompts: Sequence[Prompt], on_progress: Callable[[float], None] = lambda _: None
) -> Importance:
    """What the weights of a loaded expert read in the prompts. CarveError without a prompt, EngineError, EngineDied."""
    if not prompts:
        raise CarveError("There is no code of this language to measure with.", remedy="Give a folder that has some.")
    squares: dict[str, Columns] = {}
    magnitudes: dict[str, Columns] = {}
    tokens = 0
    for start in range(0, len(prompts), _PROMPTS_PER_REQUEST):
        texts = tuple(prompts[start : start + _PROMPTS_PER_REQUEST])
        report = await engine.activations(Activations(expert, texts))
        tokens += report.tokens
        _add(squares, report.squares)
        _add(magnitudes, report.magnitudes)
        on_progress((start + len(texts)) / len(prompts))
    return Importance(len(prompts), tokens, squares, magnitudes)


def _add(sums: dict[str, Columns], encoded: Mapping[str, str]) -> None:
    for name, text in encoded.items():
        columns = np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)
        sums[name] = sums[name] + columns if name in sums else columns


def write_imatrix(base: Path, importance: Importance, dataset: str, target: Path, *, output: bool = False) -> Written:
    """Write llama.cpp's importance matrix (GGUF) for the weights of `base`. CarveError, OSError.

    `dataset` names what was read, without a path of the user's. `output`: for the output table too, which llama.cpp's
    own tool leaves out unless it is told otherwise.
    """
    with GgufFile(base) as file:
        shapes = {tensor.name: tensor.dims[0] for tensor in file.tensors if len(tensor.dims) == 2}
    columns = {f"{name}.weight": sums for key, sums in importance.squares.items() for name in _readers(key)}
    if not output:
        columns.pop("output.weight", None)
    columns = {name: sums for name, sums in sorted(columns.items()) if name in shapes}
    wrong = [name for name, sums in columns.items() if shapes[name] != len(sums)]
    if not columns or wrong:
        raise CarveError(f"These are not the activations of {base.name}.", remedy="Measure this base.")
    count = np.array([importance.tokens], np.float32)
    tensors = [
        tensor
        for name, sums in columns.items()
        for tensor in (_tensor(f"{name}.in_sum2", sums.astype(np.float32)), _tensor(f"{name}.counts", count))
    ]
    values = [
        ("general.type", gguf_file.text(b"imatrix")),
        ("imatrix.datasets", gguf_file.texts([dataset.encode()])),
        ("imatrix.chunk_count", gguf_file.scalar(gguf_file.UINT32, importance.prompts)),
        ("imatrix.chunk_size", gguf_file.scalar(gguf_file.UINT32, _CHUNK_TOKENS)),
    ]
    return gguf_file.write_gguf(target, values, tensors)


def _readers(key: str) -> tuple[str, ...]:
    layer, _, weight = key.rpartition(".")
    return tuple(f"{layer}.{name}" if layer else name for name in _SAME_INPUT.get(weight, (weight,)))


def _tensor(name: str, numbers: NDArray[np.float32]) -> NewTensor:
    raw = numbers.astype("<f4").tobytes()
    return NewTensor(name, (len(numbers),), int(GGMLQuantizationType.F32), len(raw), lambda: (raw,))
