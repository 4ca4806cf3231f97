"""`lsp-experts fit [DIR] [--review]`: fit the experts' gates, or the thresholds of their reviews, on the user's own
code, and keep them in the overlay registry.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.given import check_workspace
from lsp_experts.cli.progress import OnStep, step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

_ROWS = {"all": "none", "before": "before", "after": "now"}


def run(*, folder: Path, experts: Sequence[str], limit: int, review: bool, lines: int, as_json: bool) -> int:
    """Fit, write and print; 0, or 1 where no expert had answers enough, or lines to review."""
    check_workspace(folder)
    chosen = tuple(dict.fromkeys(experts))
    result = _reviews(folder, chosen, lines) if review else _gates(folder, chosen, limit)
    if as_json:
        print(json.dumps(result))
    else:
        _show(result, _say_review if review else _say_gate)
    return 0 if result["written"] else 1


def _reviews(folder: Path, experts: tuple[str, ...], lines: int) -> dict[str, Any]:
    from lsp_experts.lab.fit_review import LEAST_LINES, ReviewFit, fit_reviews

    if lines < LEAST_LINES:
        raise UsageError(f"--lines {lines} says too little.", remedy=f"Give a number from {LEAST_LINES}.")
    order = ReviewFit(folder, experts, lines)
    return _with_bar("reviewing", lambda on_step: fit_reviews(order, default_paths(), on_step))


def _gates(folder: Path, experts: tuple[str, ...], limit: int) -> dict[str, Any]:
    from lsp_experts.lab.fit_gate import GateFit, fit_gates
    from lsp_experts.lab.gate_fit import LEAST_ANSWERS

    if limit < LEAST_ANSWERS:
        raise UsageError(f"--limit {limit} says too little.", remedy=f"Give a number from {LEAST_ANSWERS}.")
    order = GateFit(folder, experts, limit)
    return _with_bar("completing", lambda on_step: fit_gates(order, default_paths(), on_step))


def _with_bar(what: str, work: Callable[[OnStep], Coroutine[Any, Any, dict[str, Any]]]) -> dict[str, Any]:
    with step_bar(what) as on_step:
        return asyncio.run(work(on_step))


def _show(result: dict[str, Any], say: Callable[[Console, str, dict[str, Any]], None]) -> None:
    console = Console()
    for expert, row in result["experts"].items():
        say(console, expert, row)
    if result["written"]:
        console.print(f"Written to {result['written']}; a server that starts from now on goes by it.", soft_wrap=True)


def _say_gate(console: Console, expert: str, row: dict[str, Any]) -> None:
    if row["gate"] is None:
        console.print(f"{expert}: nothing fitted. {row['note']}.", soft_wrap=True)
    else:
        console.print(_table(expert, row))


def _say_review(console: Console, expert: str, row: dict[str, Any]) -> None:
    if row["threshold"] is None:
        console.print(f"{expert}: nothing fitted. {row['note']}.", soft_wrap=True)
        return
    before, after = row["before"], row["after"]
    console.print(
        f"{expert}, {row['lines']} lines of {', '.join(row['languages'])}: findings from {row['threshold']:.2f} nats on"
        f" are shown, {after['alarms']} of these lines' ({before['alarms']} from {before['threshold']:.2f} on before)."
        f" {row['note'][0].upper()}{row['note'][1:]}.",
        soft_wrap=True,
    )


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
