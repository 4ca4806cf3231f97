"""`lsp-experts bench matrix`: is a base that was cut for a language better at it than one of its size that was cut for
another language, or for code in general?

Every contestant of matrix/models.py reads the same stretches of each language's held-out text; with `places`, each also
completes lines and blocks there by the product's prompts. What is measured is kept, and the same command goes on where
it stopped; the models are made again, in a folder of the store that is removed at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import UsageError
from lsp_experts.lab.corpora import HELD_OUT
from lsp_experts.lab.evaluation.contestants import Entrant
from lsp_experts.lab.evaluation.eval_cases import by_place, eval_cases
from lsp_experts.lab.evaluation.evaluate import AS_THE_PRODUCT, EvalOrder, OnStep, Way, evaluate
from lsp_experts.lab.evaluation.journal import journal_for
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.evaluation.scored_stretches import READING, stretches
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import read_vocabulary
from lsp_experts.lab.matrix.models import REMEDY, count, coverages, keep_sets, write_models
from lsp_experts.lab.matrix.report import report
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import Case, SourceFile, files_within
from lsp_experts.paths import Paths
from lsp_experts.registry.store import Store

_HOLES = 3  # of a place, at most


@dataclass(frozen=True)
class MatrixBench:
    """What to measure. `stretches` and `places` (0: none) are of each language; `fim` as in a registry entry."""

    corpora: Path
    languages: tuple[str, ...]
    base: Path
    fim: str = "auto"
    tokens: int = 24_000
    stretches: int = 14
    places: int = 0
    minutes: float = 30.0
    seed: int = 7
    fresh: bool = False  # what an earlier run measured does not count


async def bench_matrix(
    bench: MatrixBench, paths: Paths, on_step: OnStep, clock: Callable[[], float] = time.monotonic
) -> dict[str, Any]:
    """The report, of as much as `minutes` of measuring give; the making of the models comes on top.

    UsageError for corpora or numbers that leave nothing to measure; CarveError, EngineError, StoreError.
    """
    files = _files(bench)
    store = Store(paths.store)
    store.sweep()
    with GgufFile(bench.base) as base:
        vocabulary = read_vocabulary(base)
        async with open_engine(paths) as engine:
            counts = await count(bench.base, vocabulary, bench.corpora, bench.languages, engine, on_step)
            kept = keep_sets(vocabulary, counts, bench.tokens)
            store.require_space(base.file_bytes * len(kept))
            with store.temporary_folder() as folder:
                with store.disk_errors():
                    entrants = write_models(base, vocabulary, kept, folder, bench.fim, on_step)
                until_s = clock() + bench.minutes * 60
                read = await _measured(bench, _lines(bench, files), READING, entrants, engine, paths, on_step, clock)
                if bench.places:
                    left = replace(bench, minutes=max(0.0, until_s - clock()) / 60)
                    cases = _cases(bench, files)
                    written = await _measured(left, cases, AS_THE_PRODUCT, entrants, engine, paths, on_step, clock)
                else:
                    written = None
    shares = coverages(vocabulary, kept, counts)
    return report(read, written, shares, bench.languages, bench.tokens)


def _files(bench: MatrixBench) -> dict[str, Sequence[SourceFile]]:
    """The held-out files of each language. UsageError where there are none."""
    if len(bench.languages) < 2 or len(set(bench.languages)) < len(bench.languages):
        raise UsageError("A matrix is of two different languages or more.", remedy="Give them with --languages.")
    files: dict[str, Sequence[SourceFile]] = {}
    for language in bench.languages:
        folder = bench.corpora / HELD_OUT / language
        files[language] = files_within(folder)
        if not files[language]:
            raise UsageError(f"{folder} has no held-out text of {language}.", remedy=REMEDY)
    return files


def _lines(bench: MatrixBench, files: Mapping[str, Sequence[SourceFile]]) -> tuple[Case, ...]:
    """Lines of stretches; languages take turns."""
    queues = [stretches(some, language, bench.stretches, bench.seed) for language, some in files.items()]
    return tuple(case for turn in zip_longest(*queues) for stretch in turn if stretch for case in stretch)


def _cases(bench: MatrixBench, files: Mapping[str, Sequence[SourceFile]]) -> tuple[Case, ...]:
    """Places to complete at, counted for the language whose files they are in; languages take turns."""
    queues = []
    for language, some in files.items():
        cases = eval_cases([replace(file, language=language) for file in some], _HOLES * bench.places, bench.seed)
        own = [case for case in cases if case.language == language]
        queues.append(by_place(own)[: bench.places])
    return tuple(case for turn in zip_longest(*queues) for place in turn if place for case in place)


async def _measured(
    bench: MatrixBench, cases: tuple[Case, ...], way: Way, entrants: Sequence[Entrant], engine: Supervisor,
    paths: Paths, on_step: OnStep, clock: Callable[[], float],
) -> Evaluation:  # fmt: skip
    order = EvalOrder(cases, bench.minutes)
    journal = journal_for(paths, entrants, order.settings, cases, fresh=bench.fresh)
    return await evaluate(order, entrants, engine, journal, on_step, clock, way)
