"""The contestants of `bench matrix`: one base, cut to one size for each language, for code in general, and uncut.

All hold their vocabulary in the same tables, so that files of as many tokens are equal in bytes but for their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import UsageError
from lsp_experts.lab.carving.carve_check import load_exactly
from lsp_experts.lab.carving.coverage import Coverage, coverage
from lsp_experts.lab.carving.cut_entrant import BASE, cut_entrant
from lsp_experts.lab.carving.pruning import pruned
from lsp_experts.lab.carving.tied_tables import shared_table
from lsp_experts.lab.carving.vocabulary_cut import check_cuttable
from lsp_experts.lab.corpora import HELD_OUT, TRAIN
from lsp_experts.lab.corpus import count_tokens, texts_of
from lsp_experts.lab.evaluation.contestants import Entrant
from lsp_experts.lab.evaluation.evaluate import OnStep
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary
from lsp_experts.lab.open_engine import tokenizer

CODE = "code"  # name of the control; BASE is that of the uncut base, the others have their language's
REMEDY = "`python -m lsp_experts.lab.corpora DIR` makes corpora; --languages takes some of them."
_COUNTED = "matrix-base"


@dataclass(frozen=True)
class Counted:
    """How often each token of the base occurs in a language's text."""

    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


async def count(
    base: Path, vocabulary: Vocabulary, corpora: Path, languages: Sequence[str], engine: Supervisor, on_step: OnStep
) -> dict[str, Counted]:
    """Both sides of each language, in the base's tokens. UsageError where a side has no text; EngineError."""
    counts = {}
    await load_exactly(engine, _COUNTED, base)
    try:
        for number, language in enumerate(languages):
            on_step(f"counting {language}", number, len(languages))
            folders = (corpora / TRAIN / language, corpora / HELD_OUT / language)
            counts[language] = Counted(*[await _count(folder, language, vocabulary, engine) for folder in folders])
    finally:
        await engine.evict(_COUNTED)
    return counts


def keep_sets(vocabulary: Vocabulary, counts: Mapping[str, Counted], size: int) -> dict[str, Ids]:
    """What each contestant keeps: `size` tokens, chosen by a language's counts or by those of all in equal parts.

    Where text has no need of a token, the general order of the base decides. CarveError for a size that is too small.
    """
    equal = sum((counted.train / counted.train.sum() for counted in counts.values()), np.zeros(len(vocabulary)))
    wanted = {**{language: counted.train.astype(np.float64) for language, counted in counts.items()}, CODE: equal}
    kept = {name: pruned(vocabulary, weights, size) for name, weights in wanted.items()}
    return {**kept, BASE: np.arange(len(vocabulary))}


def write_models(
    base: GgufFile, vocabulary: Vocabulary, kept: Mapping[str, Ids], folder: Path, fim: str, on_step: OnStep
) -> list[Entrant]:
    """A file for each, below `folder`. CarveError for a base that cannot be cut; OSError."""
    check_cuttable(base, vocabulary)
    table, sha256 = shared_table(base), base.sha256()
    entrants = []
    for number, (name, ids) in enumerate(kept.items()):
        on_step(f"cutting {name}", number, len(kept))
        path = folder / f"{name}.gguf"
        made = cut_entrant(base, vocabulary, ids, path, base_sha256=sha256, language=name, fim=fim, one_table=table)
        entrants.append(replace(made, kind="model", made_of="") if name == BASE else made)
    return entrants


def coverages(
    vocabulary: Vocabulary, kept: Mapping[str, Ids], counts: Mapping[str, Counted]
) -> dict[str, dict[str, Coverage]]:
    """What each contestant keeps of each language's held-out text, by contestant and language."""
    return {
        name: {language: coverage(vocabulary, ids, counted.held_out) for language, counted in counts.items()}
        for name, ids in kept.items()
    }


async def _count(folder: Path, language: str, vocabulary: Vocabulary, engine: Supervisor) -> NDArray[np.int64]:
    found = await count_tokens(tokenizer(engine, _COUNTED), texts_of(folder, language), len(vocabulary))
    if not found.any():
        raise UsageError(f"{folder} has no text of {language}.", remedy=REMEDY)
    return found
