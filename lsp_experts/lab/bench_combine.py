"""`lsp-experts bench combine`: do two experts together complete better than either alone?

Same cases, prompts, stops and filters for all, one run. `rank` orders the two answers as the server does; `ensemble`
needs experts with one vocabulary, and is left out with the engine's reason where they have not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_experts.completion.answer import Suggestion
from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import filter_text
from lsp_experts.completion.ranking import Ranked, mean_log_probability, ranked
from lsp_experts.completion.templates import FimTemplate, choose
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.errors import EngineError, UsageError
from lsp_experts.lab.case_request import case_request
from lsp_experts.lab.humaneval import Case, load_cases, passes
from lsp_experts.lab.open_engine import installed_model, open_engine
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store


@dataclass(frozen=True)
class _Answer:
    text: str
    score: float  # mean log-probability per character
    ms: float


@dataclass
class _Row:
    """What one way of answering got right, and how long it took."""

    matched: int = 0
    passed: int = 0
    times_ms: list[float] = field(default_factory=list)

    async def count(self, case: Case, answer: _Answer) -> None:
        exact = answer.text == case.rest.rstrip()
        self.matched += exact
        self.passed += exact or await passes(case, answer.text)
        self.times_ms.append(answer.ms)

    def figures(self) -> dict[str, float]:
        cases = len(self.times_ms)
        return {
            "exact_match": round(self.matched / cases, 4),
            "pass_rate": round(self.passed / cases, 4),
            "mean_ms": round(sum(self.times_ms) / cases, 1),
        }


async def bench_combine(
    data: Path, experts: tuple[str, str], limit: int, paths: Paths, on_case: Callable[[int, int], None]
) -> dict[str, Any]:
    """{"cases", "experts": {id: figures}, "rank": figures, "ensemble": figures or None, "note"}.

    `on_case` is told (done, all). UsageError for data that is not the benchmark, NotInstalled, EngineError.
    """
    cases = load_cases(data, "mid", limit)
    if not cases:
        raise UsageError(f"{data} has no line of 8 characters in {limit} cases.", remedy="Raise --limit.")
    catalogue, store = load_catalogue(paths), Store(paths.store)
    rows = {name: _Row() for name in (*experts, "rank", "ensemble")}
    note = ""
    async with open_engine(paths) as engine:
        templates: dict[str, FimTemplate | None] = {}
        for expert in experts:
            report = await engine.load(installed_model(catalogue, store, expert).load(expert))
            templates[expert] = choose(catalogue.get(expert).fim, report)
        for number, case in enumerate(cases, start=1):
            alone = {expert: await _answer(engine, expert, templates, case) for expert in experts}
            for expert, answer in alone.items():
                await rows[expert].count(case, answer)
            await rows["rank"].count(case, _ranked(alone))
            if not note:
                try:
                    await rows["ensemble"].count(case, await _answer(engine, experts[0], templates, case, experts[1]))
                except EngineError as error:
                    if error.code != "bad_request":
                        raise
                    note = error.message
            on_case(number, len(cases))
    return {
        "cases": len(cases),
        "experts": {expert: rows[expert].figures() for expert in experts},
        "rank": rows["rank"].figures(),
        "ensemble": None if note else rows["ensemble"].figures(),
        "note": note,
    }


def _ranked(answers: Mapping[str, _Answer]) -> _Answer:
    """What the server would show first; it takes what both took, since they compute one after the other."""
    ms = sum(answer.ms for answer in answers.values())
    said = [
        Ranked(Suggestion(answer.text, 0, expert, ""), answer.score)
        for expert, answer in answers.items()
        if answer.text
    ]
    return _Answer(ranked(said, tuple(answers)).text if said else "", 0.0, ms)


async def _answer(
    engine: Supervisor, expert: str, templates: Mapping[str, FimTemplate | None], case: Case, partner: str = ""
) -> _Answer:
    request = case_request(expert, templates[expert], case, partners=(partner,) if partner else ())
    started = time.monotonic()
    report = await engine.complete(request).result()
    ms = (time.monotonic() - started) * 1000
    score = mean_log_probability(report.joint_probability, len(report.text))
    return _Answer(filter_text(report.text, Cursor(case.text, case.offset)).text, score, ms)
