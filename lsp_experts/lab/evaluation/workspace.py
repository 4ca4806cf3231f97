"""Evaluates the experts of a workspace on its own code: which of them, in which languages, at which cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_experts.errors import UsageError
from lsp_experts.lab.case_request import PATIENT
from lsp_experts.lab.evaluation.changed_lines import changed_lines, split_commit
from lsp_experts.lab.evaluation.contestants import installed_entrant
from lsp_experts.lab.evaluation.eval_cases import eval_cases
from lsp_experts.lab.evaluation.evaluate import EvalOrder, OnStep, evaluate
from lsp_experts.lab.evaluation.journal import journal_for
from lsp_experts.lab.evaluation.records import Evaluation
from lsp_experts.lab.git_history import commit_of
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.replay_cases import Case, source_files
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import NONE, chain


@dataclass(frozen=True)
class WorkspaceEval:
    """What to evaluate. No `experts`: in each language those that serve it and the bases to compare them with.

    `limit`: cases for each language. `minutes` None: all of them. `since`: only lines that were written after this
    commit, "" for all; None: after one that leaves enough of them, and all where there is none. `fresh`: what an
    earlier, stopped evaluation measured is measured again.
    """

    folder: Path
    experts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    limit: int = 120
    minutes: float | None = None
    since: str | None = None
    seed: int = 7
    fresh: bool = False


async def evaluate_workspace(order: WorkspaceEval, paths: Paths, on_step: OnStep) -> tuple[Evaluation, ...]:
    """One evaluation for each set of experts; a language is in one of them. `on_step`: as of evaluate(), over all.

    UsageError where there is nothing to evaluate; UnknownExpert, NotInstalled, ModelRejected, EngineError, StoreError.
    """
    catalogue, store = load_catalogue(paths), Store(paths.store)
    cases, since = _cases(order)
    fields = _fields(order, cases, catalogue, store)
    answers = sum(len(experts) * len(asked) for experts, asked in fields.items())
    found: list[Evaluation] = []
    before, minutes_left = 0, order.minutes
    async with open_engine(paths) as engine:
        for number, (experts, asked) in enumerate(fields.items()):
            entrants = [installed_entrant(catalogue, store, expert) for expert in experts]
            journal = journal_for(paths, entrants, PATIENT, asked, fresh=order.fresh)

            def step(name: str, done: int, of: int, before: int = before) -> None:
                on_step(name, before + done, answers)

            minutes = None if minutes_left is None else minutes_left / (len(fields) - number)
            found.append(await evaluate(EvalOrder(asked, minutes, since=since), entrants, engine, journal, step))
            minutes_left = None if minutes_left is None or minutes is None else minutes_left - minutes
            before += len(experts) * len(asked)
    return tuple(found)


def field_of(catalogue: Catalogue, language: str, installed: Mapping[str, object]) -> tuple[str, ...]:
    """Whom to compare in a language: the experts for it (else those of the nearest language), their bases, and the
    first general one. A preference that was measured before changes nothing.
    """
    candidates = chain(replace(catalogue, preferred={}), language, installed.keys(), interpreter=NONE).candidates
    special = [each for each in candidates if each.reason != "general"]
    own = [each.expert for each in special if each.reason == special[0].reason]
    bases = [base for expert in own if (base := catalogue.get(expert).base) is not None and base in installed]
    general = [each.expert for each in candidates if each.reason == "general"]
    return tuple(dict.fromkeys((*own, *bases, *general[:1])))


def _cases(order: WorkspaceEval) -> tuple[tuple[Case, ...], str]:
    """The cases, and the commit after which their lines were written."""
    folder = order.folder.resolve()
    files = source_files(folder)
    since = split_commit(folder) if order.since is None else order.since and commit_of(folder, order.since)
    only = changed_lines(folder, since) if since else None
    cases = eval_cases(files, order.limit, order.seed, order.languages, only)
    if not cases and order.since is None:
        cases, since = eval_cases(files, order.limit, order.seed, order.languages), ""
    if not cases:
        after = f" written after {since}" if since else ""
        languages = f" of {', '.join(order.languages)}" if order.languages else ""
        raise UsageError(
            f"{order.folder} has no lines of code{languages}{after} to hold out.",
            remedy="Give a folder with code of yours, or other languages.",
        )
    return cases, since


def _fields(
    order: WorkspaceEval, cases: Sequence[Case], catalogue: Catalogue, store: Store
) -> dict[tuple[str, ...], tuple[Case, ...]]:
    """Cases by the experts that are asked."""
    if order.experts:
        return {order.experts: tuple(cases)}
    installed = store.installed()
    by_language = {case.language: field_of(catalogue, case.language, installed) for case in cases}
    found: dict[tuple[str, ...], tuple[Case, ...]] = {}
    for case in cases:
        if experts := by_language[case.language]:
            found[experts] = (*found.get(experts, ()), case)
    if not found:
        raise UsageError(
            f"{order.folder} has no code that an installed expert serves.",
            remedy="`lsp-experts experts --installed` lists them.",
        )
    return found
