"""`lsp-experts bench carve`: what each way to make a base smaller costs on held-out code, beside plain quantisation.

The models are made in a folder of the store that is removed at the end; what was measured is kept, and the same command
goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_experts.errors import UsageError
from lsp_experts.lab.carving.carve_models import Recipe, ask_base, check_recipe, make_models
from lsp_experts.lab.carving.carve_report import report
from lsp_experts.lab.evaluation.eval_cases import eval_cases
from lsp_experts.lab.evaluation.evaluate import AS_THE_PRODUCT, EvalOrder, OnStep, evaluate
from lsp_experts.lab.evaluation.journal import journal_for
from lsp_experts.lab.evaluation.scored_stretches import READING, stretches
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import read_vocabulary
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import SourceFile, files_within
from lsp_experts.paths import Paths
from lsp_experts.registry.store import Store


@dataclass(frozen=True)
class CarveBench:
    """What to measure: `recipe` on at most `limit` cases of code in `data`, of which nothing was made.

    `stretches`: read so many instead of completing cases; their lines are the cases then.
    """

    recipe: Recipe
    data: Path
    limit: int = 120
    stretches: int = 0
    minutes: float | None = None
    seed: int = 7
    fresh: bool = False  # what an earlier run measured does not count


async def bench_carve(bench: CarveBench, paths: Paths, on_step: OnStep) -> dict[str, Any]:
    """The report of carve_report. UsageError for numbers or folders that leave nothing to measure; CarveError,
    EngineError, StoreError. The making of the models comes on top of `minutes`.
    """
    recipe, files = bench.recipe, _files(bench)
    if bench.stretches:
        read = stretches(files, recipe.language, bench.stretches, bench.seed)
        cases, way = tuple(line for stretch in read for line in stretch), READING
    else:
        cases, way = eval_cases(files, bench.limit, bench.seed, (recipe.language,)), AS_THE_PRODUCT
    if not cases:
        raise UsageError(f"{bench.data} has no place to complete at.", remedy="Give a folder with more code.")
    store = Store(paths.store)
    store.sweep()
    with GgufFile(recipe.base) as base:
        vocabulary = read_vocabulary(base)
        if recipe.corpus and recipe.keep_set and recipe.keep_set.header.tokenizer != vocabulary.identity:
            recipe = replace(recipe, keep_set=None)  # as in a carve: only the corpus counts then
        check_recipe(recipe, base, vocabulary)
        store.require_space(base.file_bytes * (1 + len(recipe.tokens) + len(recipe.quants) + len(recipe.ffn_blocks)))
        async with open_engine(paths) as engine:
            asked = await ask_base(recipe, [file.text for file in files], vocabulary, engine, on_step)
            with store.temporary_folder() as folder:
                made = await make_models(recipe, base, vocabulary, asked, folder, engine, store, on_step)
                entrants = [each.entrant for each in made]
                order = EvalOrder(cases, bench.minutes)
                journal = journal_for(paths, entrants, order.settings, cases, fresh=bench.fresh)
                evaluation = await evaluate(order, entrants, engine, journal, on_step, way=way)
    return report(evaluation, made, recipe.language)


def _files(bench: CarveBench) -> Sequence[SourceFile]:
    """The held-out files of the language."""
    found = [file for file in files_within(bench.data) if file.language == bench.recipe.language]
    if not found:
        raise UsageError(f"{bench.data} has no code of {bench.recipe.language}.", remedy="Give a folder that has some.")
    return found
