"""`lsp-experts fit [DIR]`: fit the experts' gates on the user's own code, and keep them in the overlay registry."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

_ROWS = {"all": "none", "before": "before", "after": "now"}


def run(*, folder: Path, experts: Sequence[str], limit: int, as_json: bool) -> int:
    """Fit, write and print; 0, or 1 where no expert had answers enough."""
    from lsp_experts.lab.fit_gate import GateFit, fit_gates
    from lsp_experts.lab.gate_fit import LEAST_ANSWERS

    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", remedy="Give one with code of yours.")
    if limit < LEAST_ANSWERS:
        raise UsageError(f"--limit {limit} says too little.", remedy=f"Give a number from {LEAST_ANSWERS}.")
    order = GateFit(folder, tuple(dict.fromkeys(experts)), limit)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("completing", total=None)
        result = asyncio.run(
            fit_gates(
                order,
                default_paths(),
                lambda expert, done, total: progress.update(bar, description=expert, completed=done, total=total),
            )
        )
    if as_json:
        print(json.dumps(result))
    else:
        _show(result)
    return 0 if result["written"] else 1


def _show(result: dict[str, Any]) -> None:
    console = Console()
    for expert, row in result["experts"].items():
        if row["gate"] is None:
            console.print(f"{expert}: nothing fitted. {row['note']}.")
        else:
            console.print(_table(expert, row))
    if result["written"]:
        console.print(f"Written to {result['written']}; a server that starts from now on goes by it.", soft_wrap=True)


def _table(expert: str, row: dict[str, Any]) -> Table:
    title = (
        f"{expert}, {row['cases']} cases of {', '.join(row['languages'])}; 80% of draws {row['low']} to {row['high']}"
    )
    cost = row["wrong_cost_chars"]
    table = Table(title=title, caption=f"saved: characters in each case, less {cost} for each wrong suggestion shown")
    for heading in ("gate", "least probability", "shown of all", "right of these", "saved"):
        table.add_column(heading, justify="left" if heading == "gate" else "right")
    for name, words in _ROWS.items():
        figures = row[name]
        table.add_row(
            words,
            f"{figures['gate']:.2f}",
            f"{figures['shown']:.0%}",
            f"{figures['precision']:.0%}",
            f"{figures['saved_chars']:.2f}",
        )
    return table
