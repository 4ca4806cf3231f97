"""`lsp-experts bench faults`: faults done on purpose, and a table of what was promised and what was seen."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from rich.console import Console

from lsp_experts.cli.given import names
from lsp_experts.cli.progress import step_bar
from lsp_experts.cli.row_table import row_table
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths


def run(*, only: str, scale: float, model: str, seed: int, as_json: bool) -> int:
    """Run the drills and print their rows; 0 if all targets are met, else 1."""
    from lsp_experts.lab.bench_faults import bench_faults
    from lsp_experts.lab.which_model import which_model

    if not 0 < scale <= 1:
        raise UsageError(f"--scale {scale:g} is no share.", remedy="Give a number above 0, at most 1.")
    file = which_model(model, default_paths())[0] if model else None
    with step_bar("begins") as on_step:
        rows = asyncio.run(bench_faults(names(only), seed=seed, scale=scale, model=file, on_step=on_step))
    if as_json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}))
    else:
        Console(highlight=False).print(row_table(rows, "fault"))
    return 0 if all(row.ok for row in rows) else 1
