"""`lsp-experts bench review [DIR]`: what a review finds of known slips, and how often it is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

_CAVEAT = """\
Self-made mutations come from the same table as a review's alternatives: what it finds of them is an upper bound.
Precision holds for as many slips in as many lines as there are here; real code has far fewer. What is found in code as
its writer left it counts as a false alarm, though some of it may be a slip. A stretch of 50 lines is reviewed, not its
whole file. Thresholds of a rate are chosen on the very lines that their alarms are counted in."""


def run(
    *,
    folder: Path,
    expert: str,
    mutations: int,
    commits: int,
    limit_files: int,
    minutes: float,
    budget: float,
    as_json: bool,
) -> int:
    """Run the bench and print it, also what there is when it is interrupted; 0, or 130 then."""
    from lsp_experts.lab.bench_review import ReviewBench, bench_review
    from lsp_experts.lab.review_report import report
    from lsp_experts.lab.review_run import Measured

    if min(mutations, limit_files) < 1 or commits < 0 or minutes <= 0 or budget <= 0:
        raise UsageError(
            "There is nothing to measure.",
            remedy="Give at least one mutation, one file, and more than 0 minutes and false alarms.",
        )
    bench = ReviewBench(folder, expert, mutations, commits, limit_files, minutes, budget)
    seen: dict[str, Measured] = {}
    stopped = False
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def on_review(expert: str, kind: str, done: int, of: int) -> None:
            name = f"{expert}, {kind}"
            if name not in bars:
                bars[name] = progress.add_task(name, total=of)
            progress.update(bars[name], completed=done)

        try:
            asyncio.run(bench_review(bench, default_paths(), seen, on_review))
        except KeyboardInterrupt:
            stopped = True
    result = report(bench, seen, stopped=stopped)
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 130 if stopped else 0


def _print(result: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    for expert, part in result["experts"].items():
        clean = part["clean"]
        console.print(_rows(expert, part))
        console.print(_parts(part))
        if part["commits"]:
            console.print(_commits(part["commits"]))
        if clean["lines"]:
            console.print(
                f"{expert}: {clean['lines']} lines without a slip; a review took"
                f" {clean['seconds_per_1000_lines']:.0f} s and {clean['tokens_per_1000_lines']:.0f} tokens"
                " for 1,000 lines"
            )
        for note in part["notes"]:
            console.print(f"{expert}: {note}", soft_wrap=True)
    console.print(_CAVEAT)
    if result["stopped"]:
        console.print("It was stopped: this is what there was so far.")


def _rows(expert: str, part: Mapping[str, Any]) -> Table:
    table = _table(
        f"{expert}: self-made mutations, by false alarms allowed",
        ("allowed", "threshold", "found", "recall", "undone", "false alarms", "in 1,000 lines", "precision"),
    )
    for name, row in part["rows"].items():
        table.add_row(
            name,
            f"{row['threshold']:.2f}",
            f"{row['hits']} of {row['slips']}",
            _share(row["recall"]),
            str(row["repaired"]),
            f"{row['alarms']} in {row['clean_lines']} lines",
            _number(row["alarms_per_1000_lines"]),
            _share(row["precision"]),
        )
    return table


def _parts(part: Mapping[str, Any]) -> Table:
    table = _table("by kind and language", ("of", "mutations", "likelier at all", *part["rows"]))
    for name, row in (*part["kinds"].items(), *part["languages"].items()):
        table.add_row(name, str(row["slips"]), str(row["found"]), *map(str, row["hits"].values()))
    return table


def _commits(commits: Mapping[str, Any]) -> Table:
    table = _table(
        "commits that fix a bug: the version before them",
        ("allowed", "threshold", "lines fixed", "recall", "same text", "beside them", "precision"),
    )
    for name, row in commits.items():
        table.add_row(
            name,
            f"{row['threshold']:.2f}",
            f"{row['hits']} of {row['fixes']}",
            _share(row["recall"]),
            str(row["fixed_text"]),
            f"{row['alarms']} in {row['lines']} lines",
            _share(row["precision"]),
        )
    return table


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def _share(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.0%}"


def _number(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1f}"
