"""`lsp-experts bench fim`: does anchoring with healing complete better than the usual prompt?

Single lines, blocks of lines and random spans of HumanEval-Infilling, and files of that shape. Both prompts go through
the product's own prompt, stop and filter code and the real engine, in one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import Filtered, filter_text, whole_lines
from lsp_experts.errors import UsageError
from lsp_experts.lab.case_request import PATIENT, case_request
from lsp_experts.lab.humaneval import Case, Derive, Where, load_cases, passes
from lsp_experts.lab.open_engine import OpenExpert, open_expert
from lsp_experts.lab.sandbox import protections
from lsp_experts.lab.similarity import edit_similarity
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
    derive: Derive = ""


@dataclass
class _Score:
    """What one prompt got right so far."""

    matched: int = 0
    passed: int = 0
    similarity: float = 0.0

    async def count(self, case: Case, answer: Filtered) -> None:
        exact = case.is_exact(answer.text, answer.replace_right)
        self.matched += exact
        self.passed += exact or await passes(case, answer.text, answer.replace_right)
        self.similarity += edit_similarity(answer.text, case.rest.rstrip())

    def shares(self, cases: int) -> dict[str, float]:
        return {
            "exact_match": round(self.matched / cases, 4),
            "pass_rate": round(self.passed / cases, 4),
            "edit_similarity": round(self.similarity / cases, 4),
        }


async def bench_fim(bench: FimBench, paths: Paths, on_case: Callable[[int, int], None]) -> dict[str, Any]:
    """{"cases", "kinds", "anchored": {"exact_match", "pass_rate", "edit_similarity"}, "usual": {...}}: greedy decoding.

    Shares of the cases; edit similarity is 1 - Levenshtein / length, the mean. `anchored` is the first of
    `anchor_lines`, `by_anchor_lines` has them all. `protections`: what held the programs that were run. `on_case` is
    told (done, all).
    UsageError for data that is not the benchmark, EngineError for a bad model.
    """
    cases = load_cases(bench.data, bench.cursor, bench.limit, derive=bench.derive)
    if not cases:
        raise UsageError(f"{bench.data} has nothing to fill in in {bench.limit} cases.", remedy="Raise --limit.")
    styles = {str(lines): replace(PATIENT, anchor_lines=lines) for lines in bench.anchor_lines}
    styles["usual"] = replace(PATIENT, prompt_style="usual")
    scores = {name: _Score() for name in styles}
    async with open_expert(paths, bench.model, fim=bench.fim) as expert:
        for number, case in enumerate(cases, start=1):
            for name, settings in styles.items():
                await scores[name].count(case, await _complete(expert, case, settings))
            on_case(number, len(cases))
        template = expert.template.name if expert.template else "none"
    shares = {name: score.shares(len(cases)) for name, score in scores.items()}
    return {
        "cases": len(cases),
        "kinds": dict(Counter(case.kind for case in cases)),
        "derived": bench.derive,
        "cursor": bench.cursor,
        "template": template,
        "anchor_lines": bench.anchor_lines[0],
        "anchored": shares[str(bench.anchor_lines[0])],
        "usual": shares["usual"],
        "by_anchor_lines": {str(lines): shares[str(lines)] for lines in bench.anchor_lines},
        "protections": await protections(),
    }


async def _complete(expert: OpenExpert, case: Case, settings: Settings) -> Filtered:
    request = case_request(expert.name, expert.template, case, settings)
    report = await expert.engine.complete(request).result()
    text = report.text if case.kind == "single" else whole_lines(report)
    return filter_text(text, Cursor(case.text, case.offset))
