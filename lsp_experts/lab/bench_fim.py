"""`lsp-experts bench fim`: does anchoring with healing complete better than the usual prompt?

Both prompts go through the product's own prompt, stop and filter code and the real engine, in one run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_experts.completion.anchor import place, prompt_text, usual
from lsp_experts.completion.document import Cursor
from lsp_experts.completion.filters import filter_text
from lsp_experts.completion.stop_rules import stop_for
from lsp_experts.completion.templates import segments
from lsp_experts.engine.protocol import Complete
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
    anchor_lines: int = Settings().anchor_lines
    limit: int = 128
    fim: str = "auto"


async def bench_fim(bench: FimBench, paths: Paths, on_case: Callable[[int, int], None]) -> dict[str, Any]:
    """{"cases", "anchored": {"exact_match", "pass_rate"}, "usual": {...}}: shares of the cases, greedy decoding.

    `on_case` is told (done, all). UsageError for data that is not the benchmark, EngineError for a bad model.
    """
    cases = load_cases(bench.data, bench.cursor, bench.limit)
    settings = Settings(anchor_lines=bench.anchor_lines, time_limit_ms=60_000)
    styles = {"anchored": settings, "usual": replace(settings, prompt_style="usual")}
    matched = dict.fromkeys(styles, 0)
    passed = dict.fromkeys(styles, 0)
    async with open_expert(paths, bench.model, fim=bench.fim) as expert:
        for number, case in enumerate(cases, start=1):
            for style, chosen in styles.items():
                text = await _complete(expert, case, chosen)
                exact = text == case.rest.rstrip()
                matched[style] += exact
                passed[style] += exact or await passes(case, text)
            on_case(number, len(cases))
        template = expert.template.name if expert.template else "none"
    return {
        "cases": len(cases),
        "cursor": bench.cursor,
        "anchor_lines": bench.anchor_lines,
        "template": template,
        **{
            style: {
                "exact_match": round(matched[style] / max(1, len(cases)), 4),
                "pass_rate": round(passed[style] / max(1, len(cases)), 4),
            }
            for style in styles
        },
    }


async def _complete(expert: OpenExpert, case: Case, settings: Settings) -> str:
    anchored = settings.prompt_style == "anchored"
    anchor = (place if anchored else usual)(case.text, case.offset, settings)
    prompt = prompt_text(anchor, case.text, case.offset)
    cursor = Cursor(case.text, case.offset)
    request = Complete(
        expert=expert.name,
        segments=segments(expert.template, prompt.head, prompt.suffix, prompt.tail),
        heal=anchored,
        # The hidden line is one line, wherever the cursor stands in it.
        stop=replace(stop_for(cursor, expert.template, settings), max_lines=1, dedent_below=0),
    )
    report = await expert.engine.complete(request).result()
    return filter_text(report.text, cursor).text
