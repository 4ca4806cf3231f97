"""The contestants of `bench carve`: one base, smaller in several ways, and smaller by plain quantisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import UsageError
from lsp_experts.lab.carving import ffn_cut, vocabulary_cut
from lsp_experts.lab.carving.carve_check import load_exactly
from lsp_experts.lab.carving.corpus_importance import corpus_importance
from lsp_experts.lab.carving.coverage import Coverage, coverage
from lsp_experts.lab.carving.cut_entrant import BASE, cut_entrant
from lsp_experts.lab.carving.importance import Importance
from lsp_experts.lab.carving.keepset import KeepSet
from lsp_experts.lab.carving.pruning import expected_counts, pruned
from lsp_experts.lab.carving.requantise import Requantisation, requantise_by
from lsp_experts.lab.carving.tied_tables import shared_table
from lsp_experts.lab.corpus import count_tokens, texts_of
from lsp_experts.lab.evaluation.contestants import Entrant, file_entrant
from lsp_experts.lab.evaluation.evaluate import OnStep
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary
from lsp_experts.lab.open_engine import tokenizer
from lsp_experts.registry.store import Store

ONE_TABLE = "one-table"
BY_CORPUS = "@corpus"  # behind a type: by an importance matrix of the corpus
_ASKED = "carve-bench-base"


@dataclass(frozen=True)
class Recipe:
    """Which models to make of `base` for `language`; `corpus` is code to count and to measure with.

    `quants`: types as in Requantisation, behind a "+" that of the vocabulary tables, most of a small file, and behind
    that BY_CORPUS.
    """

    language: str
    base: Path
    fim: str
    keep_set: KeepSet | None
    corpus: Sequence[Path]
    tokens: Sequence[int]
    quants: Sequence[str]
    ffn_blocks: Sequence[int]


@dataclass(frozen=True)
class Asked:
    """What the base was asked before anything is made."""

    counts: Ids  # of each token, in the corpus
    held_out: Ids  # of each token, in the held-out text
    importance: Importance | None  # of the columns, where something goes by it


@dataclass(frozen=True)
class Made:
    """A model, and how it covers the held-out text. `way`: base, tables, vocabulary, ffn, importance or plain."""

    entrant: Entrant
    way: str
    coverage: Coverage


async def ask_base(
    recipe: Recipe, held_out: Sequence[str], vocabulary: Vocabulary, engine: Supervisor, on_step: OnStep
) -> Asked:
    """Counts and activations. CarveError, EngineError."""
    report = await load_exactly(engine, _ASKED, recipe.base)
    try:
        on_step("counting tokens", 0, 1)
        texts = (text for folder in recipe.corpus for text in texts_of(folder, recipe.language))
        counts = await count_tokens(tokenizer(engine, _ASKED), texts, len(vocabulary))
        held = await count_tokens(tokenizer(engine, _ASKED), held_out, len(vocabulary))
        importance = None
        if recipe.ffn_blocks or any(quant.endswith(BY_CORPUS) for quant in recipe.quants):
            on_step("measuring activations", 0, 1)
            importance = await corpus_importance(engine, _ASKED, report, recipe.corpus, recipe.language)
    finally:
        await engine.evict(_ASKED)
    return Asked(counts, held, importance)


async def make_models(
    recipe: Recipe, base: GgufFile, vocabulary: Vocabulary, asked: Asked, folder: Path, engine: Supervisor,
    store: Store, on_step: OnStep,
) -> list[Made]:  # fmt: skip
    """The base, and beside it a file below `folder` for each row. CarveError, EngineError, StoreError."""
    whole = np.arange(len(vocabulary))
    table, sha256 = shared_table(base), base.sha256()
    of_all = coverage(vocabulary, whole, asked.held_out)
    made = [Made(file_entrant(BASE, recipe.base, sha256=sha256, fim=recipe.fim), "base", of_all)]
    steps = len(recipe.tokens) + len(recipe.ffn_blocks) + len(recipe.quants)

    def cut(name: str, way: str, kept: Ids, narrowed: ffn_cut.Narrowed | None = None) -> Path:
        on_step(f"making {name}", len(made) - 1, steps)
        path = folder / f"{name}.gguf"
        with store.disk_errors():
            entrant = cut_entrant(
                base, vocabulary, kept, path, base_sha256=sha256, language=recipe.language, fim=recipe.fim,
                one_table=table, narrowed=narrowed,
            )  # fmt: skip
        made.append(Made(entrant, way, coverage(vocabulary, kept, asked.held_out)))
        return path

    # A plain quantisation has one table, too, where one does: else the carved ones would win by that alone.
    plain_of = recipe.base if table is None else cut(ONE_TABLE, "tables", whole)
    expected = expected_counts(vocabulary, recipe.keep_set, asked.counts)
    for size in recipe.tokens:
        cut(f"tokens-{size}", "vocabulary", pruned(vocabulary, expected, size))
    if asked.importance:
        for blocks in recipe.ffn_blocks:
            cut(f"ffn-{blocks}", "ffn", whole, ffn_cut.narrowed(base, blocks, asked.importance.magnitudes))
    for quant in recipe.quants:
        on_step(f"making {quant}", len(made) - 1, steps)
        path = folder / f"{quant}.gguf"
        weights, _, tables = quant.removesuffix(BY_CORPUS).partition("+")
        order = Requantisation(plain_of, weights, token_embedding_type=tables, output_type=tables)
        by = asked.importance if quant.endswith(BY_CORPUS) else None
        await requantise_by(order, by, recipe.language, engine, store, path)
        way = "plain" if by is None else "importance"
        made.append(Made(file_entrant(quant, path, made_of=BASE, fim=recipe.fim), way, of_all))
    return made


def check_recipe(recipe: Recipe, base: GgufFile, vocabulary: Vocabulary) -> None:
    """UsageError or CarveError for what could not be made, before the long steps."""
    names = [str(each) for each in (*recipe.tokens, *recipe.quants)]
    if not (recipe.tokens or recipe.quants or recipe.ffn_blocks) or len(set(names)) < len(names):
        raise UsageError("There is nothing to compare, or something twice.", remedy="Name sizes or types, each once.")
    if (recipe.ffn_blocks or any(quant.endswith(BY_CORPUS) for quant in recipe.quants)) and not recipe.corpus:
        raise UsageError(
            f"With --ffn-blocks or {BY_CORPUS} it needs code to measure with.", remedy="Give --corpus DIR."
        )
    vocabulary_cut.check_cuttable(base, vocabulary)
    vocabulary_cut.plan(vocabulary, recipe.keep_set, ())
    for blocks in recipe.ffn_blocks:
        ffn_cut.check_narrowable(base, blocks)
    if recipe.tokens:
        pruned(vocabulary, np.zeros(len(vocabulary)), min(recipe.tokens))
