"""`lsp-experts bench replay`: what completions are worth to somebody who types, by feature, and beside a peer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths

# (heading, figure, digits)
_WORTH = (
    ("cases", "cases", 0),
    ("exact line", "exact_line", 3),
    ("prefix chars", "prefix_chars", 1),
    ("similarity", "edit_similarity", 3),
    ("shown %", "shown_pct", 1),
    ("precision", "precision", 3),
    ("saved/100", "chars_saved_per_100", 1),
)
_COST = (
    ("calls/key", "model_calls_per_keystroke", 2),
    ("prompt tokens/key", "prompt_tokens_per_keystroke", 1),
    ("prompt tokens/call", "prompt_tokens_per_call", 1),
    ("tokens/key", "decoded_tokens_per_keystroke", 1),
    ("p50 ms", "first_suggestion_ms_p50", 0),
    ("p95 ms", "first_suggestion_ms_p95", 0),
)


def run(
    *,
    folder: Path,
    limit: int,
    languages: Sequence[str],
    features: Sequence[str],
    peer: bool,
    cadence: float,
    seed: int,
    as_json: bool,
) -> int:
    """Run the bench and print it; 0."""
    from lsp_experts.lab.bench_replay import ReplayBench, bench_replay, cases_of, expected_s

    if limit < 1 or not 1 <= cadence <= 10_000:
        raise UsageError(
            f"--limit {limit} --cadence {cadence:g} cannot be typed.",
            remedy="Give at least one case, and 1 to 10000 milliseconds.",
        )
    chosen = _chosen(features)
    bench = ReplayBench(folder.absolute(), limit, tuple(languages), chosen, peer, cadence, seed)
    paths = default_paths()
    cases = cases_of(bench, paths)
    console = Console(stderr=True)
    minutes = max(1, round(expected_s(bench, cases) / 60))
    console.print(f"{len(cases)} cases, {len(chosen)} rows without a feature: about {minutes} minutes at most")
    with Progress(console=console, transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def on_case(row: str, done: int, of: int) -> None:
            if row not in bars:
                bars[row] = progress.add_task(row, total=of)
            progress.update(bars[row], completed=done)

        result = asyncio.run(bench_replay(bench, cases, paths, on_case))
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def _chosen(features: Sequence[str]) -> tuple[str, ...]:
    from lsp_experts.lab.bench_replay import FEATURES

    wanted = tuple(dict.fromkeys(features)) or tuple(FEATURES)
    if wanted == ("none",):
        return ()
    unknown = [name for name in wanted if name not in FEATURES]
    if unknown:
        raise UsageError(
            f"There is no feature {', '.join(unknown)}.", remedy=f"Give none, or some of {', '.join(FEATURES)}."
        )
    return wanted


def _print(result: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    rows = {
        **result["languages"],
        "all": result["all"],
        **{f"without {feature}": row for feature, row in result["without"].items()},
    }
    if result["peer"]:
        rows["llama.vim"] = result["peer"]
    console.print(_table(f"typing at {result['cadence_ms']:g} ms a key: what it is worth", rows, _WORTH))
    console.print(_table("and what it costs", rows, _COST))
    if result["ratios"]:
        told = ", ".join(
            f"{name.replace('_', ' ')} {'-' if ratio is None else f'{ratio:g} x'}"
            for name, ratio in result["ratios"].items()
        )
        console.print(f"better than the peer by: {told}")
    for note in result["notes"]:
        console.print(note)


def _table(title: str, rows: Mapping[str, Mapping[str, Any]], columns: Sequence[tuple[str, str, int]]) -> Table:
    table = Table(title=title)
    table.add_column("row", no_wrap=True)
    for heading, _, _ in columns:
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[key]:.{digits}f}" for _, key, digits in columns))
    return table
