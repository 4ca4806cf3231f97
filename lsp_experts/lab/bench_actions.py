"""`lsp-experts bench actions`: what code actions are worth on real functions, judged by running what comes of them.

The product's own actions over its own generator, pool and engine, at places in HumanEval programs.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_experts.actions.action import Job
from lsp_experts.actions.choosing import able_to_fill, able_to_follow
from lsp_experts.actions.generator import Generator
from lsp_experts.actions.outcome import Edited
from lsp_experts.completion.routes import Routes
from lsp_experts.errors import ActionRefused, EngineError, ExpertsError, UsageError
from lsp_experts.lab.action_case import ActionCase, Marks
from lsp_experts.lab.action_cases import body_case, docstring_case, problem_case, simplify_case, types_case
from lsp_experts.lab.action_tests import written_test_case
from lsp_experts.lab.action_translation import translation_case
from lsp_experts.lab.humaneval import Program, load_programs
from lsp_experts.lab.node_sandbox import node_command
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.paths import Paths
from lsp_experts.pool.pool import Pool
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.store import Store
from lsp_experts.settings import Settings

_LANGUAGE = "python"
_BUDGET_BYTES = 8 << 30  # so that nobody has to make room


@dataclass(frozen=True)
class ActionsBench:
    """What to measure. No `expert`: for each action the one that does it here."""

    data: Path
    limit: int = 8  # programs
    expert: str = ""
    seed: int = 7


@dataclass(frozen=True)
class Tried:
    """What came of one action at one place. `refused`: why nothing did, "" if it was proposed."""

    action: str
    expert: str
    ms: float
    refused: str
    marks: Marks = field(default_factory=dict)


async def bench_actions(
    bench: ActionsBench, paths: Paths, seen: list[Tried], on_action: Callable[[str, int, int], None]
) -> None:
    """Fills `seen` as it goes: whoever stops it has what was measured. `on_action` is told (action, done, all).

    UsageError for data that is not the benchmark, or no expert for it; UnknownExpert, NotInstalled.
    """
    programs = load_programs(bench.data, bench.limit)
    cases = list(_cases(programs, bench.seed))
    async with _open_generator(bench, paths) as (generator, expert_for):
        for number, case in enumerate(cases, start=1):
            on_action(case.action.name, number - 1, len(cases))
            expert = expert_for(case.action.need)
            if expert:
                seen.append(await _try(case, expert, generator))
        if not seen:
            raise UsageError("No installed expert does any of the actions.", remedy="`lsp-experts pull` one first.")


def report(seen: Sequence[Tried]) -> list[dict[str, Any]]:
    """Rows {"action", "expert", "asked", "proposed", "refused": {why: count}, "marks": {name: [right, of]},
    "ms_median"} in the order in which they came; "marks" are of what was proposed.
    """
    rows = []
    for action, expert in dict.fromkeys((each.action, each.expert) for each in seen):
        mine = [each for each in seen if (each.action, each.expert) == (action, expert)]
        marks: dict[str, list[int]] = {}
        for name, (right, of) in ((name, pair) for each in mine for name, pair in each.marks.items()):
            so_far = marks.setdefault(name, [0, 0])
            marks[name] = [so_far[0] + right, so_far[1] + of]
        rows.append(
            {
                "action": action,
                "expert": expert,
                "asked": len(mine),
                "proposed": sum(not each.refused for each in mine),
                "refused": dict(Counter(each.refused for each in mine if each.refused).most_common()),
                "marks": marks,
                "ms_median": round(statistics.median(each.ms for each in mine)),
            }
        )
    return rows


def _cases(programs: Sequence[Program], seed: int) -> Iterator[ActionCase]:
    """Of each program one case for each action, as far as it has a place for it."""
    rng, node = random.Random(seed), node_command()
    for program in programs:
        for case in (
            body_case(program),
            docstring_case(program),
            types_case(program),
            problem_case(program, rng),
            simplify_case(program),
            written_test_case(program, rng),
            translation_case(program, node),
        ):
            if case is not None:
                yield case


async def _try(case: ActionCase, expert: str, generator: Generator) -> Tried:
    name, began_s = case.action.name, time.monotonic()

    def tried(refused: str, marks: Marks) -> Tried:
        return Tried(name, expert, took_ms, refused, marks)

    offers = case.action.offers(case.place, case.files)
    took_ms = 0.0
    if not offers:
        return tried("it is not offered there", {})
    try:
        outcome = await case.action.run(Job(case.place, offers[0].data, case.files, generator, lambda _: None))
    except (ActionRefused, EngineError) as error:
        took_ms = (time.monotonic() - began_s) * 1000
        return tried(_why(error), {})
    took_ms = (time.monotonic() - began_s) * 1000
    if not isinstance(outcome, Edited):
        return tried("it told something", {})
    return tried("", await case.judge(case.files.changed(outcome.changes)))


def _why(error: ExpertsError) -> str:
    """The reason behind the names: "No body for f that is of any use: it does nothing." has a name of its own."""
    return error.message.rpartition(": ")[2].rstrip(".")


@asynccontextmanager
async def _open_generator(bench: ActionsBench, paths: Paths) -> AsyncIterator[tuple[Generator, Callable[[str], str]]]:
    """The product's generator over an engine of its own, and who does what needs "fim" or "instruct", "" if nobody."""
    catalogue, store = load_catalogue(paths), Store(paths.store)
    installed = _installed(bench.expert, catalogue, store)
    settings = Settings()
    async with open_engine(paths) as engine:
        pool = Pool(
            engine,
            budget_bytes=_BUDGET_BYTES,
            locate=lambda expert: installed_model(catalogue, store, expert),
            clock=time.monotonic,
            on_change=lambda: None,
        )
        routes = Routes(catalogue, lambda: installed, settings=lambda: settings, refused=lambda: ())
        able = {"fim": able_to_fill, "instruct": able_to_follow}

        def expert_for(need: str) -> str:
            candidates = able[need](routes.chain(_LANGUAGE), catalogue)
            return candidates[0].expert if candidates else ""

        try:
            yield Generator(routes, pool, engine, lambda: settings), expert_for
        finally:
            await pool.close()


def _installed(expert: str, catalogue: Catalogue, store: Store) -> dict[str, str]:
    installed = dict.fromkeys(store.installed(), "")
    if not expert:
        return installed
    entry = catalogue.get(expert)
    store.check(expert)
    return {name: "" for name in installed if name in (expert, entry.base)} if entry.kind == "adapter" else {expert: ""}
