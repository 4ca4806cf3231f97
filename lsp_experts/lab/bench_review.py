"""`lsp-experts bench review`: what a review finds of known slips, for how many false alarms, at what cost.

Self-made mutations of the workspace's own code, each in a stretch of its file; the same stretch as it was, for the
false alarms; and, where the workspace has history, the parents of commits that fix a bug.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from lsp_experts.actions.choosing import able_to_fill
from lsp_experts.actions.review.scorer import Reader
from lsp_experts.actions.review.threshold import least_delta
from lsp_experts.completion.templates import choose
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import UsageError
from lsp_experts.lab.answering import files_by_expert
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.lab.replay_cases import SourceFile
from lsp_experts.lab.review_commits import Fix, fixes
from lsp_experts.lab.review_run import Measured, ReviewRun
from lsp_experts.lab.review_scorer import EngineScorer
from lsp_experts.lab.review_stretches import files_to_review, in_turn
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain

OnReview = Callable[[str, str, int, int], None]
_COMMITS_SHARE = 0.4  # of the time, where there are any


@dataclass(frozen=True)
class ReviewBench:
    """What to measure. No `expert`: in each language the one that reviews it here."""

    folder: Path
    expert: str = ""
    mutations: int = 40  # for each expert
    commits: int = 20  # of the repository
    limit_files: int = 20  # for each expert
    minutes: float = 20.0
    budget: float = 1.0  # false alarms in 1,000 lines, as the setting review_budget
    seed: int = 7


async def bench_review(bench: ReviewBench, paths: Paths, seen: dict[str, Measured], on_review: OnReview) -> None:
    """Fills `seen`, by expert, as it goes: whoever stops it has what was measured. A review begun in time is finished.

    `on_review` is told (expert, "mutations" or "commits", done, all).
    UsageError, UnknownExpert, NotInstalled, ModelRejected, EngineError.
    """
    catalogue, store = load_catalogue(paths), Store(paths.store)
    by_expert = reviewers(bench.folder, (bench.expert,) if bench.expert else (), catalogue, store)
    history: list[Fix] = []
    no_history = ""
    if bench.commits:
        try:
            history = list(islice(fixes(bench.folder), bench.commits))
        except UsageError as error:
            no_history = error.message
    share_s = bench.minutes * 60 / len(by_expert)
    async with open_engine(paths) as engine:
        for expert, files in by_expert.items():
            began_s = time.monotonic()
            scorer = await reading(engine, expert, catalogue, store)
            measured = seen[expert] = Measured(least_delta(catalogue.get(expert), bench.budget))
            measured.notes += [no_history] if no_history else []
            mine = [fix for fix in history if _serves(catalogue, expert, fix.before.language, files)]
            run = ReviewRun(scorer, measured, partial(on_review, expert))
            rng = random.Random(bench.seed)
            chosen = in_turn(files, rng)[: bench.limit_files]
            until_s = began_s + share_s * (1 - _COMMITS_SHARE if mine else 1)
            await run.mutations(chosen, bench.mutations, rng, until_s)
            await run.commits(mine, began_s + share_s)
            await engine.evict(expert)


def reviewers(folder: Path, experts: Sequence[str], catalogue: Catalogue, store: Store) -> dict[str, list[SourceFile]]:
    """For each expert the files of `folder` that it reviews."""
    installed = store.installed()

    def first(language: str) -> str | None:
        able = able_to_fill(chain(catalogue, language, installed), catalogue)
        return able[0].expert if able else None

    return files_by_expert(folder, files_to_review(folder), experts, catalogue, first)


async def reading(engine: Supervisor, expert: str, catalogue: Catalogue, store: Store) -> EngineScorer:
    """The expert, loaded."""
    report = await engine.load(installed_model(catalogue, store, expert).load(expert))
    return EngineScorer(engine, Reader(expert, report.n_ctx, choose(catalogue.get(expert).fim, report)))


def _serves(catalogue: Catalogue, expert: str, language: str, files: Iterable[SourceFile]) -> bool:
    known = catalogue.get(expert).languages
    return language in known or language in {file.language for file in files}
