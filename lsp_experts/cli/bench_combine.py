"""`lsp-experts bench combine`: two experts alone, ranked and as an ensemble, on HumanEval-Infilling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.progress import step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths


def run(*, data: Path, experts: Sequence[str], limit: int, as_json: bool) -> int:
    """Run the bench and print it; 0."""
    from lsp_experts.lab.bench_combine import bench_combine

    if limit < 1:
        raise UsageError(f"--limit {limit} leaves nothing to measure.", remedy="Give a number from 1.")
    first, second = experts
    if first == second:
        raise UsageError(f"--experts names {first} twice.", remedy="Give two installed experts.")
    with step_bar("completing") as on_step:
        on_case = partial(on_step, "completing")
        result = asyncio.run(bench_combine(data, (first, second), limit, default_paths(), on_case))
    if as_json:
        print(json.dumps(result))
        return 0
    table = Table(title=f"HumanEval-Infilling, {result['cases']} cases, anchored, greedy")
    for heading in ("who answers", "exact match", "pass rate", "mean ms"):
        table.add_column(heading, justify="left" if heading == "who answers" else "right")
    for name, row in {**result["experts"], "rank": result["rank"], "ensemble": result["ensemble"]}.items():
        if row:
            table.add_row(name, f"{row['exact_match']:.3f}", f"{row['pass_rate']:.3f}", f"{row['mean_ms']:.0f}")
    console = Console()
    console.print(table)
    if result["note"]:
        console.print(f"no ensemble: {result['note']}")
    return 0
