"""Proof that a cut changed no more than it should: base and carved file, in the engine, on one fixed prompt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.protocol import Load, LoadReport, Logits, Segment, Tokenize
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import CarveError
from lsp_experts.lab.carving.vocabulary_cut import new_ids
from lsp_experts.lab.gguf_vocabulary import Ids

PROMPT = (
    "// counts the words of a page\nfunc count(page string) map[string]int {\n\tseen := map[string]int{}\n"
    '\tfor _, word := range strings.Fields(page) {\n\t\tseen[word]++\n\t}\n<div class="list">\n'
    "    <a href='/about'>About</a>\n</div>\nSELECT name, id FROM users WHERE id = 1;\n\nreturn "
)
TOLERANCE = 1e-4  # of a logit; kept rows are the same bytes, so the usual difference is exactly 0
# With one table for two: root mean square of the differences / standard deviation of the base's logits. Seen on
# Qwen2.5-Coder-0.5B Q4_K_M: 0.04 (a logit moves by 0.41 at most, of a range of 30); a row out of place makes it 1.
ROUNDING = 0.1

Expected = Literal["equal", "rounded", "changed"]  # logits: untouched; of another precision; of another network


@dataclass(frozen=True)
class Sample:
    """What a model makes of the prompt: its token ids and the logits after them."""

    tokens: Ids
    logits: NDArray[np.float32]


async def load_exactly(engine: Supervisor, name: str, path: Path) -> LoadReport:
    """Load a GGUF without repacked weights, so that two files compute the same sums in the same order."""
    return await engine.load(Load(name, str(path), n_ctx=512, n_threads=physical_cores(), use_extra_bufts=False))


async def sample(engine: Supervisor, name: str) -> Sample:
    """The prompt through a loaded model."""
    (tokens,) = await engine.tokenize(Tokenize(name, (PROMPT,)))
    logits = await engine.logits(Logits(name, (Segment(PROMPT),)))
    return Sample(np.array(tokens, np.int64), np.frombuffer(logits, np.float32).copy())


def compare(base: Sample, carved: Sample, kept: Ids, expected: Expected = "equal") -> float:
    """The largest difference between the logits of kept tokens; CarveError if they differ by more than `expected`.

    "changed" ones must only be finite. Both must also cut the prompt into the same pieces.
    """
    if len(carved.logits) != len(kept):
        raise CarveError(f"The carved model has {len(carved.logits)} tokens instead of {len(kept)}.", remedy=_REMEDY)
    if not np.array_equal(new_ids(kept, len(base.logits))[base.tokens], carved.tokens):
        raise CarveError("The carved model cuts text into other pieces than its base.", remedy=_REMEDY)
    differences = np.abs(base.logits[kept] - carved.logits)
    largest = float(np.max(differences))
    share = float(np.sqrt(np.mean(differences**2)) / np.std(base.logits[kept]))
    within = {"equal": largest <= TOLERANCE, "rounded": share <= ROUNDING, "changed": bool(np.isfinite(largest))}
    if not within[expected]:
        raise CarveError(f"The carved model's logits differ from its base's by {largest:.3g}.", remedy=_REMEDY)
    return largest


_REMEDY = "Nothing was installed. Verify the base, and please report this."
