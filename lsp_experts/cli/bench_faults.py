"""`lsp-experts bench faults`: faults done on purpose, and a table of what was promised and what was seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lsp_experts.cli.given import names
from lsp_experts.cli.progress import step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

if TYPE_CHECKING:
    from lsp_experts.lab.faults.row import Row


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
        _print(rows)
    return 0 if all(row.ok for row in rows) else 1


def _print(rows: Sequence[Row]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "fault", "figure", "target", "measured"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        mark = Text("met", "green") if row.ok else Text("missed", "red")
        table.add_row(mark, *(Text(cell) for cell in (row.id, row.figure, row.target, row.measured)))
    Console(highlight=False).print(table)
