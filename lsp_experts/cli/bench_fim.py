"""`lsp-experts bench fim`: exact match and pass rate on HumanEval-Infilling, anchored and usual, in one run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.progress import step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.settings import Settings


def run(
    *,
    data: Path,
    cursor: str,
    anchor_lines: Sequence[int],
    limit: int,
    expert: str,
    derive: Literal["", "multi", "span"],
    as_json: bool,
) -> int:
    """Run the bench and print it; 0."""
    from lsp_experts.lab.bench_fim import FimBench, bench_fim
    from lsp_experts.lab.humaneval import Where
    from lsp_experts.lab.which_model import which_model

    if limit < 1:
        raise UsageError(f"--limit {limit} leaves nothing to measure.", remedy="Give a number from 1.")
    paths = default_paths()
    model, fim = which_model(expert, paths)
    lines = tuple(dict.fromkeys(anchor_lines)) or (Settings().anchor_lines,)
    if min(lines) < 0:
        raise UsageError(f"--anchor-lines {min(lines)} is below the cursor.", remedy="Give numbers from 0.")
    where: Where = "mid" if cursor == get_args(Where)[0] else "start"
    bench = FimBench(model=model, data=data, cursor=where, anchor_lines=lines, limit=limit, fim=fim, derive=derive)
    with step_bar("completing") as on_step:
        result = asyncio.run(bench_fim(bench, paths, partial(on_step, "completing")))
    result = {"expert": expert, **result}
    if as_json:
        print(json.dumps(result))
        return 0
    kinds = ", ".join(f"{count} {kind}" for kind, count in result["kinds"].items())
    source = f" derived as {derive}, not the published set" if derive else ""
    table = Table(title=f"HumanEval-Infilling, {kinds}{source}, {expert}, template {result['template']}, greedy")
    for heading in ("prompt", "exact match", "pass rate", "edit similarity"):
        table.add_column(heading, justify="left" if heading == "prompt" else "right")
    rows = {f"anchored {number} lines above, healed": row for number, row in result["by_anchor_lines"].items()}
    for name, row in {**rows, "usual": result["usual"]}.items():
        table.add_row(name, f"{row['exact_match']:.3f}", f"{row['pass_rate']:.3f}", f"{row['edit_similarity']:.3f}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"what the programs were held by: {', '.join(result['protections'])}")
    return 0
