"""`lsp-experts fit`: how sure must each expert be here? Asked at held-out places of the user's own code, with the
product's own prompts, stop rules and filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import filter_text
from lsp_experts.completion.gate import Gates
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.templates import FimTemplate, choose
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.answering import files_by_expert
from lsp_experts.lab.case_request import PATIENT, case_request
from lsp_experts.lab.gate_cases import GateCase, gate_cases
from lsp_experts.lab.gate_fit import LEAST_ANSWERS, WRONG_COST_CHARS, Judged, figures, fit
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.lab.replay_cases import source_files
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.overlay import set_value
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain
from lsp_experts.settings import Settings
from lsp_experts.syntax.tree import SyntaxTree

OnCase = Callable[[str, int, int], None]


@dataclass(frozen=True)
class GateFit:
    """What to fit. No `experts`: each that is the first to answer in a language of `folder`."""

    folder: Path
    experts: tuple[str, ...] = ()
    limit: int = 200  # cases for each expert


async def fit_gates(order: GateFit, paths: Paths, on_case: OnCase) -> dict[str, Any]:
    """{"experts": {ID: row}, "written": path or ""}; writes what was fitted into the user's overlay registry.

    A row: {"languages", "cases", "wrong_cost_chars", "gate", "low", "high", "all", "before", "after"}: the new gate
    with its interval, and the figures of none, the one in use and the new one. Where too few cases have an answer,
    nothing is fitted: "gate" is None and "note" says why. `on_case` is told (expert, done, all).
    UsageError, UnknownExpert, NotInstalled, ModelRejected, EngineError, RegistryError, StoreError.
    """
    catalogue, store = load_catalogue(paths), Store(paths.store)
    installed = store.installed()

    def first(language: str) -> str | None:
        candidates = chain(catalogue, language, installed).candidates
        return candidates[0].expert if candidates else None

    by_expert = files_by_expert(order.folder, source_files(order.folder), order.experts, catalogue, first)
    rows: dict[str, Any] = {}
    async with open_engine(paths) as engine:
        for expert, files in by_expert.items():
            cases = gate_cases(files, order.limit)
            judged: list[Judged] = []
            if len(cases) >= LEAST_ANSWERS:
                report = await engine.load(installed_model(catalogue, store, expert).load(expert))
                asker = _Asker(engine, expert, choose(catalogue.get(expert).fim, report))
                for number, case in enumerate(cases, start=1):
                    judged.append(await asker.judge(case))
                    on_case(expert, number, len(cases))
                await engine.evict(expert)
            rows[expert] = {
                "languages": sorted({file.language for file in files}),
                **_row(catalogue.get(expert), judged),
            }
            if rows[expert]["gate"] is not None:
                set_value(paths.overlay, "confidence", expert, rows[expert]["gate"])
    written = any(row["gate"] is not None for row in rows.values())
    return {"experts": rows, "written": str(paths.overlay) if written else ""}


class _Asker:
    """Asks one expert as the server would: a slow machine gets shorter prompts."""

    def __init__(self, engine: Supervisor, expert: str, template: FimTemplate | None) -> None:
        self._engine, self._expert, self._template = engine, expert, template
        self._pace = Pace()

    async def judge(self, asked: GateCase) -> Judged:
        case = asked.case
        settings = self._pace.fitted(self._expert, PATIENT)
        report = await self._engine.complete(case_request(self._expert, self._template, case, settings)).result()
        self._pace.observe(self._expert, report)
        tree = SyntaxTree(asked.language, case.text)
        filtered = filter_text(
            report.text, Cursor(case.text, case.offset), tree=tree, language=asked.language, settings=settings
        )
        probability = report.line_probabilities[0] if report.line_probabilities else report.joint_probability
        right = case.rest.startswith(filtered.text)
        return Judged(case.task, probability, len(filtered.text.strip()), right)


def _row(entry: Entry, judged: Sequence[Judged]) -> dict[str, Any]:
    answered = sum(each.chars > 0 for each in judged)
    fitted = fit(judged)
    if fitted is None:
        note = f"{answered} answers, {LEAST_ANSWERS} are needed: raise --limit, or give a folder with more of its code"
        return {"cases": len(judged), "gate": None, "note": note}
    before = Gates().least(entry, Settings(), manual=False)
    gates = {"all": 0.0, "before": before, "after": fitted.gate}
    return {
        "cases": len(judged),
        "wrong_cost_chars": WRONG_COST_CHARS,
        **asdict(fitted),
        **{name: asdict(figures(judged, gate)) for name, gate in gates.items()},
    }
