"""`lsp-experts bench fim`: does anchoring with healing complete better than the usual prompt?

Both prompts go through the product's own prompt, stop and filter code and the real engine, in one run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import filter_text
from lsp_experts.errors import UsageError
from lsp_experts.lab.case_request import PATIENT, case_request
from lsp_experts.lab.humaneval import Case, Where, load_cases, passes
from lsp_experts.lab.open_engine import OpenExpert, open_expert
from lsp_experts.paths import Paths
from lsp_experts.settings import Settings


@dataclass(frozen=True)
class FimBench:
    """What to measure."""

    model: Path
    data: Path
    cursor: Where = "mid"
    anchor_lines: tuple[int, ...] = (Settings().anchor_lines,)
    limit: int = 128
    fim: str = "auto"


@dataclass
class _Score:
    """What one prompt got right so far."""

    matched: int = 0
    passed: int = 0

    def shares(self, cases: int) -> dict[str, float]:
        return {"exact_match": round(self.matched / cases, 4), "pass_rate": round(self.passed / cases, 4)}


async def bench_fim(bench: FimBench, paths: Paths, on_case: Callable[[int, int], None]) -> dict[str, Any]:
    """{"cases", "anchored": {"exact_match", "pass_rate"}, "usual": {...}}: shares of the cases, greedy decoding.

    `anchored` is the first of `anchor_lines`, `by_anchor_lines` has them all. `on_case` is told (done, all).
    UsageError for data that is not the benchmark, EngineError for a bad model.
    """
    cases = load_cases(bench.data, bench.cursor, bench.limit)
    if not cases:
        raise UsageError(f"{bench.data} has no line of 8 characters in {bench.limit} cases.", remedy="Raise --limit.")
    styles = {str(lines): replace(PATIENT, anchor_lines=lines) for lines in bench.anchor_lines}
    styles["usual"] = replace(PATIENT, prompt_style="usual")
    scores = {name: _Score() for name in styles}
    async with open_expert(paths, bench.model, fim=bench.fim) as expert:
        for number, case in enumerate(cases, start=1):
            for name, settings in styles.items():
                text = await _complete(expert, case, settings)
                exact = text == case.rest.rstrip()
                scores[name].matched += exact
                scores[name].passed += exact or await passes(case, text)
            on_case(number, len(cases))
        template = expert.template.name if expert.template else "none"
    shares = {name: score.shares(len(cases)) for name, score in scores.items()}
    return {
        "cases": len(cases),
        "cursor": bench.cursor,
        "template": template,
        "anchor_lines": bench.anchor_lines[0],
        "anchored": shares[str(bench.anchor_lines[0])],
        "usual": shares["usual"],
        "by_anchor_lines": {str(lines): shares[str(lines)] for lines in bench.anchor_lines},
    }


async def _complete(expert: OpenExpert, case: Case, settings: Settings) -> str:
    request = case_request(expert.name, expert.template, case, settings)
    report = await expert.engine.complete(request).result()
    return filter_text(report.text, Cursor(case.text, case.offset)).text
