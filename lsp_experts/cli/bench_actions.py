"""`lsp-experts bench actions`: what code actions are worth on HumanEval's functions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lsp_experts.cli.progress import step_bar
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

_CAVEAT = """\
proposed: the action found an answer that passed its own checks. passed: run with the program's own tests, it ended
well (a written test: right with the right function, and wrong with one that has a slip). exact: letter for letter the
type that was there; another may be as good. Problems are slips of one letter or bracket. The functions are short and
well known; yours may be neither."""


def run(*, data: Path, limit: int, expert: str, as_json: bool) -> int:
    """Run the bench and print it, also what there is when it is interrupted; 0, or 130 then."""
    from lsp_experts.lab.bench_actions import ActionsBench, Tried, bench_actions, report
    from lsp_experts.lab.sandbox import protections

    if limit < 1:
        raise UsageError(f"--limit {limit} leaves nothing to measure.", remedy="Give a number from 1.")
    seen: list[Tried] = []
    stopped = False
    with step_bar("actions") as on_action:
        try:
            asyncio.run(bench_actions(ActionsBench(data, limit, expert), default_paths(), seen, on_action))
        except KeyboardInterrupt:
            stopped = True
    rows = report(seen)
    held_by = asyncio.run(protections())
    if as_json:
        print(json.dumps({"programs": limit, "stopped": stopped, "actions": rows, "protections": held_by}))
    else:
        _print(rows, held_by, stopped=stopped)
    return 130 if stopped else 0


def _print(rows: Sequence[Mapping[str, Any]], held_by: Sequence[str], *, stopped: bool) -> None:
    console = Console(highlight=False)
    table = Table(title="code actions at functions of HumanEval")
    for number, heading in enumerate(("action", "expert", "proposed", "judged of these", "median s", "refused")):
        table.add_column(heading, justify="right" if number in (2, 4) else "left")
    for row in rows:
        table.add_row(
            row["action"],
            row["expert"],
            f"{row['proposed']} of {row['asked']}",
            "\n".join(f"{name}: {right} of {of}" for name, (right, of) in row["marks"].items()) or "-",
            f"{row['ms_median'] / 1000:.1f}",
            "\n".join(f"{count} x {why}" for why, count in row["refused"].items()) or "-",
        )
    console.print(table)
    console.print(_CAVEAT)
    console.print(f"what the programs were held by: {', '.join(held_by)}")
    if stopped:
        console.print("It was stopped: this is what there was so far.")
